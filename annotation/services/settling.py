"""Turn independent reviews into verdicts, and records into settled or contested.

Only current, submitted, independent first-pass reviews by people count, and those
given with a model's suggestion in view where a project shows suggestions: such a
verdict rests on fewer independent reviews, and says so. A verdict is
never changed: a new one becomes current. An adjudicated verdict stands until it is
adjudicated again. Settling the same reviews twice writes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from annotation.domain.priority import SENT_TO_SENIORS
from annotation.domain.scale import Grade, Scale
from annotation.domain.settlement import Label, Outcome, Settlement, settle
from annotation.models import Project, Record, Review, Verdict
from netft_site.base.compiled import CompiledQuery
from netft_site.base.compiled_writes import CompiledInsert, CompiledUpdate

CHUNK = 500
_CONTESTED = "contested: "
"""How the reason begins of a record that its answers have contested."""


@dataclass(frozen=True)
class SettleCounts:
    """How many of the records looked at ended in which state."""

    settled: int = 0
    contested: int = 0
    waiting: int = 0

    def __add__(self, other: SettleCounts) -> SettleCounts:
        return SettleCounts(
            self.settled + other.settled,
            self.contested + other.contested,
            self.waiting + other.waiting,
        )


def settle_records(
    *, project: Project, record_ids: Iterable[int] | None = None
) -> SettleCounts:
    """Settle the given records, or every record of the project that can change."""
    if record_ids is None:
        record_ids = list(
            Record.objects.of(project).labelable().values_list("id", flat=True)
        )
    counts = SettleCounts()
    for chunk in _chunks(sorted(set(record_ids))):
        with transaction.atomic():
            counts += _settle_chunk(project, chunk)
    return counts


def settle_single_source(*, project: Project) -> int:
    """Give records that carry exactly one label, and no verdict, that label.

    For datasets whose gold rule is SINGLE_SOURCE. The records keep their state: people
    may still review them, and what they settle replaces this verdict. Returns how many
    verdicts were written.
    """
    written = 0
    ids = list(
        Record.objects.of(project).with_one_label_only().values_list("id", flat=True)
    )
    for chunk in _chunks(ids):
        with transaction.atomic():
            written += _single_source_chunk(project, chunk)
    return written


def settle_locked(*, record: Record, reviews: Iterable[Review], scale: Scale) -> None:
    """Settle one record, whose row the caller has locked, from its current reviews.

    The quick way after an answer: a record that waits for more, and was never decided,
    has no verdict to look for and nothing to write.
    """
    if record.state in Record.OUT_OF_REACH:
        return
    labels = [_label(review) for review in reviews if review.settles]
    waits = sum(label.severity in scale for label in labels) < record.reviews_wanted
    if waits and record.state == Record.State.OPEN and record.decided_at is None:
        return
    current = _CURRENT.first(record=record.pk)
    _write_one(_change(record, current, labels, scale))


def _settle_chunk(project: Project, ids: list[int]) -> SettleCounts:
    records = Record.objects.of(project).labelable().filter(id__in=ids)
    labels = _labels(ids)
    verdicts = {
        v.record_id: v for v in Verdict.objects.current().filter(record__in=ids)
    }
    changes = [
        _change(record, verdicts.get(record.pk), labels[record.pk], project.scale)
        for record in records.select_for_update()
    ]
    _write(changes)
    tally = Counter(change.record.state for change in changes)
    return SettleCounts(
        settled=tally[Record.State.SETTLED],
        contested=tally[Record.State.CONTESTED],
        waiting=tally[Record.State.OPEN],
    )


@dataclass(frozen=True)
class _Change:
    """What settling does to one record; a record that stays as it is has no parts."""

    record: Record
    verdict: Verdict | None = None
    replaces: Verdict | None = None
    touches_record: bool = False


_CURRENT = CompiledQuery(
    lambda record: Verdict.objects.current().filter(record=record)[:1], record=int
)
_REPLACED = CompiledUpdate(
    lambda verdict: Verdict.objects.filter(pk=verdict),
    lambda **_: {"is_current": False},
    verdict=int,
)
_NEW = CompiledInsert(Verdict)


def _state_update(**more: Any) -> CompiledUpdate[Record]:
    return CompiledUpdate(
        lambda record, **_: Record.objects.filter(pk=record),
        lambda state, because, **_: {"state": state, "queued_because": because, **more},
        record=int,
        state=str,
        because=str,
    )


_STATE, _FIRST_STATE = _state_update(), _state_update(decided_at=Now())


def _write_one(change: _Change) -> None:
    """As `_write`, for what is settled at every click: with statements made once."""
    if change.replaces:
        _REPLACED.run(verdict=change.replaces.pk)
    if change.verdict:
        _NEW.store(change.verdict)
    if change.touches_record:
        record = change.record
        decided = isinstance(record.decided_at, Now)
        (_FIRST_STATE if decided else _STATE).run(
            record=record.pk, state=record.state, because=record.queued_because
        )


def _write(changes: list[_Change]) -> None:
    replaced = [change.replaces.pk for change in changes if change.replaces]
    if replaced:
        Verdict.objects.filter(pk__in=replaced).update(is_current=False)
    if verdicts := [change.verdict for change in changes if change.verdict]:
        Verdict.objects.bulk_create(verdicts)
    if touched := [change.record for change in changes if change.touches_record]:
        Record.objects.bulk_update(touched, ["state", "queued_because", "decided_at"])


def _change(
    record: Record, current: Verdict | None, labels: list[Label], scale: Scale
) -> _Change:
    if current and current.method == Verdict.Method.ADJUDICATED:
        return _Change(record)
    found = settle(labels, record.reviews_wanted, scale)
    counted = sum(label.independent for label in labels)
    is_new = bool(found.severity) and not _same(current, found, counted)
    waiting = found.outcome is Outcome.WAITING and not _is_provisional(current)
    outdated = is_new or waiting or found.outcome is Outcome.CONTESTED
    before = (record.state, record.queued_because)
    if _waits_for_a_senior(record, found):
        record.state = Record.State.CONTESTED
    else:
        record.state, record.queued_because = _state(found), _because(record, found)
    if record.decided_at is None and record.state != Record.State.OPEN:
        # From now on its answers can be read by those whose role allows it.
        record.decided_at = Now()
    return _Change(
        record,
        verdict=_verdict(record, found, counted) if is_new else None,
        replaces=current if outdated else None,
        touches_record=before != (record.state, record.queued_because),
    )


def _labels(ids: list[int]) -> dict[int, list[Label]]:
    labels: dict[int, list[Label]] = defaultdict(list)
    for review in Review.objects.settling().filter(record__in=ids):
        labels[review.record_id].append(_label(review))
    return labels


def _label(review: Review) -> Label:
    return Label(
        review.severity, Grade(review.grade), review.root_cause, review.independent
    )


def _is_provisional(current: Verdict | None) -> bool:
    """A single source's verdict stands until people settle or contest the record."""
    return current is not None and current.method == Verdict.Method.SINGLE_SOURCE


