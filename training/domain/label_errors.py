"""Which labels are probably wrong: confident learning over out-of-sample probabilities.

A model that never saw an example says how likely each label is. An example counts as
confidently of a label when its probability reaches what is usual among the examples
that carry it, so a class on which the model is always timid is judged by its own
measure. Those counts say how many labels are wrong, and the ranking which. After
Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset
labels", JAIR 70 (2021). A doubt is shown to people; nothing here corrects a label.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.domain.intervals import Figure, share_figure, wilson
from annotation.domain.resampling import bca_bootstrap, sum_by_cluster
from training.domain.shuffling import seeded_order

FOLDS = 5
"""Parts of the cross-validation; a class in fewer groups than this is not judged."""

_ROUNDING = 1e-9

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Doubt:
    """One doubted label.

    at: position of the example. confidence: probability of the given label, the
    paper's self-confidence. suggested_probability: that of the likeliest label.
    """

    at: int
    given: int
    suggested: int
    confidence: float
    suggested_probability: float

    @property
    def margin(self) -> float:
        """The paper's normalized margin, below 0: how far the given label is behind."""
        return self.confidence - self.suggested_probability


@dataclass(frozen=True)
class LabelErrors:
    """What confident learning finds.

    thresholds: mean probability of each label among the examples that carry it, shape
    (k,); infinite for a label that nobody carries. joint: examples by given and by
    confident label, shape (k, k); who is confidently of no label is in no cell. noise:
    estimated share of wrong labels. doubts: the most doubtful first.
    """

    thresholds: Doubles
    joint: Integers
    noise: float
    doubts: list[Doubt]


def find_label_errors(labels: Integers, probabilities: Doubles) -> LabelErrors:
    """Rank the labels that a model contradicts, as many as it estimates to be wrong.

    labels: given labels as positions, shape (n,). probabilities: out of sample, rows
    sum to 1, shape (n, k). From the joint of given and confident labels follows how
    many examples with label i are of label j in truth; so many are doubted, those at
    which j leads i the most (the paper's pruning by noise rate), unless the given
    label is the likeliest after all. They are ordered by margin, the lowest first, then
    by self-confidence.

    Examples
    --------
    >>> given = np.array([0, 0, 1, 1])
    >>> said = np.array([[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]])
    >>> [doubt.at for doubt in find_label_errors(given, said).doubts]
    [1]
    """
    thresholds = _thresholds(labels, probabilities)
    joint = _confident_joint(labels, probabilities, thresholds)
    counts = np.bincount(labels, minlength=len(joint))
    calibrated = _calibrated(joint, counts)
    off = calibrated.sum() - np.trace(calibrated)
    doubted = _prune_by_noise_rate(labels, probabilities, calibrated)
    return LabelErrors(
        thresholds=thresholds,
        joint=joint,
        noise=float(off / max(1, len(labels))),
        doubts=_ranked(doubted, labels, probabilities),
    )


def _thresholds(labels: Integers, probabilities: Doubles) -> Doubles:
    k = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    sums = np.bincount(labels, weights=own, minlength=k)
    counts = np.bincount(labels, minlength=k)
    found = np.full(k, np.inf)
    np.divide(sums, counts, out=found, where=counts > 0)
    return found


def _confident_joint(
    labels: Integers, probabilities: Doubles, thresholds: Doubles
) -> Integers:
    """Count examples by given label and by the likeliest that reaches its threshold."""
    # A class whose members are all equally likely has exactly its threshold.
    reached = probabilities >= thresholds - _ROUNDING
    confident = np.where(reached, probabilities, -1.0).argmax(axis=1)
    sure = reached.any(axis=1)
    joint = np.zeros((len(thresholds), len(thresholds)), dtype=np.int64)
    np.add.at(joint, (labels[sure], confident[sure]), 1)
    return joint


def _calibrated(joint: Integers, counts: Integers) -> Doubles:
    """The joint with each row scaled to the examples that carry its label.

    The confident ones stand for all; a label without any stands for itself.
    """
    sure = joint.sum(axis=1, keepdims=True)
    shares = np.divide(joint, sure, out=np.eye(len(joint)), where=sure > 0)
    scaled: Doubles = shares * counts[:, None]
    return scaled


