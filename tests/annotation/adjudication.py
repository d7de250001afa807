"""What tests of adjudication share: contested records and the words of a decision."""

from __future__ import annotations

from annotation.models import Project, Record
from annotation.services import settling
from tests.factories import RecordFactory, ReviewerFactory, ReviewFactory

PAGE = "/admin/annotation/verdict/adjudicate/noc/"
WHY = "/admin/annotation/verdict/disagreements/noc/"
DECISION = {"severity": "high", "reason": "Core link.", "disagreement": "SLIP"}


def answered(project: Project, *severities: str, **record: object) -> Record:
    """A record with one answer each by somebody new, settled or contested by them."""
    made = RecordFactory(project=project, **record)
    for severity in severities:
        reviewer = ReviewerFactory(grade="ENGINEER")
        ReviewFactory(record=made, reviewer=reviewer, severity=severity)
    settling.settle_records(project=project, record_ids=[made.pk])
    made.refresh_from_db()
    return made
