"""The dataset builder in a real browser: preview, build, watch, export."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.training.worlds import settle_many
from training.models import Dataset, Export
from training.services.datasets import building, exporting

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BUILDER = "/admin/training/dataset/builder/noc/"


def test_a_recipe_becomes_a_frozen_dataset(project, erin, page_of):
    settle_many(project, 120)
    page = page_of(erin)
    page.goto(BUILDER)
    page.locator("#mix-class .chart-canvas[data-drawn] svg").wait_for()

    page.get_by_label("Train, %", exact=True).fill("50")
    page.get_by_label("Test, %", exact=True).fill("30")
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("60", exact=True).first.wait_for()
    page.get_by_label("Name").fill("branch-offices")
    page.get_by_role("button", name="Build and freeze").click()
    page.get_by_text("Waiting for the queue").wait_for()
    dataset = Dataset.objects.get()
    building.build_to_end(dataset_id=dataset.pk, clock=timezone.now)
    page.locator(".pill.good", has_text="Frozen").wait_for()

    assert page.get_by_role("heading", name="branch-offices@1").is_visible()
    assert page.get_by_role("link", name="Download TEST").is_visible()
    assert page.get_by_role("link", name="Train a model").is_visible()


def test_the_builder_shows_only_the_fields_of_the_chosen_test(project, erin, page_of):
    settle_many(project, 60)
    page = page_of(erin)
    page.goto(BUILDER)

    assert page.get_by_label("Opened from").is_hidden()
    page.get_by_label("Which tickets test the model").select_option("from")

    assert page.get_by_label("Opened from").is_visible()
    assert page.get_by_label("How many").is_hidden()


def test_an_export_is_asked_for_and_downloaded(project, erin, page_of):
    settle_many(project, 60)
    started = building.start(
        project=project, name="x", recipe={"min_per_class": 1}, in_background=False
    )
    building.build_to_end(dataset_id=started.pk, clock=timezone.now)
    page = page_of(erin)
    page.goto(f"/admin/training/dataset/{started.pk}/page/")

    page.get_by_label("Export as").select_option("openai_chat")
    page.get_by_label("of", exact=True).select_option("TEST")
    page.get_by_role("button", name="Write file").click()
    page.locator(".pill", has_text="being written").wait_for()
    export = Export.objects.get()
    exporting.run_to_end(export_id=export.pk, clock=timezone.now)
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download TEST as openai_chat").click()

    assert download.value.suggested_filename == "x.v1.test.openai_chat.jsonl"


def test_the_builder_fits_a_phone(project, erin, page_of):
    settle_many(project, 60)
    page = page_of(erin, viewport={"width": 390, "height": 844})

    page.goto(BUILDER)

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
