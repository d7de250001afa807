"""Macro-F1 of the ways that `train_cpu.py` compares, and their differences."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import train_sets

DRAWS = 2_000


@dataclass
class Way:
    """One way to a classifier: seconds, and answers to TEST, a list a seed."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    answers: list[list[int]] = field(default_factory=list)


def scores(sets: list[train_sets.Splits], way: Way) -> list[float]:
    """Macro-F1 on TEST, a figure a seed."""
    return [
        float(macro_f1(truth_of(one)[None], np.array(said)[None], len(one.labels))[0])
        for one, said in zip(sets, way.answers, strict=True)
    ]


def difference(sets: list[train_sets.Splits], ours: Way, other: Way) -> str:
    """Ours less the other in macro-F1: paired bootstrap over the TEST rows."""
    if ours is other:
        return ""
    rng = np.random.default_rng(1)
    drawn = np.zeros(DRAWS)
    for one, a, b in zip(sets, ours.answers, other.answers, strict=True):
        rows = rng.integers(0, len(one.test), (DRAWS, len(one.test)))
        truth = truth_of(one)[rows]
        drawn += macro_f1(truth, np.array(a)[rows], len(one.labels))
        drawn -= macro_f1(truth, np.array(b)[rows], len(one.labels))
    drawn /= len(sets)
    low, high = np.percentile(drawn, [2.5, 97.5])
    value = np.mean(scores(sets, ours)) - np.mean(scores(sets, other))
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"


def truth_of(one: train_sets.Splits) -> np.ndarray:
    """The labels of TEST as positions."""
    return np.array([one.labels.index(row["label"]) for row in one.test])


def macro_f1(truth: np.ndarray, said: np.ndarray, labels: int) -> np.ndarray:
    """Macro-F1 of each row of draws, over the labels that occur in its truth."""
    total, present = np.zeros(len(truth)), np.zeros(len(truth))
    for label in range(labels):
        is_label, is_said = truth == label, said == label
        hits = (is_label & is_said).sum(axis=1)
        both = is_label.sum(axis=1) + is_said.sum(axis=1)
        occurs = is_label.any(axis=1)
        total += np.where(occurs, 2 * hits / np.maximum(both, 1), 0.0)
        present += occurs
    return total / np.maximum(present, 1)
