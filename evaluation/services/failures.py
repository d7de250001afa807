"""The tickets behind the figures: what a model got wrong, and what others said.

Rows come in the order in which they teach most: tickets of weak slices first, then
the model's most confident mistakes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from annotation.models import Record, Review
from evaluation.models import Evaluation, Prediction
from evaluation.services import scoring
from evaluation.services.reporting import Comparison

SHOWN = 50


@dataclass(frozen=True)
class Failure:
    """One ticket that the model in focus got wrong.

    ``answers`` are the labels of the other models by their short label, ``said`` how
    many reviewers named which level, most severe first; ``confidence`` is the model's
    probability of its answer.
    """

    record: Record | None
    external_id: str
    category: str
    gold: str
    answer: str
    confidence: float | None
    answers: dict[str, str]
    said: tuple[tuple[str, int], ...]
    is_weak: bool


def failures_of(*, comparison: Comparison, limit: int = SHOWN) -> list[Failure]:
    """The mistakes of the model in focus, at most ``limit``."""
    category = {row.id: scoring.category_of(row) for row in comparison.gold.rows}
    weak = {found.value for found in comparison.weak if found.dimension == "category"}
    wrong = sorted(
        _wrong(comparison),
        key=lambda one: (category[one.item_key] not in weak, -_confidence(one)),
    )
    shown = wrong[:limit]
    answers = _answers(comparison)
    ids = [one.record_id for one in shown if one.record_id]
    records = Record.objects.only("id", "title").in_bulk(ids)
    said = _said(ids)
    return [
        Failure(
            record=records.get(one.record_id),
            external_id=one.item_key,
            category=category[one.item_key],
            gold=one.gold,
            answer=one.severity,
            confidence=one.probabilities.get(one.severity),
            answers={name: given[one.item_key] for name, given in answers.items()},
            said=_in_order(said[one.record_id], comparison.sheet.levels),
            is_weak=category[one.item_key] in weak,
        )
        for one in shown
    ]


def _wrong(comparison: Comparison) -> list[Prediction]:
    evaluation = (
        Evaluation.objects.done()
        .filter(
            model_version__in=comparison.models,
            model_version__name=comparison.focus,
            dataset=comparison.dataset,
            split=comparison.split,
            gold_sha256=comparison.gold.sha256,
        )
        .get()
    )
    return list(evaluation.predictions.wrong())


def _confidence(prediction: Prediction) -> float:
    return float(prediction.probabilities.get(prediction.severity, 0.0))


def _answers(comparison: Comparison) -> dict[str, dict[str, str]]:
    """What the other models answered: by their label, then by ticket."""
    sheet = comparison.sheet
    items = [row.id for row in comparison.gold.rows]
    return {
        comparison.labels[name]: {
            item: sheet.levels[code] for item, code in zip(items, codes, strict=True)
        }
        for name, codes in sheet.systems.items()
        if name != comparison.focus
    }


def _said(records: list[int]) -> dict[int | None, Counter[str]]:
    said: dict[int | None, Counter[str]] = defaultdict(Counter)
    reviews = Review.objects.independent_first_pass().filter(record__in=records)
    for record, severity in reviews.values_list("record_id", "severity"):
        said[record][severity] += 1
    return said


def _in_order(
    said: Counter[str], levels: tuple[str, ...]
) -> tuple[tuple[str, int], ...]:
    return tuple((level, said[level]) for level in levels if said[level])
