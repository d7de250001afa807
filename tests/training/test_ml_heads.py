from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from training.ml.fitting import fit_head, judge
from training.ml.heads import LinearHead, probabilities
from training.ml.outcomes import BadInput
from training.ml.splits import class_weights


def blobs(counts, seed=0):
    """Points around one centre a class, shape (n, 4), with their classes."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    centres = np.random.default_rng(99).normal(size=(len(counts), 4))
    return centres[labels] + rng.normal(size=(len(labels), 4)), labels


def test_effective_number_weights_are_those_of_the_paper():
    # beta = 99/100; E(80) = 55.2478..., E(20) = 18.2093... (Cui et al. 2019, eq. 2),
    # then scaled so that 80 w0 + 20 w1 = 100.
    e80, e20 = (1 - 0.99**80) / 0.01, (1 - 0.99**20) / 0.01
    scale = 100 / (80 / e80 + 20 / e20)

    weights = class_weights(np.array([80, 20]), "auto")

    assert weights == pytest.approx([scale / e80, scale / e20])
    assert weights[1] / weights[0] == pytest.approx(e80 / e20)


@pytest.mark.parametrize(
    ("counts", "mode", "expected"),
    [
        ([30, 10], "auto", [1, 1]),
        ([30, 10, 0], "auto", [1, 1, 1]),
        ([80, 20], "none", [1, 1]),
        ([80, 20], "balanced", [0.625, 2.5]),
        ([80, 20, 0], "balanced", [0.625, 2.5, 1]),
    ],
)
def test_classes_are_weighted_as_asked(counts, mode, expected):
    assert class_weights(np.array(counts), mode) == pytest.approx(expected)


def test_two_classes_give_the_probabilities_of_the_binary_regression():
    x, y = blobs([30, 20])
    weights = class_weights(np.bincount(y), "balanced")

    head, c = fit_head((x, y), (x, y), weights, 1.0)

    reference = LogisticRegression(C=1.0, max_iter=1000)
    reference.fit(x, y, sample_weight=weights[y])
    assert c == 1.0
    assert probabilities(head.scores(x)) == pytest.approx(reference.predict_proba(x))


def test_many_classes_give_the_probabilities_of_the_multinomial_regression():
    x, y = blobs([30, 20, 25])

    head, _ = fit_head((x, y), (x, y), np.ones(3), 1.0)

    reference = LogisticRegression(C=1.0, max_iter=1000).fit(x, y)
    assert probabilities(head.scores(x)) == pytest.approx(reference.predict_proba(x))


def test_a_label_never_seen_is_never_answered():
    x, y = blobs([30, 0, 25])

    head, _ = fit_head((x, y), (x, y), np.ones(3), 1.0)

    shares = probabilities(head.scores(x))
    assert shares[:, 1].max() < 0.1
    assert 1 not in shares.argmax(axis=1)


def test_the_penalty_is_the_one_that_dev_likes_best():
    train, dev = blobs([20, 20, 20], seed=1), blobs([40, 40, 40], seed=2)

    head, chosen = fit_head(train, dev, np.ones(3), "auto")

    rivals = [fit_head(train, dev, np.ones(3), c)[0] for c in (0.1, 1.0, 10.0, 100.0)]
    figures = [judge(rival.scores(dev[0]), dev[1]) for rival in rivals]
    best = max(figures, key=lambda f: (f.macro_f1, -f.loss))
    assert judge(head.scores(dev[0]), dev[1]) == best
    assert chosen in (0.1, 1.0, 10.0, 100.0)


def test_a_single_class_is_refused_with_advice():
    x, y = blobs([30, 0])

    with pytest.raises(BadInput) as refusal:
        fit_head((x, y), (x, y), np.ones(2), 1.0)

    assert refusal.value.code == "one_class"
    assert refusal.value.advice


def test_figures_on_dev_by_hand():
    # Truth 0 0 1 1, answers 0 1 1 1: F1 of class 0 is 2/3, of class 1 is 4/5.
    scores = np.log([[0.8, 0.2], [0.4, 0.6], [0.1, 0.9], [0.3, 0.7]])

    figures = judge(scores, np.array([0, 0, 1, 1]))

    assert figures.accuracy == 0.75
    assert figures.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert figures.loss == pytest.approx(-np.log([0.8, 0.4, 0.9, 0.7]).mean())


def test_scores_are_linear():
    head = LinearHead(np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([0.5, 0.0]))

    assert head.scores(np.array([[2.0, 3.0]])).tolist() == [[8.5, -3.0]]
