"""Import reviews that were given elsewhere, by people or by a source system.

Reviews are append-only: the same answer again adds nothing, a changed one supersedes
the old, which stays. Free text passes the sanitizer. Each chunk of rows is stored and
settled in one transaction, so an interrupted import is simply repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import F

from annotation.domain.importing.answers import GivenAnswer, answer_of
from annotation.domain.importing.byte_source import ByteSource
from annotation.domain.importing.fields import REVIEW_FIELDS
from annotation.domain.importing.mapping import ColumnMap, settle_mapping
from annotation.domain.importing.raw_row import RawRow
from annotation.domain.importing.refusals import FileRefused, Reject, RowRejected
from annotation.domain.importing.table import format_of
from annotation.models import Project, Record, Review, Reviewer
from annotation.services import sanitizing
from annotation.services.importing import rejects
from annotation.services.importing.receiving import told
from annotation.services.importing.staging import (
    columns_of,
    rows_of,
    stage,
    staged_frames,
)
from annotation.services.people import Reviewers
from annotation.services.settling import SettleCounts, settle_records

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ReviewFile:
    """A file of reviews and how it is to be read.

    `reviewer` is who gave the answers of rows that name nobody.
    """

    stream: ByteSource
    name: str
    asked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reviewer: str = ""
    zone: str = "UTC"
    order: str = ""


@dataclass
class ReviewImport:
    """What an import of reviews did."""

    rows: int = 0
    imported: int = 0
    superseded: int = 0
    duplicate: int = 0
    rejected: int = 0
    reviewers_created: int = 0
    settled: SettleCounts = field(default_factory=SettleCounts)
    rejects_path: Path | None = None


def import_reviews(
    *,
    project: Project,
    file: ReviewFile,
    now: datetime,
    create_reviewers: bool = False,
    as_source: bool = False,
    progress: Progress | None = None,
) -> ReviewImport:
    """Import a file of reviews and settle what they are about.

    `create_reviewers` makes reviewers that are not known: people whose login is off,
    or sources with `as_source`.

    Raises:
        ImportRefused: the file cannot be read or lacks a column; nothing is stored.
    """
    sanitizer = sanitizing.sanitizer_for(project)
    try:
        staged = stage(file.stream, format_of(file.name))
        try:
            mapping = _mapping(staged.path, file)
            run = _Run(project, mapping, file.reviewer, now)
            run.reviewers = Reviewers(
                project, may_create=create_reviewers, as_source=as_source
            )
            for frame in staged_frames(staged.path, 0):
                run.store(rows_of(frame))
                if progress:
                    progress(frame.before + frame.rows, staged.total_rows)
        finally:
            staged.path.unlink(missing_ok=True)
    except FileRefused as refusal:
        raise told(refusal, sanitizer) from refusal
    return run.result(staged.sha256)


def _mapping(path: Path, file: ReviewFile) -> ColumnMap:
    required = [("external_id",), ("severity",)]
    if not file.reviewer:
        required.append(("reviewer",))
    columns = settle_mapping(columns_of(path), file.asked, REVIEW_FIELDS, required)
    return ColumnMap(columns, file.zone, file.order)


class _Run:
    """One pass over the rows, chunk by chunk."""

    reviewers: Reviewers

    def __init__(
        self, project: Project, mapping: ColumnMap, reviewer: str, now: datetime
    ) -> None:
        self._project = project
        self._mapping = mapping
        self._reviewer = reviewer
        self._now = now
        self._cleaner = sanitizing.preparer_for(project).cleaner
        self._rejects: list[Reject] = []
        self._seen: set[tuple[int, int]] = set()
        self._counts = ReviewImport()

    def store(self, rows: Sequence[RawRow]) -> None:
        """Store one chunk of rows and settle its records, in one transaction."""
        answers = [answer for row in rows if (answer := self._answer(row))]
        with transaction.atomic():
            records = self._records(answers)
            given = [r for one in answers if (r := self._placed(one, records))]
            known = _current(given)
            _to_current_round(given)
            fresh = [review for review in given if self._is_news(review, known)]
            replaced = [known[_pair(r)].pk for r in fresh if _pair(r) in known]
            Review.objects.filter(pk__in=replaced).update(is_current=False)
            Review.objects.bulk_create(fresh)
            touched = {review.record_id for review in fresh}
            self._counts.settled += settle_records(
                project=self._project, record_ids=touched
            )
        self._counts.rows += len(rows)

    def result(self, sha256: str) -> ReviewImport:
        """Write the rejects file and return the counts."""
        self._counts.rejected = len(self._rejects)
        self._counts.reviewers_created = self.reviewers.created
        if self._rejects:
            name = f"reviews-{self._project.slug}-{sha256[:12]}"
            self._counts.rejects_path = rejects.write_whole(name, self._rejects)
        return self._counts

    def _answer(self, row: RawRow) -> GivenAnswer | None:
        try:
            return answer_of(row, self._mapping, self._project.scale, self._reviewer)
        except RowRejected as error:
            self._reject(row.number, error.field, error.reason)
            return None

    def _records(self, answers: Iterable[GivenAnswer]) -> dict[str, int]:
        keys = {self._cleaner.key(answer.external_id) for answer in answers}
        found = Record.objects.of(self._project).with_external_ids(keys)
        return dict(found.values_list("external_id", "pk"))

    def _placed(self, one: GivenAnswer, records: Mapping[str, int]) -> Review | None:
        try:
            return self._place(one, records)
        except RowRejected as error:
            self._reject(one.number, error.field, error.reason)
            return None

    def _place(self, one: GivenAnswer, records: Mapping[str, int]) -> Review:
        """Make the review that a row asks for."""
        record_id = records.get(self._cleaner.key(one.external_id))
        if record_id is None:
            raise RowRejected("external_id", "no such record")
        reviewer = self.reviewers.find(one.reviewer, one.grade)
        if reviewer is None:
            raise RowRejected("reviewer", self.reviewers.missing)
        if (record_id, reviewer.pk) in self._seen:
            raise RowRejected(
                "reviewer",
                "a second answer for this record; the first one counts",
            )
        cause = self._clean(one.root_cause)
        if cause is None or not _is_cause(self._project, cause):
            raise RowRejected("root_cause", "not one of the project's root causes")
        response = self._clean(one.response)
        if response is None:
            raise RowRejected("response", "cannot be made safe")
        self._seen.add((record_id, reviewer.pk))
        return self._review(record_id, reviewer, one, cause, response)

    def _review(
        self,
        record_id: int,
        reviewer: Reviewer,
        one: GivenAnswer,
        cause: str,
        response: str,
    ) -> Review:
        return Review(
            record_id=record_id,
            reviewer=reviewer,
            grade=one.grade or reviewer.grade,
            severity=one.severity,
            root_cause=cause,
            response=response,
            confidence=one.confidence,
            sampling=Review.Sampling.ALL,
            source=Review.Source.IMPORT,
            submitted_at=one.submitted_at or self._now,
        )

    def _is_news(self, review: Review, known: Mapping[tuple[int, int], Review]) -> bool:
        """Count a review; False for one that says what the current one says."""
        earlier = known.get(_pair(review))
        if earlier and _says(earlier) == _says(review):
            self._counts.duplicate += 1
            return False
        self._counts.superseded += earlier is not None
        self._counts.imported += 1
        return True

    def _clean(self, text: str) -> str | None:
        if not text:
            return ""
        found = self._cleaner.sanitized(text)
        return None if found.held else found.text

    def _reject(self, number: int, column: str, reason: str) -> None:
        self._rejects.append(Reject(number, column, reason))


def _current(reviews: Sequence[Review]) -> dict[tuple[int, int], Review]:
    """Return the current first-pass reviews of the same records and reviewers."""
    found = Review.objects.current().filter(
        purpose=Review.Purpose.FIRST,
        round=F("record__round"),
        record__in={review.record_id for review in reviews},
        reviewer__in={review.reviewer_id for review in reviews},
    )
    return {_pair(review): review for review in found}


def _to_current_round(reviews: Sequence[Review]) -> None:
    """Put answers that come after new guidelines into the round that these began."""
    ids = {review.record_id for review in reviews}
    later = Record.objects.filter(pk__in=ids, round__gt=1)
    rounds = dict(later.values_list("pk", "round"))
    for review in reviews:
        review.round = rounds.get(review.record_id, 1)


def _pair(review: Review) -> tuple[int, int]:
    return review.record_id, review.reviewer_id


def _says(review: Review) -> tuple[object, ...]:
    return (
        review.severity,
        review.root_cause,
        review.response,
        review.confidence,
        review.status,
    )


def _is_cause(project: Project, cause: str) -> bool:
    return not cause or not project.root_causes or cause in project.root_causes
