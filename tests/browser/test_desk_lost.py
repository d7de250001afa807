"""The label desk when its session ends or its line dies: what was said is not lost."""

from __future__ import annotations

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from annotation.models import Review
from tests.browser.desk import DESK, LOST, ready, shown, start
from tests.factories import RecordFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIGNED_OUT = "You are signed out, or may not do this any more."
PASSWORD = "a long word for tests"


def _answer(page: Page, key: str) -> None:
    page.keyboard.press(key)
    page.keyboard.press("Enter")


def _banner(page: Page):
    return page.locator("[data-offline]")


def _sign_in(page: Page, user) -> None:
    """Sign in by hand in another tab, which also changes the CSRF token."""
    user.set_password(PASSWORD)
    user.save()
    page.goto("/admin/login/")
    page.locator("[name=username]").fill(user.get_username())
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    expect(page.locator("#logout-form")).to_have_count(1)


def _stored(page: Page, key: str) -> str | None:
    return page.evaluate("key => sessionStorage.getItem(key)", key)


def _comes(page: Page, beats: list[str]) -> None:
    """Wait for a heartbeat; the browser's own loop has to go on meanwhile."""
    for _ in range(200):
        if beats:
            return
        page.wait_for_timeout(100)
    pytest.fail("no heartbeat came")


def _claim(page: Page) -> str:
    return page.locator("[data-desk]").get_attribute("data-claim")


def test_an_answer_after_the_session_ended_is_kept_and_sent_after_signing_in(
    project, bob, page_of
):
    RecordFactory.create_batch(2, project=project)
    page = page_of(bob, tolerated=("403",))
    start(page)
    kept = shown(page)
    page.get_by_label("Ideal answer").fill("Reseat the optic.")
    page.locator("#ticket-heading").focus()
    Session.objects.all().delete()

    _answer(page, "2")
    expect(_banner(page)).to_contain_text(SIGNED_OUT)
    expect(_banner(page)).to_contain_text("then press Try now.")
    assert shown(page) == kept
    expect(page.get_by_label("Ideal answer")).to_have_value("Reseat the optic.")
    page.get_by_role("button", name="Try now").click()
    expect(_banner(page)).to_contain_text(SIGNED_OUT)
    assert not Review.objects.exists()

    _sign_in(page.context.new_page(), bob)
    page.get_by_role("button", name="Try now").click()

    expect(page.get_by_text("Saved.")).to_be_visible()
    review = Review.objects.get()
    assert (review.severity, review.response) == ("high", "Reseat the optic.")
    assert _stored(page, "netft-pending") is None


def test_an_answer_kept_at_the_end_of_a_session_survives_a_reload(
    project, bob, page_of
):
    RecordFactory.create_batch(2, project=project)
    page = page_of(bob, tolerated=("403",))
    start(page)
    Session.objects.all().delete()
    _answer(page, "3")
    expect(_banner(page)).to_contain_text(SIGNED_OUT)

    page.reload()
    assert "/login/" in page.url
    assert _stored(page, "netft-pending") is not None
    _sign_in(page, bob)
    page.goto(DESK)

    expect(page.get_by_text("Saved.")).to_be_visible()
    assert Review.objects.get().severity == "medium"
    assert _stored(page, "netft-pending") is None


def test_an_answer_of_somebody_else_is_neither_sent_nor_dropped(
    project, bob, carol, page_of
):
    RecordFactory(project=project)
    page = page_of(bob, tolerated=("403",))
    start(page)
    Session.objects.all().delete()
    _answer(page, "3")
    expect(_banner(page)).to_contain_text(SIGNED_OUT)

    _sign_in(page, carol)
    page.goto(DESK)

    expect(_banner(page)).to_contain_text(SIGNED_OUT)
    assert _stored(page, "netft-pending") is not None
    assert not Review.objects.exists()


def test_a_token_changed_in_another_tab_costs_no_answer(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob, tolerated=("403",))
    start(page)
    _sign_in(page.context.new_page(), bob)

    _answer(page, "1")
    expect(_banner(page)).to_contain_text(SIGNED_OUT)
    page.get_by_role("button", name="Try now").click()

    expect(page.get_by_text("Saved.")).to_be_visible()
    assert Review.objects.get().severity == "critical"


