"""Which earlier tickets a triage example shows, and which of them it repeats.

A model cannot know the ids of earlier tickets, so a few of the same split and category
stand in its prompt. Where the incident has an earlier ticket, that one is among them;
most examples have none, which teaches to say so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from training.domain.chosen import Chosen
from training.domain.eligibility import RecordFacts
from training.domain.shuffling import seeded_order

SHOWN = 4
TRIAGE = "triage"


@dataclass(frozen=True)
class Earlier:
    """Record ids of the earlier tickets to be shown, and of the one repeated."""

    shown: tuple[int, ...] = ()
    repeats: int | None = None


def earlier_tickets(examples: Sequence[Chosen], seed: int) -> dict[int, Earlier]:
    """What to show with each ticket, by record id; none where nothing was earlier.

    The last `SHOWN` tickets of the same split and category that were opened before it,
    the first ticket of its own incident in the place of one of them; the order is
    shuffled by the seed, so that a place tells nothing.
    """
    asked = [c for c in examples if c.task == TRIAGE and not c.is_general]
    records = {c.record.id: c for c in asked if c.record.opened_at}
    by_place: dict[tuple[str, str], list[RecordFacts]] = defaultdict(list)
    for one in records.values():
        by_place[one.split, one.record.category].append(one.record)
    for members in by_place.values():
        members.sort(key=_when)
    firsts = _firsts(one.record for one in records.values())
    return {
        one.record.id: _of(
            one.record, by_place[one.split, one.record.category], firsts, seed
        )
        for one in records.values()
    }


def _of(
    record: RecordFacts,
    members: Sequence[RecordFacts],
    firsts: Mapping[str, RecordFacts],
    seed: int,
) -> Earlier:
    place = bisect_left(members, _when(record), key=_when)
    before = [m for m in members[max(0, place - SHOWN) : place] if m.id != record.id]
    same = next(
        (firsts[name] for name in _stories(record) if _is_before(firsts[name], record)),
        None,
    )
    if same and same not in before:
        before = [*before[-(SHOWN - 1) :], same]
    ids = {m.key: m.id for m in before}
    shown = seeded_order(ids, seed, f"earlier {record.key}")
    return Earlier(tuple(ids[key] for key in shown), same.id if same else None)


def _firsts(records: Iterable[RecordFacts]) -> dict[str, RecordFacts]:
    """The first ticket of each story."""
    firsts: dict[str, RecordFacts] = {}
    for record in sorted(records, key=_when):
        for name in _stories(record):
            firsts.setdefault(name, record)
    return firsts


def _stories(record: RecordFacts) -> list[str]:
    """What a ticket shares with others that tell of the same thing."""
    incident = [f"incident {record.incident_key}"] if record.incident_key else []
    return [*incident, f"near {record.duplicate_of or record.id}"]


def _is_before(first: RecordFacts, record: RecordFacts) -> bool:
    return first.id != record.id and _when(first) < _when(record)


def _when(record: RecordFacts) -> tuple[datetime, str]:
    assert record.opened_at is not None  # noqa: S101  (others are not asked)
    return (record.opened_at, record.key)
