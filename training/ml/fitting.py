"""Fitting a linear head, and the figures that DEV judges a model by.

The same logistic regression serves the TF-IDF baseline, the frozen-embedding baseline
and the first weights of a fine-tune's head, so step 0 of a fine-tune is the frozen
baseline.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from training.domain.hyperparameters import AUTO
from training.ml.data import Integers
from training.ml.heads import Doubles, LinearHead
from training.ml.outcomes import BadInput

_C_GRID = (0.1, 1.0, 10.0, 100.0)
_MAX_ITERATIONS = 1000


@dataclass(frozen=True)
class DevScores:
    """Mean cross-entropy in nats, accuracy, and F1 averaged over the labels that occur
    in the truth or in the answers.
    """

    loss: float
    accuracy: float
    macro_f1: float


def judge(scores: Doubles, labels: Integers) -> DevScores:
    """Compare scores (n, k) with the true labels (n,). Rows count equally."""
    logs = log_softmax(scores, axis=1)
    answers = scores.argmax(axis=1)
    return DevScores(
        loss=float(-logs[np.arange(len(labels)), labels].mean()),
        accuracy=float((answers == labels).mean()),
        macro_f1=float(f1_score(labels, answers, average="macro", zero_division=0)),
    )


def fit_head(
    train: tuple[Any, Integers],
    dev: tuple[Any, Integers],
    weights: Doubles,
    c: float | str,
) -> tuple[LinearHead, float]:
    """Fit multinomial logistic regression; returns the head and the C that it used.

    With C = auto the C of best macro-F1 on DEV, then of lowest loss. Raises BadInput
    where TRAIN holds one class only.
    """
    if len(np.unique(train[1])) < 2:
        raise BadInput(
            "one_class",
            "All rows of TRAIN have the same label.",
            "Label tickets of other classes first.",
        )
    grid = _C_GRID if c == AUTO else (float(c),)
    heads = [(_fit(*train, weights, value), value) for value in grid]
    if len(heads) == 1:
        return heads[0]
    return max(heads, key=lambda pair: _rank(judge(pair[0].scores(dev[0]), dev[1])))


def _rank(scores: DevScores) -> tuple[float, float]:
    return scores.macro_f1, -scores.loss


def _fit(x: Any, y: Integers, weights: Doubles, c: float) -> LinearHead:
    model = LogisticRegression(C=c, max_iter=_MAX_ITERATIONS)
    with warnings.catch_warnings():
        # A little short of the optimum is still a baseline; DEV judges it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, y, sample_weight=weights[y])
    weight, bias = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(model.classes_) == 2:
        # scikit-learn keeps one row for two classes; softmax wants one for each.
        weight, bias = np.vstack([-weight, weight]) / 2, np.hstack([-bias, bias]) / 2
    return _spread(weight, bias, model.classes_, len(weights), len(y))


def _spread(
    weight: Doubles, bias: Doubles, present: Integers, labels: int, rows: int
) -> LinearHead:
    """Rows for all labels: one never seen scores below every seen one's bias by the
    log-odds of a single row in all.
    """
    full = np.zeros((labels, weight.shape[1]))
    shift = np.full(labels, bias.min() - np.log(rows + 1))
    full[present], shift[present] = weight, bias
    return LinearHead(full, shift)
