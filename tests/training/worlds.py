"""Small projects with settled records, ready to be made into datasets."""

from __future__ import annotations

import random
from typing import Any

from annotation.models import Project, Record
from tests.factories import RecordFactory, ReviewFactory, VerdictFactory

LEVELS = ("critical", "high", "medium", "low")
GRADES = ("JUNIOR", "ENGINEER", "SENIOR", "PRINCIPAL")
_WORDS = ("uplink", "tunnel", "flap", "optics", "dhcp", "relay", "core", "roaming")


def distinct_text(number: int) -> str:
    """A body that resembles no other number's."""
    rng = random.Random(number)
    return " ".join(rng.choice(_WORDS) + str(rng.randrange(10**6)) for _ in range(30))


def settle(project: Project, number: int, **values: Any) -> Record:
    """One settled record, unanimous among seniors unless told otherwise."""
    verdict = {
        "severity": LEVELS[1 + number % 3],
        "method": "UNANIMOUS",
        "grade": GRADES[2 + number % 2],
        "reviews_count": 2,
    }
    named = (*verdict, "adjudicated_by")
    verdict.update({k: values.pop(k) for k in list(values) if k in named})
    record = RecordFactory(
        project=project,
        external_id=values.pop("external_id", f"INC{number:05d}"),
        title=values.pop("title", f"Ticket {number}"),
        body=values.pop("body", distinct_text(number)),
        category=values.pop("category", ("wan", "wireless", "routing")[number % 3]),
        state=values.pop("state", "SETTLED"),
        **values,
    )
    VerdictFactory(record=record, **verdict)
    return record


def settle_many(project: Project, count: int, start: int = 0) -> list[Record]:
    """`count` settled records over three levels, none of them the most severe."""
    return [settle(project, number) for number in range(start, start + count)]


def label_by_source(project: Project, source: Any, count: int) -> list[Record]:
    """Open records that carry one label each, from a source system."""
    records = [
        RecordFactory(
            project=project,
            body=distinct_text(number),
            category="",
            external_id=f"S{number}",
        )
        for number in range(count)
    ]
    for number, record in enumerate(records):
        ReviewFactory(
            record=record, reviewer=source, severity=LEVELS[number % 4], source="IMPORT"
        )
    return records
