"""How far a project is, who works on it, and when the open work will be done.

Reads and computes; writes nothing. Whoever may not see which records are gold gets the
team's counts of records in tens: a count that stood still after an answer would tell
that the answer was to a gold record. Answers of a day are counted whatever they were
asked for, for the same reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.core.cache import cache
from django.utils import timezone

from annotation.domain.forecast import DAYS, Forecast, forecast, minutes_needed
from annotation.domain.intervals import Figure
from annotation.domain.reviewer_habits import median_seconds
from annotation.domain.rounding import in_tens
from annotation.models import Claim, Project, Record, Review, Reviewer
from annotation.querysets.progress import (
    ProgressRecords,
    ProgressReviews,
    ProgressSeats,
)
from annotation.services import quality_facts
from annotation.services.keeping import LARGE, LARGE_KEPT_SECONDS, kept

SHOWN_DAYS = 30
DAYS_KEPT_SECONDS = 300
"""How long the counts of complete days are kept; today's are always counted anew."""
BEGAN_KEPT_SECONDS = 86_400

LABELED = (Record.State.OPEN, Record.State.CONTESTED, Record.State.SETTLED)
_SEED = 20


@dataclass
class Work:
    """What one person, or all together, did of late."""

    name: str
    reviewer_id: int | None = None
    per_day: list[int] = field(default_factory=lambda: [0] * SHOWN_DAYS)
    seconds_per_day: list[int] = field(default_factory=lambda: [0] * SHOWN_DAYS)
    counting_per_day: list[int] = field(default_factory=lambda: [0] * SHOWN_DAYS)
    seats: int = 0

    @property
    def today(self) -> int:
        return self.per_day[-1]

    @property
    def week(self) -> int:
        return sum(self.per_day[-7:])

    @property
    def month(self) -> int:
        return sum(self.per_day)

    @property
    def week_hours(self) -> float:
        """Active hours of the last seven days, today included."""
        return sum(self.seconds_per_day[-7:]) / 3600

    def add(self, other: Work) -> None:
        """Count another's work in."""
        for name in ("per_day", "seconds_per_day", "counting_per_day"):
            pairs = zip(getattr(self, name), getattr(other, name), strict=True)
            setattr(self, name, [one + more for one, more in pairs])
        self.seats += other.seats


@dataclass(frozen=True)
class Progress:
    """Everything the progress page shows; ``people`` are those that may be named."""

    states: dict[str, int]
    wanted: int
    given: int
    remaining: int
    is_rounded: bool
    days: list[date]
    people: list[Work]
    team: Work
    oldest: Record | None
    contested_since: datetime | None
    forecast: Forecast
    done_on: tuple[date, date, date | None] | None
    minutes: Figure
    pace: Figure

    @property
    def share_given(self) -> float:
        """Given of wanted answers; nothing wanted counts as done."""
        return self.given / self.wanted if self.wanted else 1.0


def may_see(user: Any, project: Project) -> bool:
    """Whoever labels in a project, or reads its reviews, may see its progress."""
    rights = ("annotation.add_review", "annotation.view_review")
    return any(user.has_perm(right, project) for right in rights)


def seen_by(*, user: Any, project: Project, now: datetime) -> Progress:
    """Return the progress of a project as this person may see it."""
    return progress_of(
        project=project,
        now=now,
        names_people=user.has_perm("annotation.view_review", project),
        knows_gold=user.has_perm("annotation.view_gold", project),
        own=Reviewer.objects.people().filter(user_id=user.pk).first(),
    )


def progress_of(
    *,
    project: Project,
    now: datetime,
    names_people: bool,
    knows_gold: bool,
    own: Reviewer | None,
) -> Progress:
    """Return the progress of a project as one person may see it."""
    counts = _counts(project, now)
    labels: ProgressReviews = ProgressReviews(Review).labels(
        Reviewer.objects.sources().values("pk")
    )
    states = {key: n for key, (n, _) in counts.items()}
    wanted = sum(counts.get(state, (0, 0))[1] for state in LABELED)
    of_open = counts.get(Record.State.OPEN, (0, 0))[1]
    remaining = max(0, of_open - _given(labels.of(project), project, of_open, now))
    if not knows_gold:
        states = {key: in_tens(n) for key, n in states.items()}
        wanted, remaining = in_tens(wanted), in_tens(remaining)
    days = _days(now)
    people = _people(project, labels.of_lately(project), days, now)
    team = Work("Team")
    for work in people.values():
        team.add(work)
    seconds = quality_facts.pace_of(project)
    ahead = _forecast(remaining, team, _first_day(project, days, team))
    return Progress(
        states=states,
        wanted=wanted,
        given=max(0, wanted - remaining),
        remaining=remaining,
        is_rounded=not knows_gold,
        days=days,
        people=_named(people, names_people, own),
        team=team,
        oldest=ProgressRecords(Record).oldest_open(project),
        contested_since=ProgressRecords(Record).contested_since(project),
        forecast=ahead,
        done_on=_dates(ahead, days[-1]),
        minutes=minutes_needed(remaining, seconds, np.random.default_rng(_SEED)),
        pace=median_seconds(seconds),
    )


