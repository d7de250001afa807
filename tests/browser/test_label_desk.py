"""Labeling with the keyboard in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from annotation.models import Claim, Review, Reviewer
from annotation.services import reviewing
from tests.browser.desk import ready
from tests.factories import RecordFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _start(page) -> None:
    page.goto("/admin/annotation/review/desk/noc/")
    page.get_by_role("button", name="Start labeling").click()
    ready(page)


def test_three_tickets_are_labeled_without_touching_the_mouse(project, bob, page_of):
    RecordFactory.create_batch(3, project=project)
    page = page_of(bob)
    _start(page)

    for key in "12":
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        page.get_by_text("Saved.").wait_for()
        ready(page)
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    page.get_by_text("Nothing left for you here").wait_for()

    given = list(Review.objects.order_by("id").values_list("severity", flat=True))
    assert given == ["critical", "high", "low"]
    assert all(r.seconds_spent is not None for r in Review.objects.all())


def test_keys_are_letters_again_while_writing(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob)
    _start(page)

    page.get_by_label("Ideal answer").fill("")
    page.get_by_label("Ideal answer").press_sequentially("1 s u ?")

    assert page.get_by_label("Ideal answer").input_value() == "1 s u ?"
    assert page.locator("input[name=severity]:checked").count() == 0


def test_the_shortcut_list_opens_and_shortcuts_can_be_turned_off(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob)
    _start(page)

    page.keyboard.press("?")
    page.get_by_role("heading", name="Keyboard shortcuts").wait_for()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("?")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Keep these settings").click()
    expect(page.locator("[data-desk]")).to_have_attribute("data-shortcuts", "off")
    ready(page)
    page.keyboard.press("1")

    assert page.locator("input[name=severity]:checked").count() == 0


def test_an_open_page_renews_its_seat(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob)
    page.clock.install()
    _start(page)
    before = Claim.objects.get().expires_at

    with page.expect_response("**/seat/**") as answer:
        page.clock.fast_forward(61_000)
    answer.value.finished()

    assert Claim.objects.get().expires_at > before


def test_a_level_key_alone_saves_for_those_who_want_it(project, bob, page_of):
    RecordFactory.create_batch(2, project=project)
    Reviewer.objects.filter(user=bob).update(saves_at_once=True)
    page = page_of(bob)
    _start(page)

    page.keyboard.press("2")
    page.get_by_text("Saved.").wait_for()

    assert Review.objects.get().severity == "high"


def test_what_came_later_shows_once_the_severity_stands(project, bob, page_of):
    RecordFactory(project=project, resolution="Replaced the optic.")
    page = page_of(bob)
    _start(page)
    assert "Replaced the optic." not in page.content()

    page.keyboard.press("2")
    page.keyboard.press("r")
    page.get_by_text("Replaced the optic.").wait_for()
    ready(page)
    page.get_by_label("Ideal answer").fill("Swap the optic first.")
    page.locator("#ticket-heading").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Saved.").wait_for()

    review = Review.objects.get()
    assert (review.severity, review.response) == ("high", "Swap the optic first.")
    assert review.visible == [*reviewing.OPENING, "thread", "resolution"]


def test_undo_brings_the_last_ticket_back(project, bob, page_of):
    RecordFactory.create_batch(2, project=project)
    page = page_of(bob)
    _start(page)
    first = page.locator("#ticket-heading").inner_text()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.get_by_text("Saved.").wait_for()
    ready(page)

    page.keyboard.press("u")
    page.get_by_text("is taken back").wait_for()

    assert page.locator("#ticket-heading").inner_text() == first


def test_the_desk_works_without_scripts(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob, java_script_enabled=False)
    page.goto("/admin/annotation/review/desk/noc/")
    page.get_by_role("button", name="Start labeling").click()

    page.get_by_label("High").check()
    page.get_by_role("button", name="Save and next").click()

    assert Review.objects.get().severity == "high"


def test_a_form_that_came_back_shows_what_is_wrong(project, bob, page_of):
    RecordFactory(project=project, body="Interface Gi1/0/3 went down.\n" * 20)
    page = page_of(bob, tolerated=("422",), viewport={"width": 390, "height": 844})
    _start(page)

    page.locator("[data-primary]").click()

    wrong = page.get_by_role("alert").filter(has_text="Choose a severity")
    expect(wrong).to_be_in_viewport()
    expect(page.get_by_role("radio").first).to_be_focused()
    choices = page.get_by_role("group", name="Severity")
    expect(choices).to_have_accessible_description(re.compile("Choose a severity"))


def test_caps_lock_takes_no_key_away(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob)
    _start(page)

    # What a browser reports of the key S under Caps Lock.
    page.locator("body").dispatch_event("keydown", {"key": "S", "bubbles": True})

    expect(page.locator("[data-pass-on]")).to_have_attribute("open", "")
