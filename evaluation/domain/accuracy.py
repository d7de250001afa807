"""How well one system does against gold.

Accuracy alone flatters a system that always says "low", so it never stands alone:
macro-F1, quadratic kappa over the whole scale, recall of the most severe level and the
share of tickets taken too lightly stand beside it. The reference is whatever gold the
answers carry; whether that gold is any good is asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.domain.intervals import Figure
from annotation.domain.kappa import weighted_kappa
from annotation.domain.resampling import bca_bootstrap, sum_by_cluster
from annotation.domain.scale import Weights, agreement_weights
from evaluation.domain.answers import Answers, FloatArray, IntArray
from evaluation.domain.proportions import share


@dataclass(frozen=True, eq=False)
class SystemScore:
    """Every figure of one system; `confusion` has gold in rows, answers in columns.

    `critical_recall` and `under_triage` exist only where the levels are ordered.
    """

    accuracy: Figure
    macro_f1: Figure
    qwk: Figure
    recall: Mapping[str, Figure]
    precision: Mapping[str, Figure]
    confusion: IntArray
    critical_recall: Figure | None = None
    under_triage: Figure | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape: the three headline figures, then the rest."""
        shape: dict[str, Any] = {
            "accuracy": self.accuracy.as_dict(),
            "macro_f1": self.macro_f1.as_dict(),
            "qwk": self.qwk.as_dict(),
            "recall": {level: f.as_dict() for level, f in self.recall.items()},
            "precision": {level: f.as_dict() for level, f in self.precision.items()},
            "confusion": self.confusion.tolist(),
        }
        if self.critical_recall is not None:
            shape["critical_recall"] = self.critical_recall.as_dict()
        if self.under_triage is not None:
            shape["under_triage"] = self.under_triage.as_dict()
        return shape


def score_system(
    answers: Answers, system: str, rng: np.random.Generator
) -> SystemScore:
    """Compute every figure of one system."""
    given, gold = answers.systems[system], answers.gold
    groups, reference = answers.grouping, answers.reference
    hits = given == gold
    recall, precision = {}, {}
    for code, level in enumerate(answers.levels):
        named, meant = given == code, gold == code
        recall[level] = share(hits[meant], _of(groups, meant), rng, reference)
        precision[level] = share(hits[named], _of(groups, named), rng, reference)
    critical = recall[answers.levels[0]] if answers.ordered else None
    under = share(given > gold, groups, rng, reference) if answers.ordered else None
    return SystemScore(
        share(hits, groups, rng, reference),
        macro_f1(answers, system, rng),
        quadratic_kappa(answers, system, rng),
        recall,
        precision,
        confusion_matrix(gold, given, len(answers.levels)),
        critical,
        under,
    )


def _of(groups: IntArray | None, chosen: IntArray) -> IntArray | None:
    return None if groups is None else groups[chosen]


def confusion_matrix(gold: IntArray, given: IntArray, size: int) -> IntArray:
    """Count items by gold level (rows) and given level (columns), whole scale."""
    flat = np.bincount(gold * size + given, minlength=size * size)
    table: IntArray = flat.reshape(size, size)
    return table


def macro_f1(answers: Answers, system: str, rng: np.random.Generator) -> Figure:
    """Return the mean F1 over levels that gold or the system uses, with a BCa interval.

    Resamples incidents where there are any, else items.
    """
    size = len(answers.levels)
    cells = _cells(answers, system)

    def statistic(sums: FloatArray) -> FloatArray:
        return _macro_f1(sums.reshape(*sums.shape[:-1], size, size))

    return _resampled(answers, cells, statistic, rng, "macro-F1")


def quadratic_kappa(answers: Answers, system: str, rng: np.random.Generator) -> Figure:
    """Return Cohen's kappa with quadratic weights over the whole scale.

    The interval is Fleiss, Cohen and Everitt's, or a BCa bootstrap over incidents.
    """
    if not answers.ordered:
        reason = "The levels have no known order, which quadratic weights need."
        return Figure.undefined(
            answers.n_items, "quadratic weighted kappa", answers.reference, reason
        )
    size = len(answers.levels)
    weights = agreement_weights(Weights.QUADRATIC, answers.values)
    table = confusion_matrix(answers.gold, answers.systems[system], size)
    exact = weighted_kappa(table.astype(np.float64), weights, "quadratic")
    if answers.grouping is None or exact.value is None:
        return exact.figure(answers.reference)

    def statistic(sums: FloatArray) -> FloatArray:
        return _kappa(sums.reshape(*sums.shape[:-1], size, size), weights)

    return _resampled(
        answers, _cells(answers, system), statistic, rng, "quadratic weighted kappa"
    )


def _cells(answers: Answers, system: str) -> FloatArray:
    """Items x (gold, given): 1 in the cell where the item falls."""
    size = len(answers.levels)
    cells = np.zeros((answers.n_items, size * size))
    cells[np.arange(answers.n_items), answers.gold * size + answers.systems[system]] = 1
    return cells


def _resampled(
    answers: Answers,
    cells: FloatArray,
    statistic: Callable[[FloatArray], FloatArray],
    rng: np.random.Generator,
    name: str,
) -> Figure:
    n, reference = answers.n_items, answers.reference
    value = float(statistic(cells.sum(axis=0)))
    units = "items"
    if answers.grouping is not None:
        units = f"{answers.n_clusters} incidents"
    method = f"{name}, BCa bootstrap over {units}"
    if not np.isfinite(value):
        return Figure.undefined(n, method, reference, "There are no items.")
    drawn = bca_bootstrap(sum_by_cluster(cells, answers.grouping), statistic, rng)
    if drawn is None:
        reason = "The items do not vary, so resampling gives no interval."
        return Figure(value, None, n, method, reference, reason)
    ci = max(-1.0, drawn.ci[0]), min(1.0, drawn.ci[1])
    return Figure(value, ci, n, method, reference)


def _macro_f1(tables: FloatArray) -> FloatArray:
    """Mean F1 of tables (..., size, size) over the levels that occur in each."""
    right = np.diagonal(tables, axis1=-2, axis2=-1)
    either = tables.sum(axis=-1) + tables.sum(axis=-2)
    used = either > 0
    scores = np.divide(2 * right, either, out=np.zeros_like(either), where=used)
    levels = used.sum(axis=-1).astype(np.float64)
    mean: FloatArray = np.divide(
        scores.sum(axis=-1), levels, out=np.full_like(levels, np.nan), where=levels > 0
    )
    return mean


def _kappa(tables: FloatArray, weights: FloatArray) -> FloatArray:
    """Weighted kappa of tables (..., size, size), NaN where chance is complete."""
    total = tables.sum(axis=(-2, -1))
    rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
    disagreement = 1 - weights
    observed = (tables * disagreement).sum(axis=(-2, -1)) * total
    expected = ((rows @ disagreement) * columns).sum(axis=-1)
    ratio: FloatArray = np.divide(
        observed, expected, out=np.full_like(expected, np.nan), where=expected > 0
    )
    return 1 - ratio
