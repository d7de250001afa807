"""Recipes that change proportions, from the records to the frozen dataset."""

from __future__ import annotations

from html import unescape

import pytest
from django.urls import reverse

from tests.factories import ReviewerFactory, ReviewFactory
from tests.training.built import build
from tests.training.worlds import settle, settle_many
from training.domain.recipe import Recipe
from training.models import Dataset, Example
from training.services.datasets import building, previewing

pytestmark = pytest.mark.django_db

BY_COPIES = {"upsampling": {"weights": {"PRINCIPAL": 3}}}


def train_rows(dataset: Dataset, part: str) -> dict[str, dict[str, int]]:
    return dataset.manifest["mix"][part]["TRAIN"]


def test_leaving_out_is_counted_and_copies_nothing(project):
    for number in range(80):
        settle(project, number, grade="JUNIOR" if number % 4 else "SENIOR")
    recipe = {
        "gold_rule": "SINGLE_SOURCE",
        "upsampling": {"method": "leave_out", "weights": {"SENIOR": 3}},
    }

    dataset = build(project, **recipe)

    grades = train_rows(dataset, "grade")
    juniors = grades["JUNIOR"]["examples"]
    left_out = dataset.manifest["left_out"]["down_sampled"]
    assert left_out == pytest.approx(2 / 3 * (juniors + left_out), abs=1)
    assert all(count["rows"] == count["examples"] for count in grades.values())
    assert not Example.objects.filter(dataset=dataset, copies__gt=1).exists()


def test_rare_categories_reach_their_share_of_production(project):
    project.production_mix = {"wan": 0.5, "routing": 0.5}
    project.save()
    for number in range(120):
        settle(project, number, category="routing" if number % 6 == 0 else "wan")
    recipe = {
        "upsampling": {"weights": {}},
        "balance": {"by": "category", "cap": 10},
    }

    dataset = build(project, **recipe)

    mix = train_rows(dataset, "category")
    assert mix["routing"]["examples"] < mix["wan"]["examples"] / 3
    assert mix["routing"]["rows"] == pytest.approx(mix["wan"]["rows"], abs=1)
    assert mix["wan"]["rows"] == mix["wan"]["examples"]
    scored = Example.objects.filter(dataset=dataset).exclude(split="TRAIN")
    assert not scored.filter(copies__gt=1).exists()


def test_a_verdict_that_few_share_is_left_out_unless_somebody_looked_into_it(project):
    shared, split, adjudicated = (
        settle(project, 1),
        settle(project, 2),
        settle(project, 3),
    )
    adjudicated.verdicts.update(
        method="ADJUDICATED", adjudicated_by=ReviewerFactory(), reason="looked"
    )
    for record, others in ((shared, 0), (split, 2), (adjudicated, 2)):
        label = record.verdicts.get().severity
        other = "low" if label != "low" else "high"
        for number in range(3):
            said = other if number < others else label
            ReviewFactory(record=record, severity=said)

    found = previewing.preview(
        project=project, recipe={"filters": {"min_agreement": 0.6}}
    )

    assert {item.reason: item.count for item in found.left_out} == {"low_agreement": 1}
    assert found.examples == 2


def test_only_the_vendors_that_are_asked_for_enter(project):
    settle(project, 1, vendor="cisco")
    settle(project, 2, vendor="juniper")

    found = previewing.preview(
        project=project, recipe={"filters": {"vendors": ["juniper"]}}
    )

    assert found.examples == 1
    assert {item.reason for item in found.left_out} == {"filtered"}
    assert set(found.mix["vendor"]["TRAIN"]) <= {"juniper"}


def test_one_click_builds_the_same_without_copies_on_the_same_test(
    project, erin, browser_of
):
    settle_many(project, 60)
    dataset = build(project, **BY_COPIES)

    page = browser_of(erin).get(
        reverse("admin:training_dataset_page", args=[dataset.pk])
    )
    assert "Build without up-sampling" in page.text
    browser_of(erin).post(reverse("admin:training_dataset_plain", args=[dataset.pk]))

    plain = Dataset.objects.latest("id")
    assert plain.name == f"{dataset.name}-plain"
    assert Recipe.parse(plain.recipe) == Recipe.parse(dataset.recipe).plain()
    building.build_to_end(dataset_id=plain.pk, clock=lambda: dataset.frozen_at)
    plain.refresh_from_db()
    files = [d.manifest["splits"]["TEST"]["sha256"] for d in (dataset, plain)]
    assert files[0] == files[1]
    train = plain.manifest["splits"]["TRAIN"]
    assert train["rows"] == train["examples"]
    assert dataset.manifest["splits"]["TRAIN"]["rows"] > train["rows"]


def test_a_plain_dataset_has_nothing_to_take_away(project, erin, browser_of):
    settle_many(project, 60)
    dataset = build(project, upsampling={"weights": {}})
    browser = browser_of(erin)

    page = browser.get(reverse("admin:training_dataset_page", args=[dataset.pk]))
    answer = browser.post(
        reverse("admin:training_dataset_plain", args=[dataset.pk]), follow=True
    )

    assert "Build without up-sampling" not in page.text
    assert "weigh no more" in unescape(answer.text)
    assert Dataset.objects.count() == 1


def test_the_same_without_upsampling_is_balanced_all_the_same(project):
    for number in range(120):
        settle(project, number, category="routing" if number % 6 == 0 else "wan")
    balanced = {"by": "category", "towards": "even", "cap": 10}
    dataset = build(project, balance=balanced, **BY_COPIES)

    plain = building.start_plain(dataset=dataset)
    building.build_to_end(dataset_id=plain.pk, clock=lambda: dataset.frozen_at)

    plain.refresh_from_db()
    assert plain.recipe["balance"] == dataset.recipe["balance"]
    mix = train_rows(plain, "category")
    assert mix["routing"]["rows"] == pytest.approx(mix["wan"]["rows"], abs=1)
    share = plain.manifest["senior_share"]
    assert share["after"] == pytest.approx(share["before"], abs=0.02)


@pytest.mark.parametrize(
    ("upsampling", "is_plain"),
    [
        ({"weights": {}}, True),
        ({"weights": {"SENIOR": 1, "PRINCIPAL": 1}}, True),
        ({"weights": {}, "method": "leave_out"}, True),
        ({"weights": {"JUNIOR": 2}}, False),
        ({"weights": {}, "target_share": 0.4}, False),
    ],
)
def test_only_what_grades_weigh_is_taken_away(upsampling, is_plain):
    recipe = Recipe.parse({"upsampling": upsampling, "balance": {"by": "level"}})

    assert recipe.is_plain is is_plain
    assert recipe.plain().is_plain
    assert recipe.plain().balance == recipe.balance


def test_a_long_name_is_cut_for_the_dataset_without_copies(project):
    settle_many(project, 60)
    dataset = build(project, name="n" * 80, **BY_COPIES)

    plain = building.start_plain(dataset=dataset)

    assert len(plain.name) == 80
    assert plain.name.endswith("n-plain")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("alice", 302),
        ("erin", 302),
        ("bob", 403),
        ("carol", 403),
        ("frank", 403),
        ("grace", 403),
        ("mallory", 404),
    ],
)
def test_who_may_build_without_copies(request, project, browser_of, who, status):
    settle_many(project, 60)
    dataset = build(project, **BY_COPIES)

    answer = browser_of(request.getfixturevalue(who)).post(
        reverse("admin:training_dataset_plain", args=[dataset.pk])
    )

    assert answer.status_code == status
    assert Dataset.objects.count() == 1 + (status == 302)
