"""The builder of datasets as its visitors meet it: preview, refusals, start."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.conf import settings

from tests.factories import ReviewerFactory
from tests.training.built import build
from tests.training.pages import BUILDER, page_of, queries_of
from tests.training.worlds import label_by_source, settle, settle_many
from training.admin.recipe_form import RecipeForm
from training.admin.recipe_values import form_values
from training.domain.recipe import Recipe
from training.models import Dataset

pytestmark = pytest.mark.django_db


def typed(**changes) -> dict[str, object]:
    """The builder's fields as a browser sends them, with the defaults changed."""
    values = form_values(Recipe.parse({"min_per_class": 1}))
    return {k: v for k, v in {**values, **changes}.items() if v not in (None, "")}


def test_looking_at_the_builder_writes_nothing(project, erin, browser_of):
    settle_many(project, 60)

    answer = browser_of(erin).get(BUILDER)

    assert answer.status_code == 200
    assert not Dataset.objects.exists()
    assert not (settings.DATA_DIR / "datasets").exists()


def test_the_preview_follows_the_form(project, erin, browser_of):
    settle_many(project, 60)

    answer = browser_of(erin).get(
        BUILDER,
        typed(share_train=50, share_dev=10, share_calibration=10, share_test=30),
    )

    sizes = {s.split: s.examples for s in answer.context["preview"].sizes}
    assert sizes == {"TRAIN": 30, "DEV": 6, "CALIBRATION": 6, "TEST": 18}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"share_train": 50}, "share_train"),
        ({"holdout": "from"}, "test_from"),
        ({"holdout": "latest"}, "test_latest"),
        ({"holdout": "share"}, "test_share"),
        ({"cap": 99}, "cap"),
        ({"seed": "x"}, "seed"),
        ({"target_share": 99}, "target_share"),
        ({"gold_rule": "LAX"}, "gold_rule"),
        ({"categories": ["nonsense"]}, "categories"),
    ],
)
def test_a_wrong_field_is_marked_and_there_is_no_preview(
    project, erin, browser_of, changes, field
):
    settle_many(project, 60)

    answer = browser_of(erin).get(BUILDER, typed(**changes))

    assert answer.status_code == 422
    assert answer.context["preview"] is None
    assert field in answer.context["form"].errors


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"test": {"from": "2026-03-01"}, "gold_rule": "SINGLE_SOURCE"},
        {"test": {"latest": 200}, "sizes": {"TRAIN": 500, "TEST": 1500}},
        {"test": {"share": 0.15}, "seed": 7, "min_per_class": 2},
        {"test": {"kept": True}, "formats": ["classification", "openai_chat"]},
        {"upsampling": {"weights": {"SENIOR": 1.5}, "target_share": 0.4, "cap": 3}},
        {"filters": {"kinds": ["LOG"], "train_opened_before": "2026-01-01"}},
        {"shares": {"TRAIN": 0.333, "DEV": 0.107, "TEST": 0.56}},
    ],
)
def test_a_recipe_survives_the_form(project, data):
    recipe = Recipe.parse(data)

    form = RecipeForm.of(project, recipe)

    assert form.is_valid(), form.errors
    assert form.recipe.as_json() == recipe.as_json()


def test_what_was_previewed_is_what_is_built(
    project, erin, browser_of, django_capture_on_commit_callbacks
):
    settle_many(project, 60)
    browser = browser_of(erin)
    page = browser.get(BUILDER, typed(seed=11)).content.decode()
    hidden = re.search(r'name="recipe" value="([^"]*)"', page)
    recipe = unescape(hidden.group(1))

    with django_capture_on_commit_callbacks() as queued:
        answer = browser.post(BUILDER, {"name": "triage", "recipe": recipe})

    dataset = Dataset.objects.get()
    assert answer.url == page_of(dataset)
    assert dataset.recipe == Recipe.parse({"seed": 11, "min_per_class": 1}).as_json()
    assert dataset.created_by == erin
    assert len(queued) == 1


@pytest.mark.parametrize(
    "data",
    [
        {"name": "a b", "recipe": "{}"},
        {"name": "", "recipe": "{}"},
        {"name": "x", "recipe": '{"seeds": 1}'},
        {"name": "x", "recipe": "{"},
        {"name": "x"},
    ],
)
def test_a_build_that_cannot_start_says_so(project, erin, browser_of, data):
    settle_many(project, 60)

    answer = browser_of(erin).post(BUILDER, data)

    assert answer.status_code == 422
    assert answer.context["build"].errors
    assert not Dataset.objects.exists()


def test_what_would_not_freeze_cannot_be_built_by_the_button(project, erin, browser_of):
    settle_many(project, 60)
    settle(project, 900, severity="p9")

    page = browser_of(erin).get(BUILDER).content.decode()

    assert "no level of the project" in page
    assert re.search(r"<button[^>]* disabled>Build and freeze", page)


def test_a_project_with_one_source_is_told_what_to_choose(project, erin, browser_of):
    label_by_source(project, ReviewerFactory(source=True, name="itsm"), 60)
    browser = browser_of(erin)

    strict = browser.get(BUILDER).content.decode()
    loose = browser.get(BUILDER, typed(gold_rule="SINGLE_SOURCE")).content.decode()

    assert "choose “Single source”" in strict
    assert "single-source" in loose
    assert "Build and freeze" in loose


def test_a_next_version_starts_from_the_recipe_of_this_one(project, erin, browser_of):
    settle_many(project, 60)
    dataset = build(project, name="wifi", seed=42)

    answer = browser_of(erin).get(BUILDER, {"like": dataset.pk})

    assert answer.context["preview"].recipe.seed == 42
    assert answer.context["build"].initial["name"] == "wifi"


def test_the_builder_costs_the_same_at_twenty_and_at_eighty_records(
    project, erin, browser_of
):
    browser = browser_of(erin)
    settle_many(project, 20)
    few = queries_of(browser, BUILDER)
    settle_many(project, 60, start=20)

    many = queries_of(browser, BUILDER)

    assert many == few <= 16