def test_undo_on_a_dead_line_is_not_repeated_by_itself(project, bob, page_of):
    RecordFactory.create_batch(3, project=project)
    page = page_of(bob, tolerated=LOST)
    start(page)
    _answer(page, "1")
    expect(page.get_by_text("Saved.")).to_be_visible()
    ready(page)
    page.context.set_offline(True)
    page.keyboard.press("u")
    expect(_banner(page)).to_contain_text("No connection.")
    expect(page.get_by_role("button", name="Try now")).to_be_hidden()
    assert _stored(page, "netft-pending") is None

    page.context.set_offline(False)
    page.wait_for_timeout(2500)
    assert Review.objects.get().is_current
    page.keyboard.press("u")

    expect(page.get_by_text("is taken back")).to_be_visible()
    assert Review.objects.filter(status="WITHDRAWN").count() == 1


def test_undo_keeps_what_was_typed_at_the_ticket_it_leaves(project, bob, page_of):
    RecordFactory.create_batch(2, project=project)
    page = page_of(bob, tolerated=LOST)
    start(page)
    _answer(page, "1")
    expect(page.get_by_text("Saved.")).to_be_visible()
    ready(page)
    left = _claim(page)
    page.route("**/draft/", lambda route: route.abort())
    page.get_by_label("Ideal answer").fill("Look at the far end.")
    expect(page.get_by_text("Draft kept in this tab")).to_be_visible()
    page.locator("#ticket-heading").focus()

    page.keyboard.press("u")
    expect(page.get_by_text("is taken back")).to_be_visible()

    assert "Look at the far end." in _stored(page, f"netft-draft-{left}")


def test_active_time_goes_on_after_a_reload_and_ends_with_the_answer(
    project, bob, page_of
):
    RecordFactory(project=project)
    page = page_of(bob)
    page.clock.install()
    start(page)
    claim = _claim(page)
    page.clock.run_for(10_000)
    page.reload()
    ready(page)
    page.clock.run_for(2_000)

    expect(page.locator("[data-clock]")).to_have_text(re.compile(r"Active 0:1[1-3]"))
    assert page.locator("[data-seconds]").first.input_value() in {"11", "12", "13"}
    _answer(page, "1")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert _stored(page, f"netft-active-{claim}") is None


def test_a_hidden_page_keeps_its_seat_for_half_an_hour(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob)
    page.clock.install()
    start(page)
    beats: list[str] = []
    page.on(
        "request", lambda one: beats.append(one.url) if "/seat/" in one.url else None
    )
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")

    page.clock.run_for(3 * 60_000)
    _comes(page, beats)
    page.clock.fast_forward(28 * 60_000)
    page.wait_for_timeout(300)
    beats.clear()
    page.clock.run_for(3 * 60_000)
    page.wait_for_timeout(300)
    assert not beats

    page.mouse.move(40, 40)
    _comes(page, beats)


def test_an_answer_that_waits_while_undo_is_pressed_is_sent_after_it(
    project, bob, page_of
):
    RecordFactory.create_batch(3, project=project)
    page = page_of(bob, tolerated=("503",))
    start(page)
    _answer(page, "1")
    expect(page.get_by_text("Saved.")).to_be_visible()
    ready(page)

    def refuse_answers(route) -> None:
        body = route.request.post_data or ""
        if "action=submit" in body:
            route.fulfill(status=503, body="busy")
        else:
            route.continue_()

    page.route("**/desk/noc/", refuse_answers)
    _answer(page, "4")
    expect(_banner(page)).to_contain_text("No connection.")
    # A key that comes while something is being sent is not heard.
    expect(page.locator("[data-desk]")).to_have_attribute("aria-busy", "false")
    page.keyboard.press("u")
    expect(page.get_by_text("is taken back")).to_be_visible()
    page.unroute("**/desk/noc/")

    expect(page.get_by_text("Saved.")).to_be_visible()
    standing = Review.objects.filter(is_current=True, status="SUBMITTED")
    assert standing.get().severity == "low"


def test_a_form_that_comes_back_keeps_its_active_time(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob, tolerated=("422",))
    page.clock.install()
    start(page)
    page.clock.run_for(8_000)

    page.keyboard.press("Enter")
    expect(page.get_by_text("Choose a severity, or pass")).to_be_visible()

    expect(page.locator("[data-clock]")).to_have_text(re.compile(r"Active 0:(0[89]|1)"))
    assert _stored(page, f"netft-active-{_claim(page)}") is not None
