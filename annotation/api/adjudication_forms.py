"""What adjudication takes and gives over HTTP: decisions, hearings, places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from annotation.domain.disagreement import Counts
from annotation.models import Record, Verdict
from annotation.querysets.adjudication import Place
from annotation.services import weighing
from netft_site.base.refusals import Refused

_CURSOR = re.compile(r"(\d)\.(-?\d{1,10})\.(\d{1,18})\Z")


class DecisionSerializer(serializers.Serializer):
    """A decision; ``expected`` is the ``version`` that the record was read with."""

    severity = serializers.CharField(max_length=40)
    root_cause = serializers.CharField(max_length=80, default="", allow_blank=True)
    reason = serializers.CharField(max_length=500, allow_blank=True)
    disagreement = serializers.ChoiceField(
        choices=Verdict.Disagreement.choices,
        default="",
        allow_blank=True,
        help_text="Needed where the answers differ.",
    )
    expected = serializers.CharField(max_length=80)


def waiting_json(one: weighing.Waiting) -> dict[str, Any]:
    """Return a record that waits, as it is listed."""
    record = one.record
    return {
        "id": record.pk,
        "external_id": record.external_id,
        "category": record.category,
        "because": record.queued_because if one.is_contested else "to be confirmed",
        "is_contested": one.is_contested,
        "most_severe_named": one.is_severe,
        "answered_by_you": one.is_own,
        "priority": record.priority,
    }


def hearing_json(record: Record, hearing: weighing.Hearing) -> dict[str, Any]:
    """Return a record with its answers, which carry no names."""
    answers = [
        {"answer": one.pop("name"), **one} for one in map(asdict, hearing.answers)
    ]
    return {
        "id": record.pk,
        "external_id": record.external_id,
        "state": record.state.lower(),
        "title": record.title,
        "body": record.body,
        "category": record.category,
        "answers": answers,
        "summary": hearing.summary,
        "levels_apart": hearing.apart,
        "differs": hearing.differs,
        "version": hearing.seen,
        "current": hearing.verdict and decision_json(hearing.verdict),
        "known_later": {"thread": record.thread, "resolution": record.resolution},
    }


def decision_json(verdict: Verdict) -> dict[str, Any]:
    """Return a decision."""
    return {
        "id": verdict.record_id,
        "verdict": verdict.pk,
        "severity": verdict.severity,
        "root_cause": verdict.root_cause,
        "method": verdict.method.lower(),
        "disagreement": verdict.disagreement,
        "reason": verdict.reason,
        "at": verdict.created_at.isoformat(),
    }


def counts_json(counts: Counts) -> Mapping[str, int]:
    """Return how many disagreements there are of each kind."""
    return {kind.lower(): counts[kind] for kind in Verdict.Disagreement.values}


def cursor_of(one: weighing.Waiting) -> str:
    """Return where the page after this record begins."""
    return ".".join(map(str, one.place))


def place_of(cursor: str) -> Place:
    """Read what `cursor_of` wrote.

    Raises:
        Refused: it did not (``bad_cursor``).
    """
    match = _CURSOR.match(cursor)
    if match is None:
        raise Refused("bad_cursor", "Take the cursor from the page before.")
    rank, priority, pk = map(int, match.groups())
    return rank, priority, pk
