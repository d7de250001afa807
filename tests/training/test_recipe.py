"""The recipe: strict reading, defaults written out, refusals that name the key."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.domain.formats import registry
from training.domain.recipe import (
    FORMATS,
    GoldRule,
    Recipe,
    RecipeError,
    Split,
)
from training.domain.recipe_choice import HoldoutMode


def test_an_empty_recipe_is_the_defaults():
    recipe = Recipe.parse({})

    assert recipe.gold_rule is GoldRule.STRICT
    assert [recipe.shares[s] for s in Split] == [0.65, 0.10, 0.10, 0.15]
    assert recipe.upsampling.weights == {"SENIOR": 2.0, "PRINCIPAL": 3.0}
    assert recipe.test.mode is HoldoutMode.MIXED


def test_a_stored_recipe_says_everything_and_reads_back_the_same():
    recipe = Recipe.parse(
        {
            "gold_rule": "SINGLE_SOURCE",
            "test": {"from": "2026-03-01"},
            "sizes": {"TRAIN": 500},
            "filters": {"train_opened_before": "2026-02-01T00:00:00+02:00"},
        }
    )

    stored = json.loads(json.dumps(recipe.as_json()))

    assert Recipe.parse(stored) == recipe
    assert stored["seed"] == 1
    assert stored["test"] == {"from": "2026-03-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"seeds": 1}, "seeds"),
        ({"seed": -1}, "seed"),
        ({"seed": True}, "seed"),
        ({"seed": 1.0}, "seed"),
        ({"gold_rule": "LAX"}, "gold_rule"),
        ({"shares": {"TRAIN": 0.5}}, "shares"),
        ({"shares": {"TRAIN": 0.5, "VALID": 0.5}}, "shares.VALID"),
        ({"shares": {"TRAIN": 1.5, "TEST": -0.5}}, "shares.TRAIN"),
        ({"shares": {"TEST": 1.0}}, "shares.TRAIN"),
        ({"shares": [1]}, "shares"),
        ({"test": {"newest": 3}}, "test"),
        ({"filters": {"min_agreement": 1.5}}, "filters.min_agreement"),
        ({"filters": {"vendors": "cisco"}}, "filters.vendors"),
        ({"upsampling": {"method": "weights"}}, "upsampling.method"),
        ({"balance": {"by": "grade"}}, "balance.by"),
        ({"balance": {"strength": 3}}, "balance.strength"),
        ({"balance": {"cap": 0}}, "balance.cap"),
        ({"balance": {"by": "level", "towards": "production"}}, "balance.towards"),
        ({"test": {"latest": 0}}, "test.latest"),
        ({"test": {"share": "half"}}, "test.share"),
        ({"test": {"from": "tomorrow"}}, "test.from"),
        ({"test": {"from": 3}}, "test.from"),
        ({"test": {"latest": 3, "share": 0.1}}, "test"),
        ({"sizes": {"TRAIN": 0}}, "sizes.TRAIN"),
        ({"filters": {"kind": ["LOG"]}}, "filters.kind"),
        ({"filters": {"kinds": "LOG"}}, "filters.kinds"),
        ({"upsampling": {"weights": {"BOSS": 2}}}, "upsampling.weights.BOSS"),
        ({"upsampling": {"weights": {"SENIOR": 0.5}}}, "upsampling.weights.SENIOR"),
        ({"upsampling": {"weights": None}}, "upsampling.weights"),
        ({"upsampling": {"target_share": 1.0}}, "upsampling.target_share"),
        ({"upsampling": {"cap": 2.5}}, "upsampling.cap"),
        ({"formats": ["parquet"]}, "formats"),
        ({"formats": []}, "formats"),
        ({"min_per_class": 0}, "min_per_class"),
        ([], ""),
    ],
)
def test_a_wrong_recipe_is_refused_by_the_name_of_the_key(data, key: str):
    with pytest.raises(RecipeError) as caught:
        Recipe.parse(data)

    assert caught.value.key == key
    assert key in str(caught.value)


def test_nan_and_infinity_are_no_numbers():
    with pytest.raises(RecipeError, match=r"target_share"):
        Recipe.parse({"upsampling": {"target_share": float("nan")}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(list(Recipe().as_json()))


@given(st.dictionaries(KEYS, JSON, max_size=3) | JSON)
def test_whatever_comes_in_is_a_recipe_or_a_recipe_error(data):
    try:
        recipe = Recipe.parse(data)
    except RecipeError:
        return

    assert Recipe.parse(recipe.as_json()) == recipe
    assert set(recipe.formats) <= set(FORMATS)


def test_a_recipe_of_an_earlier_version_reads_as_it_was_meant():
    """What is stored with old datasets lacks the keys that came later."""
    stored = Recipe().as_json()
    del stored["balance"]
    del stored["upsampling"]["method"]
    del stored["filters"]["vendors"]
    del stored["filters"]["min_agreement"]

    assert Recipe.parse(stored) == Recipe()


def test_levels_are_made_even_unless_something_else_is_said():
    assert Recipe.parse({"balance": {"by": "level"}}).balance.towards == "even"
    assert Recipe.parse({"balance": {"by": "category"}}).balance.towards == "production"


def test_the_plain_recipe_changes_no_proportion_and_nothing_else():
    recipe = Recipe.parse(
        {"seed": 7, "balance": {"by": "level"}, "upsampling": {"target_share": 0.5}}
    )

    plain = recipe.plain()

    assert plain.is_plain
    assert not recipe.is_plain
    assert plain.seed == 7
    assert plain.upsampling.weights == {}
    assert (
        plain.as_json()
        | {
            "upsampling": recipe.upsampling.as_json(),
            "balance": recipe.balance.as_json(),
        }
        == recipe.as_json()
    )


def test_a_freeze_can_check_every_format_of_one_line_an_example():
    lines = {
        name
        for name, known in registry.FORMATS.items()
        if not known.is_folder and known.takes is not registry.Takes.PAIRS
    }

    assert set(FORMATS) == lines
