"""What of a project's sanitizing waits for a person, most urgent first.

Held records, then values that may have been missed, then the first use of every rule
that nobody has confirmed at work, then false alarms that wait for a second person.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db.models import Count, Q

from annotation.models import FalseAlarm, Project, Sanitization

LISTED = 50
_WINDOW = 2_000  # records looked at for first uses of a rule
_FIRST_USES = 20


@dataclass(frozen=True)
class FirstUse:
    """The oldest unconfirmed record in which a rule was at work."""

    row: Sanitization
    rules: tuple[str, ...]


@dataclass
class Waiting:
    """What waits in one project; lists are cut, counts are whole."""

    held: list[Sanitization]
    wires: list[Sanitization]
    alarms: list[FalseAlarm]
    held_count: int = 0
    certain_count: int = 0
    possible_count: int = 0
    alarms_count: int = 0
    confirmed_count: int = 0
    total_count: int = 0
    outdated_count: int = 0
    first_uses: list[FirstUse] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nobody needs to look at anything."""
        return not (self.held or self.wires or self.first_uses or self.alarms)

    def first_to_read(self, but: int = 0) -> int | None:
        """Return the record with text that comes first, other than `but`."""
        rows = [*self.wires, *(use.row for use in self.first_uses)]
        ids = [row.record_id for row in rows]
        ids += [alarm.record_id for alarm in self.alarms]
        return next((pk for pk in ids if pk != but), None)


def waiting(*, project: Project, by: User) -> Waiting:
    """Return what waits for `by` in a project."""
    rows = Sanitization.objects.of(project)
    counts = rows.aggregate(
        held=Count("pk", filter=Q(state="HELD")),
        confirmed=Count("pk", filter=Q(state="APPROVED")),
        total=Count("pk"),
    )
    wires = rows.with_tripwires()
    certain = rows.with_certain_tripwires().count()
    alarms = FalseAlarm.objects.of(project).waiting_for(by)
    return Waiting(
        held=list(_with_record(rows.held().order_by("pk"))),
        wires=list(_with_record(wires)),
        alarms=list(alarms.select_related("record", "asked_by")[:LISTED]),
        held_count=counts["held"],
        certain_count=certain,
        possible_count=wires.count() - certain,
        alarms_count=alarms.count(),
        confirmed_count=counts["confirmed"],
        total_count=counts["total"],
        outdated_count=Sanitization.objects.outdated(project).count(),
        first_uses=_first_uses(project),
    )


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
