"""Should we fine-tune? Every rule at both sides of its threshold."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.domain.scenario import Kind
from training.domain.thresholds import ThresholdError, Thresholds
from training.domain.worth_it import (
    ALTERNATIVES,
    NEVER,
    RULES,
    Answer,
    Figures,
    Known,
    Speaks,
    decide,
    first_steps,
)


def known(value: str) -> Known:
    return Known(Decimal(value), "written down")


# Nothing speaks: every figure lies between the thresholds.
QUIET = Figures(
    requests=known("5000"),
    repeated_share=known("0.2"),
    accuracy=known("0.8"),
    break_even=known("4"),
    examples=known("900"),
    guideline_versions=known("1"),
    agreement=known("0.8"),
)
USUAL = Thresholds(target_accuracy=Decimal("0.9"))


def said(rule: str, figures: Figures, thresholds: Thresholds = USUAL) -> Speaks:
    found = decide(figures, thresholds).findings
    return next(one.speaks for one in found if one.rule.key == rule)


@pytest.mark.parametrize(
    ("rule", "figure", "quiet", "speaking", "speaks"),
    [
        ("many_requests", "requests", "10000", "10001", Speaks.FOR),
        ("repeated_context", "repeated_share", "0.5", "0.51", Speaks.FOR),
        ("below_target", "accuracy", "0.9", "0.8999", Speaks.FOR),
        ("early_break_even", "break_even", "3", "2.9", Speaks.FOR),
        ("few_requests", "requests", "1000", "999", Speaks.AGAINST),
        ("few_examples", "examples", "500", "499", Speaks.AGAINST),
        ("late_break_even", "break_even", "6", "6.1", Speaks.AGAINST),
        ("late_break_even", "break_even", "6", "Infinity", Speaks.AGAINST),
        ("target_met", "accuracy", "0.8999", "0.9", Speaks.AGAINST),
        ("changing_requirements", "guideline_versions", "2", "3", Speaks.AGAINST),
        ("low_agreement", "agreement", "0.667", "0.666", Speaks.AGAINST),
    ],
)
def test_a_rule_speaks_on_one_side_of_its_threshold(
    rule, figure, quiet, speaking, speaks
):
    assert said(rule, replace(QUIET, **{figure: known(quiet)})) is Speaks.NOTHING
    assert said(rule, replace(QUIET, **{figure: known(speaking)})) is speaks


def test_every_rule_is_tried_on_both_sides_above():
    marks = test_a_rule_speaks_on_one_side_of_its_threshold.pytestmark

    assert {row[0] for row in marks[0].args[1]} == {rule.key for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.key)
def test_a_rule_without_its_figure_says_that_it_does_not_know(rule):
    unknown = replace(QUIET, **{rule.figure: Known(None, "nobody has written it")})

    assert said(rule.key, unknown) is Speaks.UNKNOWN


def test_without_a_target_accuracy_says_nothing():
    for rule in ("below_target", "target_met"):
        assert said(rule, QUIET, Thresholds()) is Speaks.UNKNOWN


def test_a_threshold_that_was_moved_is_the_one_that_counts():
    moved = replace(USUAL, requests_for=Decimal(4000))

    assert said("many_requests", QUIET) is Speaks.NOTHING
    assert said("many_requests", QUIET, moved) is Speaks.FOR


def test_one_reason_against_is_enough_for_not_now():
    keen = replace(QUIET, requests=known("90000"), break_even=known("1"))
    short = replace(keen, examples=known("10"))

    decision = decide(short, USUAL)

    assert decision.answer is Answer.NOT_NOW
    assert decision.sentence == "Not now. 3 rules for it, 1 against."
    assert first_steps(decision.findings) == [
        "Label more tickets and freeze a larger dataset."
    ]


def test_enough_reasons_for_it_and_none_against_is_worth_trying():
    keen = replace(QUIET, requests=known("90000"))
    higher = replace(USUAL, reasons_needed=Decimal(3))

    assert decide(keen, USUAL).answer is Answer.WORTH_TRYING
    assert decide(keen, higher).answer is Answer.NO_REASON
    assert decide(QUIET, USUAL).answer is Answer.NO_REASON


def test_a_missing_figure_withholds_a_yes_but_not_a_no():
    keen = replace(QUIET, requests=known("90000"), agreement=Known(None, "no reviews"))

    assert decide(keen, USUAL).answer is Answer.NOT_KNOWN
    assert "1 rule has no figure" in decide(keen, USUAL).sentence
    assert decide(replace(keen, examples=known("1")), USUAL).answer is Answer.NOT_NOW


def test_it_takes_one_reason_even_where_none_is_asked_for():
    none = replace(USUAL, reasons_needed=Decimal(0))
    indifferent = replace(none, target_accuracy=Decimal("0.95"))
    met = replace(QUIET, accuracy=known("0.96"))

    assert decide(QUIET, none).answer is Answer.WORTH_TRYING
    assert decide(met, indifferent).answer is Answer.NOT_NOW


def test_what_never_pays_is_beyond_every_threshold():
    far = replace(USUAL, break_even_against=Decimal(10) ** 9)

    assert said(
        "late_break_even", replace(QUIET, break_even=Known(NEVER, "")), far
    ) is (Speaks.AGAINST)


def test_every_alternative_to_training_is_named():
    assert set(ALTERNATIVES) == set(Kind) - {Kind.TODAY, Kind.FINE_TUNED}


def test_thresholds_read_back_as_they_were_written():
    assert Thresholds.parse(USUAL.as_json()) == USUAL
    assert Thresholds.parse({}) == Thresholds()


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ([], "thresholds"),
        ({"mood": 1}, "mood"),
        ({"examples": 0.5}, "examples"),
        ({"examples": "few"}, "examples"),
        ({"examples": -1}, "examples"),
        ({"examples": None}, "examples"),
        ({"agreement": "1.1"}, "agreement"),
        ({"target_accuracy": 90}, "target_accuracy"),
        ({"requests_against": 20000}, "requests_against"),
        ({"break_even_for": 7}, "break_even_for"),
    ],
)
def test_a_wrong_threshold_is_refused_by_its_name(data, key):
    with pytest.raises(ThresholdError) as refused:
        Thresholds.parse(data)

    assert refused.value.key == key


@given(st.decimals("0", "1e6", places=2), st.decimals("0", "1", places=3))
def test_no_figure_is_both_for_and_against_it(count, share):
    figures = Figures(
        *(
            Known(
                share if name in ("repeated_share", "accuracy", "agreement") else count,
                "",
            )
            for name in Figures.__dataclass_fields__
        )
    )

    found = decide(figures, USUAL).findings

    for name in Figures.__dataclass_fields__:
        voices = {one.speaks for one in found if one.rule.figure == name}
        assert not {Speaks.FOR, Speaks.AGAINST} <= voices
