"""The comparison page in a real browser: drawings, phone width, no scripts.

The `page_of` fixture fails a test on any script error or policy violation.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.evaluation import worlds
from training.models import ModelVersion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/admin/evaluation/evaluation/comparison/noc/"
PHONE = {"width": 390, "height": 844}
LONG = "triage-with-a-name-that-somebody-made-as-long-as-names-may-be-v12-lora-104"


@pytest.fixture
def models(project) -> list[ModelVersion]:
    """A first comparison, and one more tuned model with a long name."""
    worlds.review_tickets(project, 100, reviewers=worlds.panel())
    shares = {"TRAIN": 0.4, "DEV": 0.1, "CALIBRATION": 0.1, "TEST": 0.4}
    dataset = worlds.build(project, shares=shares)
    models = worlds.compared(project, dataset)
    newest = worlds.trained(dataset, "all-minilm-l6-v2", LONG)
    worlds.scored(newest, dataset, worlds.right(0.9, 8))
    return [*models, newest]


def wait_until_drawn(page: Page) -> None:
    """Poll by locator: a polled script is evaluated under the page's own policy."""
    expect(page.locator(".chart-canvas svg")).to_have_count(4)


def test_every_chart_is_drawn_under_the_strict_policy(models, grace, page_of):
    page = page_of(grace)

    response = page.goto(PAGE)
    wait_until_drawn(page)

    assert "unsafe" not in response.headers["content-security-policy"]
    assert page.locator("#peers svg").get_by_text("human ceiling").is_visible()
    assert page.locator("#accuracy svg").get_by_text("Base model").is_visible()
    assert not page.locator("#peers table").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_however_long_a_name_is(models, grace, page_of, scheme):
    page = page_of(grace, viewport=PHONE, color_scheme=scheme)

    page.goto(PAGE)
    wait_until_drawn(page)
    page.locator(".chooser summary").click()

    overflow = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow == 0
    assert page.locator(".verdicts li").first.bounding_box()["width"] <= PHONE["width"]


def test_without_scripts_verdict_and_numbers_can_be_read(models, grace, page_of):
    page = page_of(grace, java_script_enabled=False)

    page.goto(PAGE)

    assert page.locator(".verdict-answer").first.is_visible()
    for chart in ("peers", "accuracy", "slices", "confusion"):
        assert page.locator(f"#{chart} table").is_visible()


def test_a_reader_chooses_which_models_are_compared(models, grace, page_of):
    page = page_of(grace)
    page.goto(PAGE)

    page.locator(".chooser summary").click()
    page.get_by_label(models[0].name).uncheck()
    page.get_by_role("button", name="Compare").click()
    wait_until_drawn(page)

    table = page.get_by_role("region", name="Every model on the same tickets")
    assert table.get_by_role("row").count() == 1 + 4
    assert not table.get_by_text("Majority class").is_visible()


def test_a_lead_queues_what_is_missing(models, alice, page_of):
    worlds.trained(models[0].run.dataset, "majority", "forgotten")
    page = page_of(alice)
    page.goto(PAGE)

    page.get_by_role("button", name="Evaluate 1 more model").click()

    page.get_by_role("status").get_by_text("forgotten is being evaluated.").wait_for()
    assert not page.get_by_role("button", name="Evaluate").is_visible()
