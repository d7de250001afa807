"""TRAIN and DEV as every training reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from training.domain.hyperparameters import (
    AUTO,
    BaselineHyperparameters,
    Hyperparameters,
)
from training.domain.job_spec import TrainSpec
from training.domain.run_files import Phase
from training.ml.callbacks import Run
from training.ml.data import Integers, Rows, read_rows, refuse_overlap
from training.ml.heads import Doubles

# Classes are weighted by default only beyond this ratio of largest to smallest.
_IMBALANCE = 3.0


@dataclass(frozen=True)
class Splits:
    """TRAIN and DEV with the weight of each class."""

    train: Rows
    dev: Rows
    weights: Doubles


def read_splits(spec: TrainSpec, run: Run) -> Splits:
    """Both splits, verified. Warns of labels that TRAIN never shows."""
    run.reporter.state(Phase.VERIFYING)
    train = read_rows(run.path(spec.train.path), spec.train, spec.labels, "TRAIN")
    dev = read_rows(run.path(spec.dev.path), spec.dev, spec.labels, "DEV")
    refuse_overlap(train, dev)
    counts = np.bincount(train.labels, minlength=len(spec.labels))
    absent = [label for label, n in zip(spec.labels, counts, strict=True) if n == 0]
    if absent:
        names = ", ".join(absent)
        run.reporter.log(f"No row of TRAIN has the label {names}.", level="warning")
    settings = cast(Hyperparameters | BaselineHyperparameters, spec.hyperparameters)
    weights = class_weights(counts, settings.class_weights)
    return Splits(train, dev, weights)


def class_weights(counts: Integers, mode: str) -> Doubles:
    """Weight of each class in the loss, shape (k,); an absent class gets 1.

    Weighted rows sum to the number of rows, so a learning rate keeps its meaning.
    auto is the effective number of samples (1 - beta^n) / (1 - beta) of Cui et al.
    2019 with their beta = (N - 1) / N, N the rows; balanced is 1 / n.
    """
    present = counts > 0
    weights = np.ones(len(counts))
    if mode == AUTO and counts.max() <= _IMBALANCE * counts[present].min():
        return weights
    if mode == "none":
        return weights
    total = counts.sum()
    if mode == AUTO:
        beta = (total - 1) / total
        raw = (1 - beta) / (1 - beta ** counts[present])
    else:
        raw = 1 / counts[present]
    weights[present] = raw * total / (raw * counts[present]).sum()
    return weights