def _waits_for_a_senior(record: Record, found: Settlement) -> bool:
    """Whether a lead sent the record to the seniors; agreement does not end that.

    Nor does an answer taken back: the record waits again once it is complete.
    """
    waits = record.state in (Record.State.CONTESTED, Record.State.OPEN)
    return (
        waits
        and record.queued_because.startswith(SENT_TO_SENIORS)
        and found.outcome is not Outcome.WAITING
    )


def _state(found: Settlement) -> str:
    if found.outcome is Outcome.CONTESTED:
        return Record.State.CONTESTED
    if found.outcome is Outcome.WAITING:
        return Record.State.OPEN
    return Record.State.SETTLED


def _because(record: Record, found: Settlement) -> str:
    if found.outcome is Outcome.CONTESTED:
        return f"{_CONTESTED}{found.reason}"
    if record.queued_because.startswith(_CONTESTED):
        return "oldest"
    return record.queued_because


def _same(current: Verdict | None, found: Settlement, count: int) -> bool:
    return current is not None and (
        current.severity,
        current.root_cause,
        current.method,
        current.grade,
        current.reviews_count,
    ) == (found.severity, found.root_cause, found.outcome.value, found.grade, count)


def _verdict(record: Record, found: Settlement, count: int) -> Verdict:
    return Verdict(
        record=record,
        severity=found.severity,
        root_cause=found.root_cause,
        method=found.outcome.value,
        grade=found.grade or Grade.JUNIOR,
        posterior=found.shares or {},
        reviews_count=count,
    )


def _single_source_chunk(project: Project, ids: list[int]) -> int:
    scale = project.scale
    reviews = Review.objects.current().submitted().filter(record__in=ids)
    verdicts = [
        Verdict(
            record_id=review.record_id,
            severity=review.severity,
            root_cause=review.root_cause,
            method=Verdict.Method.SINGLE_SOURCE,
            grade=review.grade,
            posterior={review.severity: 1.0},
            reviews_count=1,
        )
        for review in reviews
        if review.severity in scale
    ]
    Verdict.objects.bulk_create(verdicts)
    return len(verdicts)


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    numbers = iter(ids)
    while chunk := list(islice(numbers, CHUNK)):
        yield chunk
