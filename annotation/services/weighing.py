"""What a senior weighs: the answers to a record, without a word on who gave them.

Answers come in an order that is shuffled once for each record, so that neither a name
nor a habit of answering first can be read from a place. Who said what is told by
`told`, once the record is decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from annotation.domain import disagreement
from annotation.models import Project, Record, Review, Reviewer, Verdict
from annotation.querysets.adjudication import CONTESTED, OWN, SEVERE, Place
from annotation.querysets.records import RecordQuerySet
from annotation.querysets.reviews import ReviewQuerySet

WaitingRecords = RecordQuerySet


@dataclass(frozen=True)
class Answer:
    """One answer under a letter; ``status`` says what it is where it has no level."""

    name: str
    severity: str
    root_cause: str
    response: str
    reason: str
    confidence: int | None
    status: str
    independent: bool


@dataclass(frozen=True)
class Waiting:
    """A row of the waiting list: the record, its place, and why it stands there."""

    record: Record
    place: Place
    is_contested: bool
    is_severe: bool
    is_own: bool


@dataclass(frozen=True)
class Hearing:
    """The answers to one record and how far they lie apart.

    ``seen`` names what was shown: a decision is refused where it no longer holds.
    """

    answers: tuple[Answer, ...]
    summary: str
    apart: int
    differs: bool
    verdict: Verdict | None
    seen: str

    @property
    def is_decided(self) -> bool:
        """Whether a senior has decided already."""
        verdict = self.verdict
        return verdict is not None and verdict.method == Verdict.Method.ADJUDICATED


def waiting_for_a_senior(
    *, project: Project, reviewer: Reviewer | None = None
) -> WaitingRecords:
    """Contested records first, then unanimous ones at the most severe level.

    What ``reviewer`` answered comes last.
    """
    most_severe = project.scale.keys[0]
    return Record.objects.of(project).waiting_for_a_senior(most_severe, reviewer)


def first_waiting(
    *, project: Project, reviewer: Reviewer, limit: int, after: Place | None = None
) -> list[Waiting]:
    """Return the head of the waiting list, or what stands behind a place in it."""
    waiting = waiting_for_a_senior(project=project, reviewer=reviewer)
    if after is not None:
        return _listed(waiting.after(after), limit)
    # Others' contested records stand before the rest: where they fill the head, nobody
    # need look for settled ones among a hundred thousand.
    head = _listed(waiting.filter(state=Record.State.CONTESTED), limit)
    if len(head) == limit and not head[-1].is_own:
        return head
    return _listed(waiting, limit)


def _listed(records: WaitingRecords, limit: int) -> list[Waiting]:
    # The order is found in an index; only what is shown is read whole.
    places = list(records.values_list("rank", "priority", "pk")[:limit])
    rows = Record.objects.in_bulk([pk for _, _, pk in places])
    return [_waiting(rows[place[2]], place) for place in places if place[2] in rows]


def _waiting(record: Record, place: Place) -> Waiting:
    rank = place[0] % OWN
    return Waiting(
        record=record,
        place=place,
        is_contested=rank in (SEVERE, CONTESTED),
        is_severe=rank == SEVERE,
        is_own=place[0] >= OWN,
    )


def settled_without_a_senior(*, project: Project) -> WaitingRecords:
    """Settled records that do not wait and would be test tickets by a senior's word."""
    return Record.objects.of(project).settled_without_a_senior(project.scale.keys[0])


def open_to_a_senior(*, project: Project) -> WaitingRecords:
    """Every record that a senior may decide on: those that wait, and the settled."""
    return Record.objects.of(project).open_to_a_senior(project.scale.keys[0])


def told_to_a_senior(*, project: Project, record_id: int) -> Record | None:
    """Return a record whose answers seniors may read: open to them, or decided by one.

    Gold is not among them, nor is what somebody may still label blind.
    """
    records = Record.objects.of(project).select_related("project").filter(pk=record_id)
    decided = records.adjudicated().exclude(
        state__in=[Record.State.OPEN, Record.State.HELD]
    )
    open_to = records.open_to_a_senior(project.scale.keys[0])
    return open_to.first() or decided.first()


def next_for(
    *, project: Project, reviewer: Reviewer, after: int | None = None
) -> Record | None:
    """Return the record to decide next: the first, or the one behind ``after``.

    What reviewers settled without a senior follows when nothing else waits. Behind the
    last stands the first.
    """
    waiting = waiting_for_a_senior(project=project, reviewer=reviewer)
    settled = settled_without_a_senior(project=project)
    if after is not None:
        if place := _place(waiting, after):
            found = waiting.after(place).first() or settled.first()
        elif place := _place(settled, after):
            found = settled.after(place).first()
        else:
            found = None
        if found is not None:
            return found
    return waiting.first() or settled.first()


def hear(*, record: Record) -> Hearing:
    """Return the answers to a record without names, and what they amount to."""
    reviews = list(answers_to(record))
    verdict = Verdict.objects.current().filter(record=record).first()
    severities = _severities(reviews)
    scale = record.project.scale
    found = disagreement.spread(severities, scale)
    return Hearing(
        answers=_unnamed(record, reviews),
        summary=disagreement.describe(severities, scale),
        apart=found.apart if found else 0,
        differs=disagreement.differ(severities),
        verdict=verdict,
        seen=_seen(record, reviews, verdict),
    )


def answers_to(record: Record) -> ReviewQuerySet:
    """The standing first answers of people, what counts and what does not."""
    answers = Review.objects.answers().by_people()
    return answers.filter(record=record, purpose=Review.Purpose.FIRST).order_by("id")


def told(*, record: Record) -> list[tuple[str, Review]]:
    """Return who gave which answer, under the letters that the senior saw."""
    reviews = list(answers_to(record).select_related("reviewer"))
    return _lettered(record, reviews)


def _severities(reviews: list[Review]) -> list[str]:
    return [one.severity for one in reviews if one.status == Review.Status.SUBMITTED]


def _unnamed(record: Record, reviews: list[Review]) -> tuple[Answer, ...]:
    return tuple(
        Answer(
            name=letter,
            severity=review.severity,
            root_cause=review.root_cause,
            response=review.response,
            reason=review.reason,
            confidence=review.confidence,
            status=review.get_status_display(),
            independent=review.independent,
        )
        for letter, review in _lettered(record, reviews)
    )


def _lettered(record: Record, reviews: list[Review]) -> list[tuple[str, Review]]:
    # The record's lot was drawn at random and is shown nowhere.
    shuffled = list(reviews)
    Random(f"{record.lot}:{record.round}").shuffle(shuffled)  # noqa: S311
    return list(zip(disagreement.answer_names(), shuffled, strict=False))


def _seen(record: Record, reviews: list[Review], verdict: Verdict | None) -> str:
    newest = max((review.pk for review in reviews), default=0)
    return f"{record.round}.{verdict.pk if verdict else 0}.{newest}"


def _place(records: RecordQuerySet, pk: int) -> Place | None:
    return records.filter(pk=pk).values_list("rank", "priority", "pk").first()
