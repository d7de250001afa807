"""Adjudication and its neighbours in a real browser: keyboard, axe-core, phones."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from annotation.models import Guidelines, Review, Verdict
from annotation.services import adjudicating
from tests.annotation.adjudication import DECISION, PAGE, WHY, answered
from tests.factories import ReviewerFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
RULES = "/admin/annotation/guidelines/of/noc/"
TEXT = (
    "# Severity\n\n| level | when |\n|---|---|\n| high | a ring is cut |\n\n- be kind\n"
)
SERIOUS = {"serious", "critical"}


def ready(page: Page) -> None:
    """The module puts the focus on the ticket once keys are bound."""
    page.locator("#ticket-heading:focus").wait_for()


def serious(page: Page) -> list[str]:
    """Return what axe-core finds that keeps somebody from using the page."""
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in SERIOUS
    ]


def test_three_tickets_are_decided_without_touching_the_mouse(project, bob, page_of):
    for _ in range(3):
        answered(project, "high", "low")
    page = page_of(bob)
    page.goto(PAGE)
    ready(page)

    for kind in "ags":
        page.keyboard.press("2")
        page.keyboard.press(kind)
        page.keyboard.press("w")
        page.keyboard.type("A core link, 2 as sure.")
        page.keyboard.press("Control+Enter")
        page.get_by_text("is settled.").wait_for()
        if kind != "s":
            ready(page)
    page.get_by_text("Nothing is contested").wait_for()

    decided = Verdict.objects.adjudicated().order_by("id")
    assert list(decided.values_list("severity", "disagreement", "reason")) == [
        ("high", kind, "A core link, 2 as sure.")
        for kind in ("AMBIGUOUS", "GUIDELINE_GAP", "SLIP")
    ]


def test_not_now_undo_and_known_later_have_keys(project, bob, page_of):
    first, second = (
        answered(project, "high", "low", resolution="It was DNS") for _ in range(2)
    )
    page = page_of(bob)
    page.goto(PAGE)
    ready(page)

    page.keyboard.press("k")
    expect(page.get_by_text("It was DNS")).to_be_visible()
    page.keyboard.press("n")
    page.locator(".kicker").get_by_text(second.external_id).wait_for()
    ready(page)
    adjudicating.decide(record=first, reviewer=bob.reviewer, **DECISION)
    page.reload()
    ready(page)
    page.keyboard.press("u")
    page.get_by_text("is taken back").wait_for()

    assert not Verdict.objects.current().exists()
    assert page.locator(".kicker").first.inner_text().startswith(first.external_id)


def test_shortcuts_that_are_off_do_nothing(project, bob, page_of):
    answered(project, "high", "low")
    bob.reviewer.shortcuts_enabled = False
    bob.reviewer.save()
    page = page_of(bob)
    page.goto(PAGE)
    ready(page)

    page.keyboard.press("1")
    page.keyboard.press("g")

    assert page.locator("input:checked").count() == 0


def test_it_works_without_scripts(project, bob, page_of):
    answered(project, "high", "low")
    page = page_of(bob, java_script_enabled=False)
    page.goto(PAGE)

    page.get_by_label("Medium").check()
    page.get_by_label("The ticket is ambiguous").check()
    page.get_by_label("Why", exact=False).last.fill("Both can be right.")
    page.get_by_role("button", name="Decide and next").click()

    assert Verdict.objects.get().severity == "medium"


@pytest.fixture
def paths(project, alice) -> list[str]:
    """Every page of this part, with something on it."""
    thread = [{"text": "fibre cut found", "at": "2026-01-05T09:00:00Z", "role": "noc"}]
    record = answered(project, "critical", "high", "low", thread=thread, resolution="x")
    Review.objects.filter(record=record).update(response="Reseat the optic.")
    done = answered(project, "high", "low")
    gap = {**DECISION, "disagreement": "GUIDELINE_GAP"}
    senior = ReviewerFactory(grade="SENIOR")
    adjudicating.decide(record=done, reviewer=senior, **gap)
    for number in (1, 2):
        Guidelines.objects.create(
            project=project, version=number, markdown=TEXT * number, summary="More."
        )
    asked = "categories=switching&with_adjudicated=on"
    return [
        PAGE,
        f"{PAGE}{done.pk}/decided/",
        WHY,
        RULES,
        f"{RULES}compare/?from=1&to=2",
        f"{RULES}new/",
        f"{RULES}2/re-review/?{asked}",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(paths, alice, page_of, scheme):
    page = page_of(alice, color_scheme=scheme)

    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert serious(page) == [], path


def test_the_pages_fit_a_phone(paths, alice, page_of):
    page = page_of(alice, viewport=PHONE)

    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(wide) <= 0, path
