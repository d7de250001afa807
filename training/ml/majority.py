"""The majority baseline: how often TRAIN shows each label, whatever the text says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.domain.job_spec import BaselineMethod, TrainSpec
from training.ml.artifacts import Card
from training.ml.callbacks import Run
from training.ml.heads import Doubles
from training.ml.results import Fitted
from training.ml.splits import read_splits

# Keeps the log of an absent label finite.
_SHARE_FLOOR = 1e-9


def fit(spec: TrainSpec, run: Run) -> Fitted:
    """Count the labels of TRAIN. Raises BadInput."""
    splits = read_splits(spec, run)
    counts = np.bincount(splits.train.labels, minlength=len(spec.labels))
    shares = counts / counts.sum()
    card = Card(
        BaselineMethod.MAJORITY, spec.labels, shares=tuple(float(s) for s in shares)
    )
    dev_scores = majority_scores(card, len(splits.dev.ids))
    return Fitted(splits, card, _add_nothing, dev_scores)


def majority_scores(card: Card, rows: int) -> Doubles:
    """The log share of each label in TRAIN for every row, shape (rows, k).

    Of equally frequent labels the more severe one is answered.
    """
    shares = np.array(card.shares)
    logs = np.log(np.maximum(shares, _SHARE_FLOOR))
    return np.tile(logs, (rows, 1))


def _add_nothing(folder: Path) -> None:
    """The card says it all."""
