"""A reviewer beside peers: a worked example, and what must hold for any answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.confusion import confusion, disagreements, reference_of
from annotation.domain.reviewer_quality import (
    Answer,
    Comparison,
    Decision,
    bias,
    bias_words,
    by_peer,
    compared,
    evident,
    exact_agreement,
    weighted_agreement,
)

ANNA, BELA, CORA = 1, 2, 3
LEVELS = 4


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@st.composite
def answers(draw: st.DrawFn) -> list[Answer]:
    """Up to four raters on up to twelve records in a few incidents."""
    found = []
    for item in range(draw(st.integers(1, 12))):
        cluster = draw(st.sampled_from(["", "a", "b"]))
        for rater in draw(st.sets(st.integers(1, 4), min_size=1)):
            level = draw(st.integers(0, LEVELS - 1))
            found.append(Answer(item, rater, level, cluster))
    return found


@pytest.fixture
def worked() -> dict[int, tuple[Comparison, ...]]:
    """Four records: (Anna; Bela, Cora) = (0; 0, 0), (1; 2, -), (1; 1, 2), (0; -, 1)."""
    rows = [(1, 0, 0, 0), (2, 1, 2, None), (3, 1, 1, 2), (4, 0, None, 1)]
    given_answers = [
        Answer(item, rater, level)
        for item, *levels in rows
        for rater, level in zip((ANNA, BELA, CORA), levels, strict=True)
        if level is not None
    ]
    return compared(given_answers)


def test_the_worked_example_is_what_a_hand_computes(worked):
    anna = worked[ANNA]

    # Agreeing peers: 1, 0, 1/2, 0; leans: 0, 1, 1/2, 1.
    assert exact_agreement(anna, rng()).value == pytest.approx(1.5 / 4)
    assert bias(anna).value == pytest.approx(2.5 / 4)
    # Squared distances seen 2.5/4, by chance (2 x 7.5 + 2 x 2.5)/16.
    weighted = weighted_agreement(anna, LEVELS, rng())
    assert weighted.value == pytest.approx(1 - (2.5 / 4) / (20 / 16))
    assert exact_agreement(by_peer(anna)[BELA], rng()).value == pytest.approx(2 / 3)


def test_the_confusion_leaves_split_peers_and_own_decisions_out(worked):
    decided = {2: Decision(level=3, by=BELA), 4: Decision(level=0, by=ANNA)}

    found = confusion(worked[ANNA], decided, rater=ANNA, size=LEVELS)

    # Record 1: peers say 0. Record 2: Bela decided 3. Record 3: peers are split.
    # Record 4: Anna's own decision does not count, Cora says 1.
    assert found.counts == ((1, 0, 0, 0), (1, 0, 0, 0), (0, 0, 0, 0), (0, 1, 0, 0))
    assert (found.n, found.without_reference) == (3, 1)


def test_the_widest_disagreement_comes_first(worked):
    decided = {2: Decision(level=3, by=BELA)}

    found = disagreements(worked[ANNA], decided, rater=ANNA)

    assert [one.item for one in found] == [2, 4]


@given(answers())
def test_who_always_agrees_is_at_one_without_bias(rows):
    same = [replace(one, level=one.item % LEVELS) for one in rows]

    for comparisons in compared(same).values():
        exact, lean = exact_agreement(comparisons, rng()), bias(comparisons)
        weighted = weighted_agreement(comparisons, LEVELS, rng())
        assert exact.value == 1
        assert exact.ci is None or exact.ci[0] < 1
        assert lean.value == 0
        assert weighted.value in (None, pytest.approx(1))


@given(answers(), st.permutations(range(LEVELS)))
def test_renaming_the_levels_leaves_exact_agreement_alone(rows, names):
    renamed = [replace(one, level=names[one.level]) for one in rows]
    before, after = compared(rows), compared(renamed)

    for rater, comparisons in before.items():
        first = exact_agreement(comparisons, rng())
        assert exact_agreement(after[rater], rng()) == first


@given(answers())
def test_turning_the_scale_around_turns_the_bias_and_keeps_kappa(rows):
    turned = compared([replace(r, level=LEVELS - 1 - r.level) for r in rows])

    for rater, comparisons in compared(rows).items():
        assert bias(turned[rater]).value == pytest.approx(-_value(bias(comparisons)))
        kappa = weighted_agreement(comparisons, LEVELS, rng()).value
        other = weighted_agreement(turned[rater], LEVELS, rng()).value
        assert other == (None if kappa is None else pytest.approx(kappa))


@given(answers())
def test_one_against_another_is_the_other_with_its_sign_turned(rows):
    pair = compared([one for one in rows if one.rater in (ANNA, BELA)])
    if pair:
        anna, bela = bias(pair[ANNA]), bias(pair[BELA])
        assert anna.value == pytest.approx(-_value(bela))
        if anna.ci:
            assert anna.ci == pytest.approx((-bela.ci[1], -bela.ci[0]))


@given(answers(), st.integers(0, LEVELS - 1))
def test_a_reference_never_rests_on_ones_own_vote(rows, other):
    decided = {one.item: Decision(one.level, one.rater) for one in rows}
    changed = [replace(one, level=other) if one.rater == ANNA else one for one in rows]
    before = [reference_of(c, decided.get(c.item), ANNA) for c in _anna(rows)]
    decided |= {
        item: Decision(other, ANNA) for item, d in decided.items() if d.by == ANNA
    }

    after = [reference_of(c, decided.get(c.item), ANNA) for c in _anna(changed)]

    assert after == before


@given(answers())
def test_values_lie_within_their_bounds_and_intervals(rows):
    for comparisons in compared(rows).values():
        exact = exact_agreement(comparisons, rng())
        assert 0 <= exact.value <= 1
        assert abs(_value(bias(comparisons))) <= LEVELS - 1
        for figure in (exact, bias(comparisons)):
            assert figure.n == len(comparisons)
            assert figure.ci or figure.reason


@given(answers())
def test_every_answer_is_in_the_confusion_or_counted_out(rows):
    for rater, comparisons in compared(rows).items():
        found = confusion(comparisons, {}, rater=rater, size=LEVELS)
        assert found.n + found.without_reference == len(comparisons)


def test_tickets_of_one_incident_count_as_one():
    def agreeing(clusters: Sequence[str]) -> tuple[float, float]:
        rows = [
            Comparison(item, item % 3 % 2, ((BELA, 0),), cluster)
            for item, cluster in enumerate(clusters)
        ]
        low, high = exact_agreement(rows, rng()).ci
        return low, high

    alone = agreeing([""] * 60)
    together = agreeing([f"storm {n % 3}{n // 15}" for n in range(60)])

    assert together[1] - together[0] > 1.2 * (alone[1] - alone[0])


def test_one_incident_gives_no_interval():
    rows = [Comparison(n, n % 2, ((BELA, 0),), "outage") for n in range(30)]

    for figure in (exact_agreement(rows, rng()), bias(rows)):
        assert figure.ci is None
        assert "one incident" in figure.reason


def test_nothing_to_compare_explains_itself():
    assert compared([Answer(1, ANNA, 0), Answer(2, BELA, 0)]) == {}
    figures = (
        exact_agreement([], rng()),
        weighted_agreement([], LEVELS, rng()),
        bias([]),
    )
    for figure in figures:
        assert figure.value is None
        assert "No peer" in figure.reason


def test_nineteen_answers_say_nothing_and_twenty_do():
    rows = [Comparison(n, n % 2, ((BELA, 0),)) for n in range(20)]

    few = evident(exact_agreement(rows[:19], rng()))

    assert few.value is None
    assert few.reason == "Too few answers to say: 19 of at least 20."
    assert evident(exact_agreement(rows, rng())).value == 0.5


def test_a_bias_is_said_in_words():
    severe = [Comparison(n, 0, ((BELA, n % 3 % 2),)) for n in range(60)]
    none = [Comparison(n, n % 2, ((BELA, (n + 1) % 2),)) for n in range(60)]

    assert bias_words(bias(severe)) == (
        "calls tickets 0.3 levels more severe than peers"
    )
    assert bias_words(bias(none)).startswith("no lean")
    assert "No peer" in bias_words(bias([]))


def _anna(rows: list[Answer]) -> tuple[Comparison, ...]:
    return compared(rows).get(ANNA, ())


def _value(figure) -> float:
    assert figure.value is not None
    return figure.value
