"""A senior decides what the reviewers could not.

The decision becomes the record's current verdict; the reviews stay as they are. A
second adjudication supersedes the first, which stays in the table. A record that
reviewers settled without a senior can be decided as well: only then may a strict test
set take it.
"""

from __future__ import annotations

from django.db import transaction

from annotation.domain.scale import Grade
from annotation.models import Project, Record, Review, Reviewer, Verdict
from annotation.querysets.records import RecordQuerySet
from annotation.services import sanitizing
from annotation.services.known_secrets import without_known_secrets
from netft_site.base.refusals import Refused


class AdjudicationRefused(Refused):
    """The decision cannot be taken; the code says why."""


WaitingRecords = RecordQuerySet


def waiting_for_a_senior(*, project: Project) -> WaitingRecords:
    """Contested records first, then unanimous ones at the most severe level."""
    return Record.objects.of(project).waiting_for_a_senior(project.scale.keys[0])


def settled_without_a_senior(*, project: Project) -> WaitingRecords:
    """Settled records that do not wait and would be test tickets by a senior's word."""
    return Record.objects.of(project).settled_without_a_senior(project.scale.keys[0])


def open_to_a_senior(*, project: Project) -> WaitingRecords:
    """Every record that a senior may decide on: those that wait, and the settled."""
    return Record.objects.of(project).open_to_a_senior(project.scale.keys[0])


def decide(
    *,
    record: Record,
    reviewer: Reviewer,
    severity: str,
    reason: str,
    root_cause: str = "",
) -> Verdict:
    """Adjudicate with a reason as typed: it passes the sanitizer first.

    Secrets that were found before become their pseudonyms, announced or not.

    Raises:
        AdjudicationRefused: as `adjudicate`, or the reason cannot be made safe
            (``held_text``).
    """
    safe = without_known_secrets(record.project, reason)
    found = sanitizing.sanitizer_for(record.project).sanitize(safe)
    if found.held:
        raise AdjudicationRefused(
            "held_text", "The reason holds something that looks like a secret."
        )
    return adjudicate(
        record=record,
        reviewer=reviewer,
        severity=severity,
        reason=found.text,
        root_cause=root_cause,
    )


@transaction.atomic
def adjudicate(
    *,
    record: Record,
    reviewer: Reviewer,
    severity: str,
    reason: str,
    root_cause: str = "",
) -> Verdict:
    """Settle a record by a senior's word; ``reason`` is sanitized text.

    Raises:
        AdjudicationRefused: not a senior (``not_senior``), an unknown level
            (``unknown_level``), no reason (``no_reason``), or a record without
            reviews or under hold (``not_ready``).
    """
    record = Record.objects.select_for_update().get(pk=record.pk)
    _check(record, reviewer, severity, reason)
    verdict = Verdict(
        record=record,
        severity=severity,
        root_cause=root_cause,
        method=Verdict.Method.ADJUDICATED,
        grade=_grade(record, reviewer, severity),
        posterior={severity: 1.0},
        reviews_count=record.reviews.independent_first_pass().count(),
        reason=reason,
        adjudicated_by=reviewer,
    )
    _make_current(verdict)
    Record.objects.filter(pk=record.pk).update(
        state=Record.State.SETTLED, queued_because="oldest"
    )
    return verdict


def _check(record: Record, reviewer: Reviewer, severity: str, reason: str) -> None:
    senior = reviewer.kind == Reviewer.Kind.HUMAN and reviewer.is_active
    if not senior or Grade(reviewer.grade) < Grade.SENIOR:
        raise AdjudicationRefused("not_senior", "Only active seniors may adjudicate.")
    if severity not in record.project.scale:
        raise AdjudicationRefused("unknown_level", "The project has no such level.")
    if not reason.strip():
        raise AdjudicationRefused("no_reason", "Say in a few words why.")
    blocked = record.state in (Record.State.HELD, Record.State.EXCLUDED)
    if blocked or not record.reviews.independent_first_pass().exists():
        raise AdjudicationRefused("not_ready", "The record has no reviews to weigh.")


def _make_current(verdict: Verdict) -> None:
    # The one before steps back first: a record has one current verdict at most.
    Verdict.objects.current().filter(record=verdict.record).update(is_current=False)
    verdict.full_clean()
    verdict.save()


def _grade(record: Record, reviewer: Reviewer, severity: str) -> str:
    agreeing = Review.objects.independent_first_pass().filter(
        record=record, severity=severity
    )
    grades = [Grade(grade) for grade in agreeing.values_list("grade", flat=True)]
    return max([*grades, Grade(reviewer.grade)], key=lambda grade: grade.rank).value
