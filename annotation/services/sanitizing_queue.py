"""What of a project's sanitizing waits for a person, most urgent first.

Records that a reviewer flagged while labeling, then held ones, then values that may
have been missed, then the first use of every rule that nobody has confirmed at work,
then false alarms that wait for a second person.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Count, Q

from annotation.domain.queue import FLAGGED
from annotation.models import (
    FalseAlarm,
    Project,
    Record,
    Sanitization,
    SanitizingEvent,
)
from annotation.services.keeping import LARGE, LARGE_KEPT_SECONDS, kept

LISTED = 50
_WINDOW = 2_000  # records looked at for first uses of a rule
_FIRST_USES = 20


@dataclass(frozen=True)
class FirstUse:
    """The oldest unconfirmed record in which a rule was at work."""

    row: Sanitization
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Flag:
    """A record in which somebody saw a leak at the desk, and what they said of it."""

    row: Sanitization
    event: SanitizingEvent | None


@dataclass
class Waiting:
    """What waits in one project; lists are cut, counts are whole."""

    held: list[Sanitization]
    wires: list[Sanitization]
    alarms: list[FalseAlarm]
    held_count: int = 0
    flagged_count: int = 0
    certain_count: int = 0
    possible_count: int = 0
    alarms_count: int = 0
    confirmed_count: int = 0
    total_count: int = 0
    outdated_count: int = 0
    flags: list[Flag] = field(default_factory=list)
    first_uses: list[FirstUse] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nobody needs to look at anything."""
        lists = (self.flags, self.held, self.wires, self.first_uses, self.alarms)
        return not any(lists)

    def first_to_read(self, but: int = 0) -> int | None:
        """Return the record with text that comes first, other than `but`."""
        rows = [flag.row for flag in self.flags]
        rows += [*self.wires, *(use.row for use in self.first_uses)]
        ids = [row.record_id for row in rows]
        ids += [alarm.record_id for alarm in self.alarms]
        return next((pk for pk in ids if pk != but), None)


def waiting(*, project: Project, by: User, now: datetime) -> Waiting:
    """Return what waits for `by` in a project."""
    rows = Sanitization.objects.of(project)
    total, outdated = _whole_counts(project, now)
    wires = rows.with_tripwires()
    looked_at = rows.exclude(state="CLEAN").aggregate(
        held=Count("pk", filter=Q(state="HELD")),
        confirmed=Count("pk", filter=Q(state="APPROVED")),
    )
    suspects = wires.order_by().aggregate(
        certain=Count("pk", filter=Q(is_certain=True)), all=Count("pk")
    )
    alarms = FalseAlarm.objects.of(project).waiting_for(by)
    return Waiting(
        held=list(_with_record(rows.held().order_by("pk"))),
        wires=list(_with_record(wires)),
        alarms=list(alarms.select_related("record", "asked_by")[:LISTED]),
        held_count=looked_at["held"],
        flagged_count=rows.flagged().count(),
        certain_count=suspects["certain"],
        possible_count=suspects["all"] - suspects["certain"],
        alarms_count=alarms.count(),
        confirmed_count=looked_at["confirmed"],
        total_count=total,
        outdated_count=outdated,
        flags=_flags(project),
        first_uses=_first_uses(project),
    )


def _whole_counts(project: Project, now: datetime) -> tuple[int, int]:
    """All sanitizations, and those by older rules; large numbers once a minute."""
    return kept(
        f"sanitizations.{project.pk}",
        lambda: (
            Sanitization.objects.of(project).count(),
            Sanitization.objects.outdated(project).count(),
        ),
        rows=lambda found: found[0],
        now=now,
        many=LARGE,
        seconds=LARGE_KEPT_SECONDS,
    ).value


def flag_of(*, record: Record) -> SanitizingEvent | None:
    """Return what somebody said who flagged a record, while it waits for a look."""
    if record.state != Record.State.EXCLUDED or record.queued_because != FLAGGED:
        return None
    flags = record.sanitizing_events.filter(kind=SanitizingEvent.Kind.FLAGGED)
    return flags.select_related("by").first()


def random_record(*, project: Project) -> int | None:
    """Return a record with text drawn at random, of those nobody confirmed if any."""
    rows = Sanitization.objects.of(project)
    for some in (rows.unreviewed(), rows.exclude(state="HELD")):
        if count := some.count():
            at = random.randrange(count)  # noqa: S311  (a sample, no secret)
            return int(some.order_by("pk").values_list("record_id", flat=True)[at])
    return None


def _with_record(rows: Iterable[Sanitization]) -> Iterable[Sanitization]:
    light = rows.select_related("record").defer("raw_ciphertext")  # type: ignore[attr-defined]
    return light[:LISTED]


def _flags(project: Project) -> list[Flag]:
    rows = list(_with_record(Sanitization.objects.of(project).flagged()))
    if not rows:
        return []
    events = SanitizingEvent.objects.filter(
        record__in=[row.record_id for row in rows], kind=SanitizingEvent.Kind.FLAGGED
    )
    # Oldest first, so that the newest of a record stays.
    said = {e.record_id: e for e in events.select_related("by").order_by("pk")}
    return [Flag(row, said.get(row.record_id)) for row in rows]


def _first_uses(project: Project) -> list[FirstUse]:
    rows = Sanitization.objects.of(project).exclude(spans={})
    confirmed = rows.filter(state="APPROVED").order_by("-pk")
    known = set().union(
        *(map(_rules, confirmed.values_list("spans", flat=True)[:_WINDOW]))
    )
    found: dict[int, set[str]] = {}
    unread = rows.unreviewed().order_by("pk").values_list("pk", "spans")
    for pk, spans in unread[:_WINDOW]:
        if new := _rules(spans) - known:
            known |= new
            found[pk] = new
    chosen = dict(list(found.items())[:_FIRST_USES])
    by_pk = {
        row.pk: row for row in _with_record(rows.filter(pk__in=chosen).order_by("pk"))
    }
    return [FirstUse(by_pk[pk], tuple(sorted(rules))) for pk, rules in chosen.items()]


def _rules(spans: dict[str, list[list]]) -> set[str]:
    return {place[3] for places in spans.values() for place in places}
