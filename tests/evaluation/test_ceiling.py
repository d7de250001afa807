"""Raters and systems against the same peers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.ratings_table import RatingsTable
from evaluation.domain.ceiling import (
    Standing,
    credit_within_one,
    human_ceiling,
    stand,
)

_LEVELS = list("0123")


def _noisy(rng, truth, skill):
    off = rng.choice([-1, 1], truth.shape)
    given_levels = np.where(rng.random(truth.shape) < skill, truth, truth + off)
    return np.clip(given_levels, 0, 3)


def _panel(rng, tickets=150, raters=3, skill=0.8, missing=0.0):
    truth = rng.choice(4, tickets, p=[0.1, 0.2, 0.3, 0.4])
    labels = _noisy(rng, np.repeat(truth[:, None], raters, axis=1), skill)
    gone = rng.random(labels.shape) < missing
    matrix = [
        [None if out else str(level) for level, out in zip(row, blanks, strict=True)]
        for row, blanks in zip(labels.tolist(), gone.tolist(), strict=True)
    ]
    return truth, RatingsTable.from_matrix(matrix, _LEVELS)


def _model(levels):
    return {str(ticket): int(level) for ticket, level in enumerate(levels)}


def test_scores_are_the_ones_counted_by_hand():
    table = RatingsTable.from_matrix(
        [["0", "0", "1"], ["2", "3", None], ["1", None, None]], _LEVELS
    )

    ceiling = human_ceiling(table, {"0": 0, "1": 3, "2": 1})

    # Ticket 0: others of the first two tie 0/1, so each scores 1/2; the third scores 0.
    # Ticket 1: both miss. The system scores 1/2 + 1/2 + 1 and 1 + 0.
    assert ceiling.humans.value == pytest.approx(1 / 5)
    assert ceiling.system.value == pytest.approx(3 / 5)
    assert ceiling.difference.value == pytest.approx(2 / 5)
    assert ceiling.humans.n == 2


def test_a_system_as_good_as_a_rater_is_neither_above_nor_below():
    rng = np.random.default_rng(11)
    gaps = []
    for _ in range(300):
        truth, table = _panel(rng, tickets=80)
        extra_human = _noisy(rng, truth, 0.8)
        gaps.append(human_ceiling(table, _model(extra_human)).difference.value)

    error = np.std(gaps, ddof=1) / np.sqrt(len(gaps))
    assert abs(np.mean(gaps)) < 2.5 * error


def test_the_interval_of_the_difference_covers_what_it_should():
    rng = np.random.default_rng(12)
    covered = []
    for _ in range(300):
        truth, table = _panel(rng, tickets=60, missing=0.2)
        low, high = human_ceiling(table, _model(_noisy(rng, truth, 0.8))).difference.ci
        covered.append(low <= 0 <= high)

    assert 0.91 <= np.mean(covered) <= 0.985


@pytest.mark.parametrize(
    ("skill", "standing"),
    [(1.0, Standing.BETTER), (0.8, Standing.EQUIVALENT), (0.5, Standing.WORSE)],
)
def test_the_standing_follows_the_skill(skill, standing):
    rng = np.random.default_rng(3)
    truth, table = _panel(rng, tickets=1500)

    ceiling = human_ceiling(table, _model(_noisy(rng, truth, skill)))

    assert ceiling.standing is standing


def test_few_tickets_are_inconclusive():
    rng = np.random.default_rng(3)
    truth, table = _panel(rng, tickets=30)

    ceiling = human_ceiling(table, _model(_noisy(rng, truth, 0.8)))

    assert ceiling.standing is Standing.INCONCLUSIVE


def test_raters_alone_can_be_scored_without_a_system():
    _, table = _panel(np.random.default_rng(1))

    ceiling = human_ceiling(table)

    assert ceiling.system is None
    assert ceiling.difference is None
    assert "difference" not in ceiling.as_dict()
    assert 0.5 < ceiling.humans.value < 0.9


def test_tickets_without_an_answer_leave_both_sides():
    table = RatingsTable.from_matrix([["0", "0"], ["1", "2"]], _LEVELS)

    ceiling = human_ceiling(table, {"0": 0})

    assert ceiling.humans.value == ceiling.system.value == 1.0
    assert ceiling.humans.n == 1


def test_two_raters_a_ticket_are_called_pairwise_agreement():
    _, table = _panel(np.random.default_rng(1), raters=2)

    assert "pairwise agreement" in human_ceiling(table).notes[0]


@pytest.mark.parametrize(
    ("matrix", "tickets", "reason"),
    [
        ([["0", "0"]] + [["1", None]] * 3, None, "75% of the tickets"),
        ([["0", "0"]] * 4, 20, "80% of the tickets"),
        ([["0"], ["1"]], None, "Only one rater"),
    ],
    ids=["single labels", "unlabeled tickets", "one rater"],
)
def test_too_few_double_labels_refuse_the_panel(matrix, tickets, reason):
    table = RatingsTable.from_matrix(matrix, _LEVELS)

    ceiling = human_ceiling(table, {"0": 0}, n_tickets=tickets)

    assert ceiling.standing is Standing.UNDEFINED
    assert ceiling.humans.value is None
    assert ceiling.difference.reason.startswith(reason)


def test_a_system_that_answered_no_rated_ticket_is_undefined():
    _, table = _panel(np.random.default_rng(1))

    ceiling = human_ceiling(table, {"elsewhere": 1})

    assert ceiling.standing is Standing.UNDEFINED
    assert "answer of the system" in ceiling.humans.reason


def test_full_harmony_claims_no_certainty():
    table = RatingsTable.from_matrix([["1", "1"]] * 30, _LEVELS)

    ceiling = human_ceiling(table, {str(i): 1 for i in range(30)})

    assert ceiling.humans.value == 1.0
    assert ceiling.humans.ci[0] == pytest.approx(0.8865, abs=1e-3)
    assert ceiling.difference.value == 0
    assert ceiling.difference.ci[0] < -0.1
    assert ceiling.standing is Standing.INCONCLUSIVE


def test_incidents_widen_the_interval():
    rng = np.random.default_rng(3)
    truth, table = _panel(rng, tickets=20)
    model = _noisy(rng, truth, 0.6)
    repeated = RatingsTable(
        np.concatenate([table.items + 20 * k for k in range(6)]),
        np.tile(table.raters, 6),
        np.tile(table.codes, 6),
        tuple(str(i) for i in range(120)),
        table.rater_names,
        table.levels,
        table.values,
    )
    answers = _model(np.tile(model, 6))

    alone = human_ceiling(repeated, answers)
    grouped = human_ceiling(repeated, answers, clusters=np.tile(np.arange(20), 6))

    width = grouped.difference.ci[1] - grouped.difference.ci[0]
    assert width > 2 * (alone.difference.ci[1] - alone.difference.ci[0])
    assert grouped.difference.value == pytest.approx(alone.difference.value)


def test_credit_within_one_forgives_the_neighbour():
    table = RatingsTable.from_matrix([["0", "1"], ["0", "3"]], _LEVELS)

    ceiling = human_ceiling(
        table, {"0": 2, "1": 3}, credit=credit_within_one(len(_LEVELS))
    )

    # Raters agree within one on ticket 0 only; the system is within one of 1 and of 3.
    assert ceiling.humans.value == pytest.approx(1 / 2)
    assert ceiling.system.value == pytest.approx(1 / 2)


@given(st.floats(-1, 1), st.floats(0, 0.5), st.floats(0.01, 0.2))
def test_a_standing_follows_from_its_intervals(middle, half, margin):
    wide, narrow = (middle - half, middle + half), (middle - half, middle + half)

    standing = stand(wide, narrow, margin)

    assert (standing is Standing.BETTER) == (wide[0] > 0)
    assert standing is not Standing.EQUIVALENT or abs(middle) + half < margin + 1e-9
