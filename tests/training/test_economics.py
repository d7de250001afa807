"""What training and answering cost: a worked example, and what always holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.domain.economics import (
    Unit,
    break_even_months,
    cost_per_success,
    gpu_training_cost,
    return_on_investment,
    token_training_cost,
)
from training.domain.ranges import Range, RangeError, read_decimal, spread, uniforms
from training.domain.scenario import (
    Item,
    Scenario,
    ScenarioError,
    outcome,
)
from training.domain.side_by_side import Assumptions, likely_of, side_by_side

SMALL, TUNED = Item("acme", "small"), Item("acme", "small-tuned")
LARGE, ENGINEER = Item("acme", "large"), Item("own team", "engineer")
GPU = Item("own rack", "card")
# Illustrative prices per million tokens; nobody's price list.
RATES = {
    (SMALL, Unit.INPUT): Decimal("0.15"),
    (SMALL, Unit.CACHED_INPUT): Decimal("0.075"),
    (SMALL, Unit.OUTPUT): Decimal("0.60"),
    (TUNED, Unit.INPUT): Decimal("0.30"),
    (TUNED, Unit.OUTPUT): Decimal("1.20"),
    (TUNED, Unit.TRAINING): Decimal(3),
    (LARGE, Unit.INPUT): Decimal("2.50"),
    (LARGE, Unit.OUTPUT): Decimal(10),
    (ENGINEER, Unit.PERSON_HOUR): Decimal(40),
    (GPU, Unit.GPU_HOUR): Decimal(2),
}
REQUESTS = Range.exactly(50_000)


def scenario(item: Item, kind: str = "TODAY", **inputs: Any) -> Scenario:
    usual = {"prompt_tokens": 1800, "answer_tokens": 250}
    return Scenario.parse({"kind": kind, "answers_by": item, **usual, **inputs})


BASE = scenario(SMALL)
CACHED = scenario(SMALL, cached_tokens=1500)
BIG = scenario(LARGE)
TRAINED: dict[str, Any] = {
    "kind": "FINE_TUNED",
    "prompt_tokens": 300,
    "billing": "TOKENS",
    "training_tokens": 2000 * 800,
    "epochs": 3,
}
FINE_TUNED = scenario(TUNED, **TRAINED)


def beside(new: Scenario, today: Scenario, **assumed: Any):
    given = {
        "requests": REQUESTS,
        "horizon_months": Decimal(12),
        "seed": 0,
        "draws": 50,
    }
    found = side_by_side(
        {"today": today, "new": new}, RATES, Assumptions(**given | assumed)
    )
    return found[1]


def test_training_of_the_worked_example_costs_14_40():
    tokens = Decimal(2000 * 800)

    assert token_training_cost(tokens, Decimal(3), Decimal(3)) == Decimal("14.40")


@pytest.mark.parametrize(
    ("way", "monthly"),
    [(BASE, "21.00"), (CACHED, "15.375"), (FINE_TUNED, "19.50"), (BIG, "350.00")],
)
def test_the_months_of_the_worked_example(way, monthly):
    assert outcome(way, REQUESTS, RATES, likely_of).monthly == Decimal(monthly)


def test_the_worked_example_breaks_even_late_never_or_only_beside_a_larger_model():
    with_labels = scenario(
        TUNED, **TRAINED, label_hours=100, labeller=ENGINEER
    )  # 100 hours at 40 are the example's 4,000

    against_small = beside(FINE_TUNED, BASE).beside
    against_cached = beside(FINE_TUNED, CACHED).beside
    labelled = beside(with_labels, BASE).beside
    against_large = beside(with_labels, BIG).beside

    assert against_small.break_even == Decimal("9.6")
    assert against_cached.saving == Decimal("-4.125")
    assert against_cached.break_even is None
    assert round(labelled.break_even / 12) == 223
    assert against_large.saving == Decimal("330.50")
    assert round(against_large.break_even, 1) == Decimal("12.1")


def test_the_untuned_small_model_saves_most_of_what_the_tuned_one_does():
    small = beside(scenario(SMALL, "SMALLER_MODEL"), BIG).beside

    assert small.saving == Decimal(329)
    assert small.break_even == 0


def test_evaluations_are_paid_for_each_time():
    cost = token_training_cost(
        Decimal(1_000_000),
        Decimal(2),
        Decimal(5),
        evaluations=Decimal(4),
        validation_tokens=Decimal(100_000),
    )

    assert cost == Decimal(12)


def test_gpu_hours_are_tokens_over_throughput():
    cost = gpu_training_cost(
        Decimal(3_600_000), Decimal(3), Decimal(1000), Decimal(2), Decimal("1.5")
    )

    assert cost == Decimal(9)


def test_no_throughput_gives_no_cost():
    nothing = Decimal(0)

    assert gpu_training_cost(nothing, nothing, nothing, nothing, nothing) is None


def test_a_self_hosted_model_costs_its_hours_whatever_is_asked():
    own = Scenario.parse(
        {
            "kind": "FINE_TUNED",
            "gpu": GPU,
            "gpu_hours_a_month": 730,
            "billing": "GPU_HOURS",
            "training_tokens": 3_600_000,
            "epochs": 2,
            "tokens_per_second": 500,
            "gpus": 2,
            "runs": 3,
            "retrainings_a_year": 4,
        }
    )

    few, many = (
        outcome(own, Range.exactly(n), RATES, likely_of) for n in (1, 10_000_000)
    )

    # One run: 2 epochs x 3.6M tokens at 500 a second are 4 hours on 2 cards at 2.
    assert few.upfront == 3 * 16
    assert few.monthly == many.monthly == 730 * 2 + Decimal(16) * 4 / 12


def test_people_and_evaluation_are_paid_up_front():
    one = scenario(
        SMALL,
        label_hours=10,
        labeller=ENGINEER,
        review_hours=5,
        reviewer=ENGINEER,
        evaluation_requests=1_000_000,
    )

    found = outcome(one, REQUESTS, RATES, likely_of)

    assert found.people == 600
    assert found.upfront == 600 + found.monthly * 20


def test_a_successful_answer_costs_more_the_fewer_succeed():
    whole, half = (
        outcome(scenario(SMALL, success=share), REQUESTS, RATES, likely_of)
        for share in (1, "0.5")
    )

    assert whole.per_success == Decimal("0.00042")
    assert half.per_success == 2 * whole.per_success


@pytest.mark.parametrize(
    ("requests", "success"), [(0, Decimal(1)), (5, Decimal(0)), (5, None)]
)
def test_without_a_successful_answer_there_is_no_cost_of_one(requests, success):
    assert cost_per_success(Decimal(7), Decimal(requests), success) is None


def test_no_requests_cost_nothing_and_never_pay_for_training():
    found = beside(FINE_TUNED, BASE, requests=Range.exactly(0))

    assert found.likely.monthly == 0
    assert found.beside.break_even is None


amounts = st.decimals("0", "1e6", places=4)
ranges = st.lists(amounts, min_size=3, max_size=3).map(lambda v: Range(*sorted(v)))


@given(extra=st.decimals("-1e6", "1e6", places=4), saving=st.decimals("-9", "9"))
def test_break_even_is_never_negative_and_there_only_with_a_saving(extra, saving):
    months = break_even_months(extra, saving)

    assert (months is None) == (saving <= 0)
    assert months is None or months >= 0


@given(months=amounts, extra=amounts, saving=st.decimals("-1e6", "1e6", places=4))
def test_the_return_is_at_least_nought_from_the_break_even_on(months, extra, saving):
    gained = return_on_investment(months, extra, saving)
    wait = break_even_months(extra, saving)

    if gained is not None and wait is not None and months > wait + 1:
        assert gained > 0
    if wait is None and gained is not None:
        assert gained < 0


@given(ranges, st.decimals("0", "1", places=6), st.decimals("0", "1", places=6))
def test_a_range_stays_between_its_ends_and_grows_with_the_share(known, one, other):
    low, high = (known.at(share) for share in sorted((one, other)))

    assert known.low <= low <= high <= known.high


def test_the_middle_of_an_even_range_is_its_likely_value():
    assert Range.parse([0, 5, 10]).at(Decimal("0.5")) == 5
    # (x - low)^2 / (width * left) = 0.125 at a quarter of the width.
    assert Range.parse([0, 5, 10]).at(Decimal("0.125")) == Decimal("2.5")
    assert Range.parse([0, 5, 10]).at(Decimal("0.875")) == Decimal("7.5")


@given(st.lists(st.one_of(st.none(), amounts), min_size=1, max_size=40))
def test_percentiles_are_in_order_and_never_is_beyond_them_all(values):
    found = spread(values)
    order = [Decimal("inf") if p is None else p for p in (found.p10, found.p50)]
    order.append(Decimal("inf") if found.p90 is None else found.p90)

    assert order == sorted(order)
    assert round(found.never * len(values)) == values.count(None)


def test_percentiles_of_one_to_a_hundred_are_their_numbers():
    found = spread([Decimal(n) for n in range(1, 101)])

    assert (found.p10, found.p50, found.p90) == (10, 50, 90)


@given(requests=ranges, prompt=ranges, seed=st.integers(0, 2**31))
def test_costs_spread_in_order_and_by_the_seed_alone(requests, prompt, seed):
    way = scenario(SMALL, prompt_tokens=prompt.as_json())

    first, again = (
        beside(way, BIG, requests=requests, seed=seed).spreads for _ in range(2)
    )

    assert first == again
    assert first.monthly.p10 <= first.monthly.p50 <= first.monthly.p90


@given(st.sampled_from(sorted(RATES)), amounts, amounts)
def test_a_higher_price_never_makes_a_scenario_cheaper(key, one, other):
    low, high = sorted((one, other))
    way = scenario(
        TUNED,
        **TRAINED,
        label_hours=1,
        labeller=ENGINEER,
        gpu=GPU,
        gpu_hours_a_month=["1", "2", "3"],
    )
    assumed = Assumptions(Range.parse([1, 10, 9000]), Decimal(12), 1, 20)

    cheap, dear = (
        side_by_side({"a": way}, RATES | {key: price}, assumed)[0]
        for price in (low, high)
    )

    assert cheap.likely.monthly <= dear.likely.monthly
    assert cheap.likely.upfront <= dear.likely.upfront
    assert cheap.spreads.monthly.p50 <= dear.spreads.monthly.p50


def test_another_seed_gives_other_draws_and_a_name_its_own():
    assert uniforms(1, "requests", 5) != uniforms(2, "requests", 5)
    assert uniforms(1, "requests", 5) != uniforms(1, "prompt", 5)
    assert all(0 <= share < 1 for share in uniforms(3, "x", 200))


def test_what_may_break_even_in_some_worlds_says_in_how_many():
    unsure = scenario(TUNED, **(TRAINED | {"answer_tokens": ["100", "300", "700"]}))

    found = beside(unsure, BASE, draws=400).spreads.break_even

    assert 0 < found.never < 1
    assert found.p90 is None
    assert found.p10 is not None


def test_scenarios_are_compared_with_today_alone():
    alone = side_by_side(
        {"tuned": FINE_TUNED}, RATES, Assumptions(REQUESTS, Decimal(12), 0, 5)
    )

    assert alone[0].beside is None
    assert alone[0].spreads.break_even is None


def test_a_scenario_reads_back_as_it_was_written():
    one = scenario(
        TUNED,
        **TRAINED,
        success=["0.7", "0.8", "0.9"],
        labeller=ENGINEER,
        label_hours="12.5",
    )

    assert Scenario.parse(one.as_json()) == one


def test_a_scenario_names_the_prices_it_needs_and_no_others():
    assert BASE.needs() == [(SMALL, Unit.INPUT), (SMALL, Unit.OUTPUT)]
    assert (SMALL, Unit.CACHED_INPUT) in CACHED.needs()
    assert (TUNED, Unit.TRAINING) in FINE_TUNED.needs()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"price": 1}, "price"),
        ({"kind": "CHEAPER"}, "kind"),
        ({"kind": None}, "kind"),
        ({"answers_by": None}, "answers_by"),
        ({"answers_by": ["acme"]}, "answers_by"),
        ({"answers_by": ["acme", ""]}, "answers_by"),
        ({"prompt_tokens": 0.5}, "prompt_tokens"),
        ({"prompt_tokens": "many"}, "prompt_tokens"),
        ({"prompt_tokens": "NaN"}, "prompt_tokens"),
        ({"prompt_tokens": -1}, "prompt_tokens"),
        ({"prompt_tokens": True}, "prompt_tokens"),
        ({"prompt_tokens": [3, 2, 1]}, "prompt_tokens"),
        ({"prompt_tokens": [1, 2]}, "prompt_tokens"),
        ({"prompt_tokens": "1e13"}, "prompt_tokens"),
        ({"cached_tokens": 1801}, "cached_tokens"),
        ({"repeated_tokens": 1801}, "repeated_tokens"),
        ({"success": "1.01"}, "success"),
        ({"billing": "GPU_HOURS"}, "tokens_per_second"),
        ({"billing": "GPU_HOURS", "tokens_per_second": 1}, "gpu"),
        ({"gpu_hours_a_month": 1}, "gpu"),
        ({"label_hours": 1}, "labeller"),
        ({"review_hours": 1}, "reviewer"),
    ],
)
def test_a_wrong_scenario_is_refused_by_its_place(change, key):
    with pytest.raises(ScenarioError) as refused:
        scenario(SMALL, **change)

    assert refused.value.key == key


@pytest.mark.parametrize("data", [[], "x", None, {}])
def test_what_is_no_scenario_is_refused(data):
    with pytest.raises(ScenarioError):
        Scenario.parse(data)


def test_a_binary_fraction_is_refused_and_told_how_to_write_it():
    with pytest.raises(RangeError, match="as strings"):
        read_decimal(0.1)
