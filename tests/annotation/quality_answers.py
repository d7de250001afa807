"""Answers from which the figures about people can be told."""

from __future__ import annotations

from datetime import datetime, timedelta

from annotation.models import Project, Record, Review, Reviewer
from tests.factories import START, GoldFactory, RecordFactory, ReviewFactory

LEVELS = ("critical", "high", "medium", "low")


def decided(project: Project, **levels: Reviewer) -> Record:
    """A settled record; ``high=bob`` means that Bob said high."""
    record = RecordFactory(project=project, state="SETTLED")
    for level, reviewer in levels.items():
        answer(record, reviewer, level)
    return record


def answer(
    record: Record,
    reviewer: Reviewer,
    level: str,
    at: datetime = START,
    **more: object,
) -> Review:
    return ReviewFactory(
        record=record, reviewer=reviewer, severity=level, submitted_at=at, **more
    )


def many_decided(project: Project, own: Reviewer, peer: Reviewer, n: int) -> None:
    """``n`` records; own says high, the peer says high on every other, else medium."""
    for number in range(n):
        record = RecordFactory(project=project, state="SETTLED")
        at = START + timedelta(days=number)
        answer(record, own, "high", at, seconds_spent=20 + number)
        peers = "high" if number % 2 else "medium"
        answer(record, peer, peers, at, seconds_spent=60)


def golds(project: Project, reviewer: Reviewer, right: int, n: int, at: datetime):
    for number in range(n):
        row = GoldFactory(record__project=project)
        level = "high" if number < right else "low"
        answer(row.record, reviewer, level, at, purpose="GOLD")


def repeats(project: Project, reviewer: Reviewer, n: int, at: datetime) -> None:
    for _ in range(n):
        record = RecordFactory(project=project, state="SETTLED")
        answer(record, reviewer, "high", at - timedelta(days=20))
        answer(record, reviewer, "high", at, purpose="REPEAT", seconds_spent=30)