def _counts(project: Project, now: datetime) -> dict[str, tuple[int, int]]:
    """By state: records, and answers that they want."""
    return kept(
        f"states.{project.pk}",
        lambda: ProgressRecords(Record).by_state(project),
        rows=lambda found: sum(n for n, _ in found.values()),
        now=now,
        many=LARGE,
        seconds=LARGE_KEPT_SECONDS,
    ).value


def _given(
    labels: ProgressReviews, project: Project, wanted: int, now: datetime
) -> int:
    """Answers that count, at records that are still open and want so many."""
    return kept(
        f"given.{project.pk}",
        labels.given_to_open,
        rows=lambda _: wanted,
        now=now,
        many=LARGE,
        seconds=LARGE_KEPT_SECONDS,
    ).value


def _days(now: datetime) -> list[date]:
    today = timezone.localdate(now)
    return [today - timedelta(days=n) for n in reversed(range(SHOWN_DAYS))]


def _people(
    project: Project, reviews: ProgressReviews, days: list[date], now: datetime
) -> dict[int, Work]:
    """The work of everybody who answered of late or holds a seat."""
    zone = timezone.get_current_timezone()
    starts = [datetime(day.year, day.month, day.day, tzinfo=zone) for day in days]
    rows = _complete_days(project, reviews, starts) + _today(reviews, starts)
    seats = ProgressSeats(Claim).held(project, now)
    names = _names({row["who"] for row in rows} | seats.keys())
    found: dict[int, Work] = {
        key: Work(name, key, seats=seats.get(key, 0)) for key, name in names.items()
    }
    for row in rows:
        work, day = found[row["who"]], row["day"]
        work.per_day[day] = row["n"]
        work.counting_per_day[day] = row["counting"]
        work.seconds_per_day[day] = row["seconds"] or 0
    return found


def _complete_days(
    project: Project, reviews: ProgressReviews, starts: list[datetime]
) -> list[dict[str, Any]]:
    """What came on the days before today, kept for a while: it hardly changes."""
    key = f"netft.progress.{project.pk}.{starts[-1]:%Y%m%d%z}"
    rows = cache.get(key)
    if rows is None:
        rows = reviews.before(starts[-1]).by_day(starts[:-1])
        cache.set(key, rows, DAYS_KEPT_SECONDS)
    return list(rows)


def _today(reviews: ProgressReviews, starts: list[datetime]) -> list[dict[str, Any]]:
    rows = reviews.by_day(starts[-1:])
    return [{**row, "day": len(starts) - 1} for row in rows]


def _names(keys: Iterable[int]) -> dict[int, str]:
    rows = Reviewer.objects.filter(pk__in=set(keys)).order_by("name")
    return dict(rows.values_list("pk", "name"))


def _named(
    people: dict[int, Work], names_people: bool, own: Reviewer | None
) -> list[Work]:
    """Everybody, for those who may know; otherwise oneself and the others as one."""
    if names_people:
        return list(people.values())
    if own is None:
        return []
    mine = people.get(own.pk) or Work(own.name, own.pk)
    rest = Work("the others")
    for key, work in people.items():
        if key != own.pk:
            rest.add(work)
    return [mine, rest]


def _first_day(project: Project, days: list[date], team: Work) -> int:
    """The place of the first day with a record or an answer; a day before has none.

    Days before there was anything to label say nothing of how fast it goes.
    """
    answered = next((i for i, n in enumerate(team.per_day) if n), len(days) - 1)
    began = _began(project)
    imported = len(days) - 1 if began is None else (began - days[0]).days
    return max(0, min(answered, imported))


def _began(project: Project) -> date | None:
    """The day of the first import; it hardly ever changes, so it is kept."""
    key = f"netft.progress.{project.pk}.began"
    found: datetime | None = cache.get(key)
    if found is None:
        found = ProgressRecords(Record).first_created(project)
        if found is not None:
            cache.set(key, found, BEGAN_KEPT_SECONDS)
    return found and timezone.localdate(found)


def _forecast(remaining: int, team: Work, first_day: int) -> Forecast:
    # Today is not over: it would look like a day of little work.
    begin = max(first_day, SHOWN_DAYS - 1 - DAYS)
    complete = team.counting_per_day[begin:-1]
    return forecast(remaining, complete, np.random.default_rng(_SEED))


def _dates(ahead: Forecast, today: date) -> tuple[date, date, date | None] | None:
    """When it is done: the middle, the earliest and the latest day."""
    if ahead.days is None or ahead.earliest is None:
        return None
    latest = None if ahead.latest is None else _after(today, ahead.latest)
    return _after(today, ahead.days), _after(today, ahead.earliest), latest


def _after(today: date, days: float) -> date:
    return today + timedelta(days=math.ceil(days))
