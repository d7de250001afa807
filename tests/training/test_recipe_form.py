"""A recipe that goes through the form loses nothing, shown or not."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.domain.scale import Grade
from tests.training.built import build
from tests.training.pages import BUILDER, text_of
from tests.training.worlds import settle_many
from training.admin.recipe_form import RecipeForm
from training.domain.recipe import FORMATS, GoldRule, Recipe, Split
from training.domain.recipe_choice import Filters, Holdout, HoldoutMode
from training.domain.recipe_rows import (
    Balance,
    BalanceBy,
    Method,
    Towards,
    Upsampling,
)
from training.domain.recipe_tasks import LabelSource, Length, TooLong
from training.domain.tasks import TASKS

pytestmark = pytest.mark.django_db

RICH = {
    "filters": {
        "origins": ["REAL", "SYNTHETIC"],
        "train_opened_before": "2090-01-01T08:30:00+02:00",
    },
    "upsampling": {"weights": {"JUNIOR": 1.25, "SENIOR": 4}},
    "test": {"from": "2026-03-01T12:30:00+00:00"},
    "min_per_class": 1,
}

MOMENTS = st.datetimes(
    datetime(2020, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)
)
HOLDOUTS = st.one_of(
    st.sampled_from([Holdout(), Holdout(HoldoutMode.KEPT)]),
    st.builds(Holdout, st.just(HoldoutMode.FROM), opened_from=MOMENTS),
    st.builds(Holdout, st.just(HoldoutMode.LATEST), latest=st.integers(1, 10**6)),
    st.builds(Holdout, st.just(HoldoutMode.SHARE), share=st.floats(0.01, 0.9)),
)


def some(*values: str):
    return st.lists(st.sampled_from(values), unique=True).map(tuple)


FILTERS = st.builds(
    Filters,
    kinds=some("TICKET", "LOG", "DOCUMENT"),
    categories=some("wan", "routing"),
    vendors=some("cisco", "juniper"),
    origins=some("REAL", "SYNTHETIC"),
    train_opened_before=st.none() | MOMENTS,
    min_agreement=st.floats(0, 1),
)
UPSAMPLING = st.builds(
    Upsampling,
    weights=st.dictionaries(st.sampled_from(list(Grade)), st.floats(1, 20)),
    target_share=st.none() | st.floats(0.01, 0.95),
    cap=st.integers(1, 20),
    method=st.sampled_from(Method),
)
BALANCES = st.builds(
    Balance,
    by=st.sampled_from([BalanceBy.NOTHING, BalanceBy.CATEGORY]),
    towards=st.sampled_from(Towards),
    strength=st.floats(0, 2),
    cap=st.integers(1, 20),
)


@st.composite
def recipes(draw) -> Recipe:
    test = draw(st.floats(0, 0.9))
    every = draw(st.sampled_from(LabelSource))
    tasks = draw(some(*TASKS))
    if every is LabelSource.EVERY_REVIEW or not tasks:
        tasks = ("severity", *(t for t in tasks if t != "severity"))
    return Recipe(
        tasks=tasks,
        label_source=every,
        gold_rule=draw(st.sampled_from(GoldRule)),
        shares={Split.TRAIN: 1 - test, Split.TEST: test},
        test=draw(HOLDOUTS),
        sizes=draw(st.dictionaries(st.sampled_from(Split), st.integers(1, 10**6))),
        filters=draw(FILTERS),
        upsampling=draw(UPSAMPLING),
        balance=draw(BALANCES),
        group_by_customer=draw(st.booleans()),
        general_share=draw(st.floats(0, 0.5)),
        length=draw(
            st.builds(
                Length,
                most=st.none() | st.integers(8, 10**6),
                policy=st.sampled_from(TooLong),
            )
        ),
        formats=draw(some(*FORMATS)) or ("classification",),
        min_per_class=draw(st.integers(1, 1000)),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


@pytest.fixture
def words(project):
    """The project knows the categories and vendors that recipes name."""
    for record in settle_many(project, 4):
        record.vendor = ("cisco", "juniper")[record.pk % 2]
        record.save()
    return project


@given(recipe=recipes())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_field_of_a_recipe_survives_the_form(words, recipe):
    form = RecipeForm.of(words, recipe)

    assert form.is_valid(), form.errors
    assert form.recipe.as_json() == recipe.as_json()


def test_what_somebody_changes_changes_and_the_rest_stays(project, erin, browser_of):
    settle_many(project, 60)
    dataset = build(project, **{**RICH, "test": None})
    browser = browser_of(erin)
    first = browser.get(BUILDER, {"like": dataset.pk})
    sent = {
        field.html_name: field.value()
        for field in first.context["form"]
        if field.value() not in (None, "", False, [])
    }

    again = browser.get(BUILDER, {**sent, "seed": 9, "weight_senior": 2})

    wanted = Recipe.parse(dataset.recipe).as_json()
    wanted["seed"] = 9
    wanted["upsampling"]["weights"] = {"JUNIOR": 1.25, "SENIOR": 2.0}
    assert again.context["preview"].recipe.as_json() == wanted
    assert "1.25 rows of juniors' examples" in unescape(text_of(again))
    assert "records of the origins real, synthetic" in text_of(again)


def test_a_date_that_is_typed_anew_is_the_one_that_counts(project):
    shown = RecipeForm.of(project, Recipe.parse(RICH)).data

    form = RecipeForm(project, {**shown, "test_from": "2026-04-01"})

    assert form.is_valid()
    assert form.recipe.as_json()["test"] == {"from": "2026-04-01T00:00:00+00:00"}
    kept = form.recipe.filters.train_opened_before
    assert kept is not None
    assert kept.isoformat() == "2090-01-01T08:30:00+02:00"


def test_another_kind_of_test_leaves_nothing_of_the_first(project):
    shown = RecipeForm.of(project, Recipe.parse(RICH)).data

    form = RecipeForm(project, {**shown, "holdout": "latest", "test_latest": 7})

    assert form.is_valid()
    assert form.recipe.as_json()["test"] == {"latest": 7}


def test_a_limit_that_is_emptied_is_gone(project):
    recipe = Recipe.parse({**RICH, "sizes": {"TRAIN": 50, "TEST": 9}})
    shown = RecipeForm.of(project, recipe).data

    form = RecipeForm(project, {**shown, "size_train": ""})

    assert form.is_valid()
    assert form.recipe.as_json()["sizes"] == {"TEST": 9}


@pytest.mark.parametrize("base", ["{", '{"seeds": 1}', "[]"])
def test_what_is_carried_along_and_is_no_recipe_is_refused(project, base):
    shown = RecipeForm.of(project, Recipe()).data

    form = RecipeForm(project, {**shown, "base": base})

    assert not form.is_valid()
