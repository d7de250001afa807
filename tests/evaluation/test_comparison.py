"""Pairs of systems, their verdicts, and the report over all of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.domain.answers import Answers
from evaluation.domain.comparison import Verdict, compare_pair, decide
from evaluation.domain.comparison_report import compare_systems

_LEVELS = ("critical", "high", "medium", "low")


def _pair(wins, losses, ties, clusters=None, **options):
    right_a = np.repeat([0, 1, 1], [wins, losses, ties])
    right_b = np.repeat([1, 0, 1], [wins, losses, ties])
    gold = np.zeros(wins + losses + ties, dtype=np.intp)
    answers = Answers(
        gold,
        {"base": 1 - right_a, "tuned": 1 - right_b},
        _LEVELS,
        np.arange(4.0),
        "gold",
        clusters,
    )
    return compare_pair(answers, "base", "tuned", np.random.default_rng(1), **options)


def _noisy_answers(n=200, seed=1, systems=3):
    rng = np.random.default_rng(seed)
    gold = rng.choice(4, n, p=[0.1, 0.2, 0.3, 0.4])
    return Answers(
        gold,
        {
            f"v{v}": np.where(rng.random(n) < 0.5 + v / 10, gold, (gold + 1) % 4)
            for v in range(systems)
        },
        _LEVELS,
        np.arange(4.0),
        "gold",
    )


@pytest.mark.parametrize(
    ("wins", "losses", "ties", "verdict"),
    [
        (30, 5, 165, Verdict.IMPROVED),
        (5, 30, 165, Verdict.WORSE),
        (3, 3, 494, Verdict.NO_WORSE),
        (6, 5, 39, Verdict.INCONCLUSIVE),
        (0, 0, 1000, Verdict.NO_WORSE),
        (0, 0, 20, Verdict.INCONCLUSIVE),
    ],
)
def test_a_verdict_follows_from_wins_and_losses(wins, losses, ties, verdict):
    pair = _pair(wins, losses, ties)

    assert pair.verdict is verdict
    assert (pair.wins, pair.losses, pair.ties) == (wins, losses, ties)
    assert pair.test == "McNemar mid-p"


def test_four_wins_alone_are_not_called_an_improvement():
    pair = _pair(4, 0, 46)

    assert pair.difference.ci[0] > 0
    assert pair.p == pytest.approx(0.0625)
    assert pair.verdict is Verdict.NO_WORSE


def test_the_margin_decides_what_no_worse_means():
    assert _pair(5, 5, 190, margin=0.05).verdict is Verdict.NO_WORSE
    assert _pair(5, 5, 190, margin=0.01).verdict is Verdict.INCONCLUSIVE


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 1), st.floats(0.001, 0.2))
def test_a_verdict_never_contradicts_its_interval(one, other, p, margin):
    low, high = sorted((one, other))

    verdict = decide((low, high), p, margin)

    assert (verdict is Verdict.IMPROVED) == (low > 0 and p <= 0.05)
    assert verdict is not Verdict.WORSE or high < 0
    assert verdict is not Verdict.NO_WORSE or low > -margin


def test_without_an_interval_nothing_is_concluded():
    assert decide(None, 0.001, 0.05) is Verdict.INCONCLUSIVE


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 80))
def test_swapping_the_systems_swaps_the_result(wins, losses, ties):
    one, other = _pair(wins, losses, ties), _pair(losses, wins, ties)

    assert one.difference.value == pytest.approx(-other.difference.value)
    assert one.p == pytest.approx(other.p)
    assert one.mde == other.mde
    if one.verdict is Verdict.IMPROVED:
        assert other.verdict is Verdict.WORSE


def test_the_detectable_gain_stands_beside_every_pair():
    pair = _pair(6, 5, 89)

    assert pair.mde == pytest.approx(0.131, abs=5e-4)
    assert pair.items_needed > 1000
    assert "could show a gain of 13.1 points" in pair.sentence()


def test_too_few_tickets_can_show_nothing_at_all():
    pair = _pair(1, 0, 2)

    assert pair.mde is None
    assert "could show no gain at all" in pair.sentence()


def test_incidents_are_flipped_and_resampled_instead_of_tickets():
    # 40 wins, but all within 4 incidents of 10 tickets.
    clusters = np.concatenate([np.repeat(np.arange(4), 10), 4 + np.arange(160)])

    alone, grouped = _pair(40, 0, 160), _pair(40, 0, 160, clusters)

    assert alone.verdict is Verdict.IMPROVED
    assert grouped.test == "sign flip on incident sums, mid-p"
    assert grouped.p == pytest.approx(0.0625)
    assert grouped.verdict is not Verdict.IMPROVED
    assert grouped.mde > alone.mde


def test_incidents_that_all_agree_still_leave_doubt():
    clusters = np.repeat(np.arange(25), 4)

    pair = _pair(0, 0, 100, clusters)

    assert pair.difference.value == 0
    assert pair.difference.ci[0] == pytest.approx(-0.133, abs=1e-3)
    assert pair.verdict is Verdict.INCONCLUSIVE


def test_each_pair_is_compared_once_in_the_given_order():
    report = compare_systems(_noisy_answers(), np.random.default_rng(1))

    assert [(p.a, p.b) for p in report.pairs] == [
        ("v0", "v1"),
        ("v0", "v2"),
        ("v1", "v2"),
    ]
    assert list(report.systems) == ["v0", "v1", "v2"]


def test_the_same_seed_gives_the_same_report():
    first, second = (
        compare_systems(_noisy_answers(), np.random.default_rng(9)).as_dict()
        for _ in range(2)
    )

    assert first == second


def test_the_public_shape_of_a_pair_has_what_others_rely_on():
    shape = _pair(6, 5, 89).as_dict()

    assert {
        "a", "b", "wins", "losses", "ties", "difference", "p", "test", "mde", "verdict"
    } <= set(shape)  # fmt: skip
    assert shape["verdict"] == "inconclusive"
    assert shape["difference"]["reference"] == "gold"
    assert shape["difference"]["n"] == 100


def test_several_systems_get_an_omnibus_test_and_a_warning():
    two = compare_systems(_noisy_answers(systems=2), np.random.default_rng(1))
    three = compare_systems(_noisy_answers(n=2000), np.random.default_rng(1))

    assert two.omnibus is None
    assert three.omnibus.df == 2
    assert three.omnibus.p < 0.05
    assert any("3 comparisons" in warning for warning in three.warnings)


def test_equal_systems_have_no_omnibus_statistic():
    answers = _noisy_answers(systems=1)
    same = Answers(
        answers.gold,
        dict.fromkeys("abc", answers.systems["v0"]),
        _LEVELS,
        np.arange(4.0),
        "gold",
    )

    report = compare_systems(same, np.random.default_rng(1))

    assert report.omnibus.statistic is None
    assert "same tickets" in report.omnibus.reason


def test_what_the_numbers_cannot_carry_is_said():
    gold = np.array([0] * 3 + [3] * 57)
    answers = Answers(
        gold,
        {"always low": np.full(60, 3)},
        _LEVELS,
        np.arange(4.0),
        "gold",
        np.repeat(np.arange(12), 5),
    )

    rare, few, constant = compare_systems(answers, np.random.default_rng(1)).warnings

    assert "critical (3), high (0), medium (0)" in rare
    assert few.startswith("Only 12 incidents")
    assert constant == "always low always answers “low”."


def _figures(shape):
    if isinstance(shape, dict):
        if {"value", "ci", "reference"} <= set(shape):
            yield shape
        for part in shape.values():
            yield from _figures(part)
    elif isinstance(shape, list):
        for part in shape:
            yield from _figures(part)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(*[st.integers(0, 3)] * 3, st.integers(0, 4)), min_size=1, max_size=25
    ),
    st.booleans(),
)
def test_no_figure_of_a_report_is_a_bare_or_broken_number(rows, clustered):
    gold, a, b, clusters = (np.array(column) for column in zip(*rows, strict=True))
    answers = Answers(
        gold,
        {"a": a, "b": b},
        _LEVELS,
        np.arange(4.0),
        "gold",
        clusters if clustered else None,
    )

    shape = compare_systems(answers, np.random.default_rng(1)).as_dict()

    json.dumps(shape, allow_nan=False)
    for figure in _figures(shape):
        assert figure["ci"] is not None or figure["reason"]
        if figure["ci"] is not None:
            low, high = figure["ci"]
            assert low < high
