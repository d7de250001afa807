"""Scores of one system against an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from evaluation.domain.accuracy import confusion_matrix, score_system
from evaluation.domain.answers import Answers

_LEVELS = ("critical", "high", "medium", "low")


def _answers(gold, given_levels, clusters=None, *, levels=_LEVELS, ordered=True):
    return Answers(
        np.asarray(gold, dtype=np.intp),
        {"model": np.asarray(given_levels, dtype=np.intp)},
        tuple(levels),
        np.arange(len(levels), dtype=float),
        "gold",
        None if clusters is None else np.asarray(clusters, dtype=np.intp),
        ordered,
    )


def _score(*arguments, **options):
    return score_system(
        _answers(*arguments, **options), "model", np.random.default_rng(1)
    )


_codes = st.integers(0, 3)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(_codes, _codes), min_size=2, max_size=60))
def test_scores_are_those_of_an_independent_implementation(pairs):
    gold, predicted = (list(column) for column in zip(*pairs, strict=True))

    score = _score(gold, predicted)

    assert score.accuracy.value == pytest.approx(
        metrics.accuracy_score(gold, predicted)
    )
    assert score.macro_f1.value == pytest.approx(
        metrics.f1_score(gold, predicted, average="macro")
    )
    assert np.array_equal(
        score.confusion, metrics.confusion_matrix(gold, predicted, labels=range(4))
    )
    for code, level in enumerate(_LEVELS):
        for found, reference in (
            (score.recall, metrics.recall_score),
            (score.precision, metrics.precision_score),
        ):
            if found[level].value is not None:
                assert found[level].value == pytest.approx(
                    reference(gold, predicted, labels=[code], average="macro")
                )
    if score.qwk.value is not None:
        assert score.qwk.value == pytest.approx(
            metrics.cohen_kappa_score(
                gold, predicted, labels=range(4), weights="quadratic"
            ),
            abs=1e-9,
        )


def test_quadratic_kappa_takes_the_whole_scale_even_where_a_level_is_unused():
    gold = [0, 0, 3, 3, 3, 0]
    predicted = [0, 3, 3, 3, 0, 0]

    narrow = _score([x // 3 for x in gold], [x // 3 for x in predicted], levels="ab")
    wide = _score(gold, predicted)

    assert wide.qwk.value == pytest.approx(narrow.qwk.value)
    assert wide.confusion.shape == (4, 4)


def test_taking_a_ticket_too_lightly_counts_as_under_triage():
    score = _score([0, 0, 1, 3, 3], [0, 2, 1, 0, 1])

    assert score.under_triage.value == pytest.approx(1 / 5)
    assert score.critical_recall.value == pytest.approx(1 / 2)
    assert score.critical_recall.n == 2


def test_levels_without_an_order_have_neither_kappa_nor_under_triage():
    score = _score([0, 1], [1, 1], ordered=False)

    assert score.qwk.value is None
    assert score.under_triage is None
    assert score.critical_recall is None
    assert "critical_recall" not in score.as_dict()


def test_a_level_that_gold_never_has_says_so_instead_of_a_recall():
    score = _score([3, 3, 2], [3, 3, 3])

    assert score.critical_recall.value is None
    assert score.critical_recall.reason == "There are no units."


def test_a_system_that_always_says_low_gets_no_kappa_interval_but_a_reason():
    score = _score([0, 1, 2, 3] * 10, [3] * 40)

    assert score.accuracy.value == pytest.approx(0.25)
    assert score.macro_f1.value == pytest.approx(0.1)
    assert score.qwk.value == pytest.approx(0)
    assert score.qwk.ci is None
    assert "single level" in score.qwk.reason


def test_incidents_of_several_tickets_widen_every_interval():
    rng = np.random.default_rng(6)
    gold = np.repeat(rng.integers(0, 4, 40), 6)
    predicted = np.where(np.repeat(rng.random(40), 6) < 0.7, gold, (gold + 1) % 4)
    clusters = np.repeat(np.arange(40), 6)

    alone = _score(gold, predicted)
    grouped = _score(gold, predicted, clusters)

    for name in ("accuracy", "macro_f1", "qwk"):
        one, other = getattr(alone, name), getattr(grouped, name)
        assert one.value == pytest.approx(other.value)
        assert other.ci[1] - other.ci[0] > 1.5 * (one.ci[1] - one.ci[0])
        assert "40 incidents" in other.method


def test_single_tickets_as_clusters_change_nothing():
    gold, predicted = [0, 1, 2, 3] * 5, [0, 1, 2, 2] * 5

    plain = _score(gold, predicted)
    grouped = _score(gold, predicted, list(range(20)))

    assert plain.as_dict() == grouped.as_dict()


def test_incidents_that_are_all_answered_right_claim_no_certainty():
    score = _score([0, 1] * 10, [0, 1] * 10, np.repeat(np.arange(10), 2))

    assert score.accuracy.value == 1.0
    assert score.accuracy.ci[0] == pytest.approx(0.7225, abs=1e-4)
    assert score.macro_f1.ci is None
    assert score.macro_f1.reason


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="same items"):
        _answers([0, 1], [0])


def test_the_confusion_matrix_has_gold_in_rows():
    table = confusion_matrix(np.array([0, 0, 1]), np.array([1, 1, 0]), 2)

    assert table.tolist() == [[0, 2], [1, 0]]
