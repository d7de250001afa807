"""Why a reviewer's queue looks as it does, and when something comes.

The counts here are exact; the doors tell those of records in tens to whoever does not
read verdicts (`QueueState.told`, `Progress.told`). They stop at a thousand: "more than
1,000" is all that anybody needs to know, and counting a hundred thousand records would
make the page slow.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from annotation.domain.queue import ANYTHING, Wish
from annotation.domain.rounding import TEN, Told, told, told_briefly, told_in_words
from annotation.models import Claim, Project, Record, Review, Reviewer
from annotation.models.review import Purpose
from annotation.querysets.records import RecordQuerySet
from annotation.services.keeping import kept

COUNTED = 1000
TEAM_KEPT_SECONDS = 30
COARSE = (
    "servable",
    "unwished",
    "seated_elsewhere",
    "awaiting",
    "passed_on",
    "held",
    "contested",
    "settled",
)
"""Counts that would tell what one's own answer did."""


@dataclass(frozen=True)
class QueueState:
    """What is, and is not, there for one reviewer; counts are records, capped.

    ``answered`` counts labels: one to a record that came again moves it as any other.

    ``servable`` fit the wish, ``unwished`` do not. The rest is counted where nothing
    is servable: ``frees_at`` is when the next seat of a colleague runs out, ``worked``
    are open tickets that the reviewer worked on, ``awaiting`` open ones that they have
    labeled and colleagues not, ``passed_on`` open ones that they passed on, ``flagged``
    wait for a look at their sanitizing, ``settled`` are done, ``excluded`` are out of
    the team's use, and ``reference`` are texts to learn from, which nobody labels.
    """

    servable: int
    unwished: int
    seated_elsewhere: int
    frees_at: datetime | None
    answered: int
    held: int
    contested: int
    drafts: int
    worked: int = 0
    awaiting: int = 0
    passed_on: int = 0
    flagged: int = 0
    settled: int = 0
    excluded: int = 0
    reference: int = 0
    paused_because: str = ""

    def told(self, *, exactly: bool) -> QueueState:
        """Return the state as somebody may know it; 1 stands for one to ten."""
        coarse: dict[str, Any] = {
            name: told(getattr(self, name), exactly=exactly) for name in COARSE
        }
        return replace(self, **coarse)

    def in_words(self, *, exactly: bool) -> dict[str, Told]:
        """Return the counts of records for sentences, by name."""
        return {
            name: told_in_words(
                getattr(self, name),
                exactly=exactly or name not in COARSE,
                most=COUNTED,
            )
            for name in (*COARSE, "answered", "worked", "flagged", "reference")
        }

    @property
    def is_paused(self) -> bool:
        """Whether the lead has stopped the queue."""
        return bool(self.paused_because)


def queue_state(
    *, project: Project, reviewer: Reviewer, now: datetime, wish: Wish = ANYTHING
) -> QueueState:
    """Count what is, and is not, there for this reviewer."""
    records = Record.objects.of(project)
    servable = records.servable_to(reviewer, now)
    fitting = _count(servable.wished_for(wish))
    elsewhere = 0 if fitting else _count(records.seated_elsewhere(reviewer, now))
    others = {} if fitting else _others(records, reviewer)
    drafted = records.open_to(reviewer).drafted_by(reviewer)
    return QueueState(
        servable=fitting,
        unwished=_count(servable) if wish and not fitting else 0,
        seated_elsewhere=elsewhere,
        frees_at=_frees_at(project, reviewer, now) if elsewhere else None,
        answered=_count(
            Review.objects.current()
            .submitted()
            .filter(reviewer=reviewer, record__project=project)
        ),
        held=_count(records.held()),
        contested=_count(records.contested()),
        drafts=_count(drafted) if fitting else 0,
        paused_because=project.paused_because if project.paused_at else "",
        **others,
    )


def _others(records: RecordQuerySet, reviewer: Reviewer) -> dict[str, int]:
    """Count the records that nobody will serve this reviewer for now."""
    said = (
        records.open().said_first_by(reviewer).order_by().values_list("said", flat=True)
    )
    # Twice as many as are told: both kinds come from one question.
    kinds = Counter(said[: 2 * (COUNTED + 1)])
    labeled = kinds.pop(Review.Status.SUBMITTED, 0)
    return {
        "worked": _count(records.open().worked_by(reviewer)),
        "awaiting": min(labeled, COUNTED + 1),
        "passed_on": min(kinds.total(), COUNTED + 1),
        "flagged": _count(records.flagged()),
        "settled": _count(records.settled()),
        "excluded": _count(records.filter(state=Record.State.EXCLUDED)),
        "reference": _count(records.filter(state=Record.State.REFERENCE)),
    }


@dataclass(frozen=True)
class Progress:
    """How far one is, today and in all, and how far the team is.

    ``settled`` of ``labelable`` records have a verdict; these are up to half a minute
    old.
    """

    today: int
    in_all: int
    settled: int
    labelable: int
    is_exact: bool = True

    def told(self, *, exactly: bool) -> Progress:
        """Return the progress as somebody may know it."""
        return replace(self, is_exact=exactly)

    @property
    def of_team(self) -> tuple[str, str]:
        """How many records are settled, of how many, briefly."""
        settled, labelable = (
            told_briefly(n, exactly=self.is_exact)
            for n in (self.settled, self.labelable)
        )
        return settled, labelable

    @property
    def share(self) -> float:
        """Share of the records that is settled."""
        if not self.is_exact and self.settled <= TEN:
            return 0.0
        settled = told(self.settled, exactly=self.is_exact)
        labelable = told(self.labelable, exactly=self.is_exact)
        return settled / labelable if labelable else 0.0


def progress(*, project: Project, reviewer: Reviewer, now: datetime) -> Progress:
    """Return the progress that the desk shows."""
    mine = (
        Review.objects.current()
        .submitted()
        .filter(reviewer=reviewer, record__project=project)
    )
    midnight = timezone.localtime(now).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    of_today = Q(submitted_at__gte=midnight)
    # Thousands of earlier answers need not be counted at every ticket.
    counts = kept(
        f"answers.{project.pk}.{reviewer.pk}.{midnight:%Y%m%d}",
        lambda: mine.aggregate(
            earlier=Count("pk", filter=~of_today), today=Count("pk", filter=of_today)
        ),
        rows=lambda found: found["earlier"],
        now=now,
    )
    is_new = counts.at is now
    today = counts.value["today"] if is_new else mine.filter(of_today).count()
    key = f"netft.progress.{project.pk}"
    team = cache.get(key)
    if team is None:
        team = (
            Record.objects.of(project)
            .labelable()
            .aggregate(
                labelable=Count("pk"), settled=Count("pk", filter=Q(state="SETTLED"))
            )
        )
        cache.set(key, team, TEAM_KEPT_SECONDS)
    return Progress(today=today, in_all=counts.value["earlier"] + today, **team)


def _frees_at(project: Project, reviewer: Reviewer, now: datetime) -> datetime | None:
    theirs = Record.objects.of(project).open_to(reviewer)
    others = Claim.objects.filter(
        project=project, state=Claim.State.OPEN, purpose=Purpose.FIRST
    ).filter(record__in=theirs)
    seats = others.exclude(reviewer=reviewer).expiring_after(now)
    return seats.aggregate(first=Min("expires_at"))["first"]


def _count(rows: QuerySet) -> int:
    return rows.order_by()[: COUNTED + 1].count()
