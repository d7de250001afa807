"""The public shape of a record's lineage, with no more than the caller may see."""

from __future__ import annotations

from typing import Any

from evaluation.models import Evaluation
from evaluation.services.lineage_parts import Appearance, Lineage, RunTouched, Scored


def shape_of(lineage: Lineage, *, runs: bool, evaluations: bool) -> dict[str, Any]:
    """Return a lineage as plain values; moments in ISO 8601.

    runs, evaluations: whether those parts are told; None stands in their place.
    """
    return {
        "record": lineage.record.external_id,
        "verdicts": [
            {
                "id": one.pk,
                "severity": one.severity,
                "root_cause": one.root_cause,
                "method": one.method,
                "grade": one.grade,
                "is_current": one.is_current,
                "at": one.created_at.isoformat(),
            }
            for one in lineage.verdicts
        ],
        "examples": [_appearance(one) for one in lineage.appearances],
        "runs": [_run(one) for one in lineage.runs] if runs else None,
        "learned": list(lineage.learned) if runs else None,
        "scored": [_scored(one) for one in lineage.scored] if evaluations else None,
        "measured": [_named(one) for one in lineage.measured] if evaluations else None,
    }


def _appearance(one: Appearance) -> dict[str, Any]:
    return {
        "dataset": one.dataset.reference,
        "task": one.task,
        "split": one.split,
        "rows": one.copies,
        "label": one.label,
        "is_stale": one.is_stale,
        "method": one.method,
        "grade": one.grade,
        "verdict": one.verdict,
        "reviews": None
        if one.reviews is None
        else [{"id": pk, "guidelines": version} for pk, version in one.reviews],
        "ruleset": one.ruleset,
        "frozen_at": one.frozen_at.isoformat(),
    }


def _run(one: RunTouched) -> dict[str, Any]:
    return {
        "id": one.run.pk,
        "dataset": one.run.dataset.reference,
        "split": one.split,
        "rows": one.rows,
        "use": one.use,
        "models": list(one.models),
    }


def _scored(one: Scored) -> dict[str, Any]:
    return {
        **_named(one.evaluation),
        "gold": one.gold,
        "answer": one.answer,
        "n": one.items,
        "accuracy": one.accuracy,
        "accuracy_now": one.accuracy_now,
        "accuracy_at_most_changed": one.most_changed,
    }


def _named(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "evaluation": evaluation.pk,
        "model": evaluation.model_version.name,
        "dataset": evaluation.dataset.reference,
        "split": evaluation.split,
    }
