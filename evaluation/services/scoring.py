"""From rows and answers to figures: one system alone, and several side by side.

Seeds are fixed and no figure depends on its company: what is computed again, alone or
in a comparison, is the same to the last digit. Incidents and near-duplicate clusters,
the groups of the split, are what intervals resample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluation.domain.accuracy import score_system
from evaluation.domain.answers import Answers
from evaluation.domain.slices import Slice, assess_slices
from training.domain.formats import Row

SEED = 20_260


def score_alone(
    *,
    rows: Sequence[Row],
    answers: Sequence[str],
    levels: Sequence[str],
    reference: str,
) -> dict[str, Any]:
    """Return the frozen report of one model: its figures and its slices."""
    sheet = answer_sheet(rows, {"model": answers}, levels, reference)
    score = score_system(sheet, "model", generator())
    return {
        "n_items": sheet.n_items,
        "n_clusters": sheet.n_clusters,
        "levels": list(levels),
        "reference": reference,
        **score.as_dict(),
        "slices": [found.as_dict() for found in slices_of(sheet, "model", rows)],
    }


def answer_sheet(
    rows: Sequence[Row],
    systems: Mapping[str, Sequence[str]],
    levels: Sequence[str],
    reference: str,
) -> Answers:
    """Put gold and the systems' labels of the same rows on one sheet."""
    return Answers.from_labels(
        [row.label for row in rows],
        systems,
        levels,
        reference=reference,
        clusters=[row.group or row.id for row in rows],
    )


def slices_of(sheet: Answers, system: str, rows: Sequence[Row]) -> list[Slice]:
    """Rate a system by category and by gold severity, weakest first."""
    return assess_slices(
        sheet.right(system),
        {
            "category": [category_of(row) for row in rows],
            "severity": [row.label for row in rows],
        },
        generator(),
        reference=sheet.reference,
        clusters=sheet.grouping,
    )


def category_of(row: Row) -> str:
    """Name the slice that a ticket falls into by category."""
    return row.category or "no category"


def generator() -> np.random.Generator:
    """A generator with the seed of all figures."""
    return np.random.default_rng(SEED)