def _prune_by_noise_rate(
    labels: Integers, probabilities: Doubles, calibrated: Doubles
) -> NDArray[np.intp]:
    """Positions of the examples that the calibrated joint says are of another label."""
    chosen = np.zeros(len(labels), dtype=bool)
    for given, row in enumerate(calibrated):
        here = np.flatnonzero(labels == given)
        for other in np.flatnonzero(np.rint(row)):
            if other == given:
                continue
            lead = probabilities[here, other] - probabilities[here, given]
            order = np.argsort(-lead, kind="stable")
            chosen[here[order[: int(np.rint(row[other]))]]] = True
    return np.flatnonzero(chosen & (probabilities.argmax(axis=1) != labels))


def _ranked(
    doubted: NDArray[np.intp], labels: Integers, probabilities: Doubles
) -> list[Doubt]:
    """The doubts in order; suggested is the likeliest label."""
    given, likely = labels[doubted], probabilities[doubted].argmax(axis=1)
    own, best = probabilities[doubted, given], probabilities[doubted, likely]
    order = np.lexsort((doubted, own, own - best))
    return [
        Doubt(
            at=int(doubted[i]),
            given=int(given[i]),
            suggested=int(likely[i]),
            confidence=float(own[i]),
            suggested_probability=float(best[i]),
        )
        for i in order
    ]


def judged_labels(
    labels: Sequence[str], groups: Sequence[str], folds: int = FOLDS
) -> tuple[Counter[str], Counter[str]]:
    """Examples of the labels that can be judged, and of those that cannot.

    A label in fewer groups than there are folds would be missing from what some fold
    learns from, and every example of it would look wrong there.
    """
    where: dict[str, set[str]] = defaultdict(set)
    for label, group in zip(labels, groups, strict=True):
        where[label].add(group)
    counts = Counter(labels)
    enough = {label for label in counts if len(where[label]) >= folds}
    return (
        Counter({label: n for label, n in counts.items() if label in enough}),
        Counter({label: n for label, n in counts.items() if label not in enough}),
    )


def assign_folds(
    labels: Sequence[str], groups: Sequence[str], folds: int, seed: int
) -> Integers:
    """Give each example a fold from 0 to folds - 1; a group is never torn apart.

    Groups come in seeded order, large ones first. Each goes where the rarest of its
    labels stands least so far, then where the fewest examples are. Shape (n,).
    """
    members: dict[str, list[int]] = defaultdict(list)
    for at, group in enumerate(groups):
        members[group].append(at)
    order = seeded_order(members, seed, "folds")
    found = np.zeros(len(labels), dtype=np.int64)
    by_label: dict[str, list[int]] = defaultdict(lambda: [0] * folds)
    sizes, totals = [0] * folds, Counter(labels)
    for group in sorted(order, key=lambda name: -len(members[name])):
        own = Counter(labels[at] for at in members[group])
        rarest = min(own, key=lambda label: (totals[label], label))
        fold = min(range(folds), key=lambda f: (by_label[rarest][f], sizes[f], f))
        found[members[group]] = fold
        sizes[fold] += len(members[group])
        for label, count in own.items():
            by_label[label][fold] += count
    return found


def agreement(
    hits: NDArray[np.bool_], groups: Sequence[str], rng: np.random.Generator
) -> Figure:
    """How often the classifier names the given label, with groups as the units.

    Where every group is alike, Wilson over the groups stands in for the bootstrap:
    resampling would report certainty.
    """
    n, reference = len(hits), "given labels; each model never saw what it judges"
    if n == 0:
        return share_figure(0, 0, reference)
    _, clusters = np.unique(np.array(groups), return_inverse=True)
    rows = np.column_stack([hits, np.ones(n)]).astype(np.float64)
    sums = sum_by_cluster(rows, clusters)
    drawn = bca_bootstrap(sums, _ratio, rng)
    value = float(hits.mean())
    if drawn is None:
        ci = wilson(value * len(sums), len(sums))
        return Figure(value, ci, n, f"share, Wilson over {len(sums)} groups", reference)
    ci = max(0.0, drawn.ci[0]), min(1.0, drawn.ci[1])
    return Figure(value, ci, n, f"share, BCa over {len(sums)} groups", reference)


def _ratio(sums: Any) -> Any:
    return sums[..., 0] / sums[..., 1]
