"""A senior decides what the reviewers could not.

The decision becomes the record's current verdict; the reviews stay as they are. A
second adjudication supersedes the first, which stays in the table. A record that
reviewers settled without a senior can be decided as well: only then may a strict test
set take it. A decision can be taken back for an hour by whoever took it; its row stays.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from annotation.domain.scale import Grade
from annotation.models import Project, Record, Review, Reviewer, Verdict
from annotation.services import sending, settling, verdict_log, weighing
from annotation.services.typed_text import made_safe
from netft_site.base.refusals import Refused

UNDO_WITHIN = timedelta(hours=1)


class AdjudicationRefused(Refused):
    """The decision cannot be taken; the code says why."""


class DecisionStale(AdjudicationRefused):
    """The record is no longer what the senior saw (``decided`` or ``changed``)."""


def decide(
    *,
    record: Record,
    reviewer: Reviewer,
    severity: str,
    reason: str,
    root_cause: str = "",
    disagreement: str = "",
    seen: str | None = None,
) -> Verdict:
    """Adjudicate with a reason as typed: it passes the sanitizer first.

    Secrets that were found before become their pseudonyms, announced or not. ``seen``
    names what the senior was shown, see `weighing.Hearing`.

    Raises:
        DecisionStale: another senior has decided since (``decided``), or another answer
            has come in (``changed``).
        AdjudicationRefused: as `adjudicate`, the answers differ and nothing says why
            (``no_kind``), or the reason cannot be made safe (``held_text``).
    """
    hearing = weighing.hear(record=record)
    # What is wrong with the record comes before what is wrong with the form.
    _check_seen(hearing, seen)
    _check_record(Record.objects.select_related("project").get(pk=record.pk))
    if hearing.differs and not disagreement:
        raise AdjudicationRefused(
            "no_kind", "The answers differ: say what kind of disagreement it is."
        )
    safe = made_safe(record.project, reason)
    if safe is None:
        raise AdjudicationRefused(
            "held_text", "The reason holds something that looks like a secret."
        )
    return adjudicate(
        record=record,
        reviewer=reviewer,
        severity=severity,
        reason=safe,
        root_cause=root_cause,
        disagreement=disagreement,
        seen=seen,
    )


@transaction.atomic
def adjudicate(
    *,
    record: Record,
    reviewer: Reviewer,
    severity: str,
    reason: str,
    root_cause: str = "",
    disagreement: str = "",
    seen: str | None = None,
) -> Verdict:
    """Settle a record by a senior's word; ``reason`` is sanitized text.

    Raises:
        DecisionStale: as `decide`.
        AdjudicationRefused: not a senior (``not_senior``), not the project's words
            (``unknown_level``, ``unknown_root_cause``), no such kind of disagreement
            (``unknown_kind``), no reason (``no_reason``), a record without reviews,
            still open, under hold or excluded (``not_ready``), or a closed project
            (``closed``).
    """
    record = _locked(record)
    hearing = weighing.hear(record=record)
    _check_seen(hearing, seen)
    _check_record(record)
    verdict = Verdict(
        record=record,
        severity=severity,
        root_cause=root_cause,
        method=Verdict.Method.ADJUDICATED,
        grade=_grade(record, reviewer, severity),
        posterior={severity: 1.0},
        reviews_count=record.reviews.independent_first_pass().count(),
        reason=reason,
        # A kind is told only of answers that differ.
        disagreement=disagreement if hearing.differs else "",
        adjudicated_by=reviewer,
    )
    _check_words(verdict, reviewer, disagreement)
    _make_current(verdict, before=hearing.verdict)
    Record.objects.filter(pk=record.pk).update(
        state=Record.State.SETTLED, queued_because="oldest"
    )
    return verdict


@transaction.atomic
def undo(*, record: Record, reviewer: Reviewer, now: datetime) -> Record:
    """Take one's own decision back, within `UNDO_WITHIN`.

    The verdict that stood before becomes current again; where there was none, the
    record goes back to what its reviews give. What a lead sent to the seniors waits for
    them again. The row of the decision stays.

    Raises:
        AdjudicationRefused: there is no decision (``not_decided``), another senior took
            it (``not_yours``), it is too old (``too_late``), or the record has been
            excluded since (``not_ready``).
    """
    record = _locked(record)
    verdict = Verdict.objects.adjudicated().filter(record=record).first()
    if verdict is None:
        raise AdjudicationRefused("not_decided", "There is no decision to take back.")
    if verdict.adjudicated_by_id != reviewer.pk:
        raise AdjudicationRefused("not_yours", "Another senior took this decision.")
    if verdict.created_at <= now - UNDO_WITHIN:
        raise AdjudicationRefused(
            "too_late", "A decision can be taken back for an hour only."
        )
    _check_record(record)
    Verdict.objects.filter(pk=verdict.pk).update(is_current=False)
    before = verdict_log.replaced_by(verdict=verdict)
    if before is not None:
        Verdict.objects.filter(pk=before, record=record).update(is_current=True)
    verdict_log.note_taken_back(verdict=verdict, by=reviewer)
    sending.ask_again(record=record)
    settling.settle_records(project=record.project, record_ids=[record.pk])
    return Record.objects.get(pk=record.pk)


def last_decision(
    *, project: Project, reviewer: Reviewer, now: datetime
) -> Verdict | None:
    """Return the newest decision that this senior may still take back."""
    return (
        Verdict.objects.adjudicated()
        .filter(
            adjudicated_by=reviewer,
            record__project=project,
            record__state=Record.State.SETTLED,
            created_at__gt=now - UNDO_WITHIN,
        )
        .select_related("record")
        .order_by("-id")
        .first()
    )


def _locked(record: Record) -> Record:
    rows = Record.objects.select_related("project").select_for_update(of=("self",))
    return rows.get(pk=record.pk)


def _check_seen(hearing: weighing.Hearing, seen: str | None) -> None:
    if seen is None or seen == hearing.seen:
        return
    if hearing.is_decided:
        raise DecisionStale(
            "decided", "Another senior has decided this ticket since you opened it."
        )
    raise DecisionStale(
        "changed", "The answers have changed since you opened this ticket."
    )


def _check_record(record: Record) -> None:
    if not record.project.is_active:
        raise AdjudicationRefused("closed", "The project is closed.")
    if record.state == Record.State.EXCLUDED:
        raise AdjudicationRefused(
            "not_ready", "The ticket has been excluded. Nothing was decided."
        )
    if record.state == Record.State.OPEN:
        # Deciding shows what others said, and somebody may still label it blind.
        raise AdjudicationRefused(
            "not_ready", "Its reviewers have not all answered. Nothing was decided."
        )
    held = record.state == Record.State.HELD
    if held or not Review.objects.settling().filter(record=record).exists():
        raise AdjudicationRefused("not_ready", "The record has no reviews to weigh.")


def _check_words(verdict: Verdict, reviewer: Reviewer, disagreement: str) -> None:
    project = verdict.record.project
    senior = reviewer.kind == Reviewer.Kind.HUMAN and reviewer.is_active
    if not senior or Grade(reviewer.grade) < Grade.SENIOR:
        raise AdjudicationRefused("not_senior", "Only active seniors may adjudicate.")
    if verdict.severity not in project.scale:
        raise AdjudicationRefused("unknown_level", "The project has no such level.")
    if verdict.root_cause and verdict.root_cause not in project.root_causes:
        raise AdjudicationRefused(
            "unknown_root_cause", "The project has no such root cause."
        )
    if disagreement and disagreement not in Verdict.Disagreement.values:
        raise AdjudicationRefused("unknown_kind", "There is no such disagreement.")
    if not verdict.reason.strip():
        raise AdjudicationRefused("no_reason", "Say in a few words why.")


def _make_current(verdict: Verdict, before: Verdict | None) -> None:
    # The one before steps back first: a record has one current verdict at most.
    Verdict.objects.current().filter(record=verdict.record).update(is_current=False)
    verdict.full_clean()
    verdict.save()
    if before is not None:
        verdict_log.note_replaced(verdict=verdict, before=before)


def _grade(record: Record, reviewer: Reviewer, severity: str) -> str:
    agreeing = Review.objects.settling().filter(record=record, severity=severity)
    grades = [Grade(grade) for grade in agreeing.values_list("grade", flat=True)]
    return max([*grades, Grade(reviewer.grade)], key=lambda grade: grade.rank).value
