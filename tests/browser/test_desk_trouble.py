"""The label desk when the line drops, a lease ends, hands are quick, tabs are two."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db.models import Count
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from annotation.models import Claim, Draft, Record, Review
from annotation.services import drafting, seating
from tests.annotation.imports import held_text
from tests.browser.desk import DESK, LOST, ready, shown, start
from tests.factories import RecordFactory
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _answer(page: Page, key: str) -> None:
    """Answer by keyboard and wait for another ticket, or for the end."""
    before = shown(page)
    page.keyboard.press(key)
    page.keyboard.press("Enter")
    kicker = page.locator(".ticket .kicker")
    done = page.get_by_role("heading", name="Nothing left for you here")
    expect(kicker.filter(has_not_text=before).or_(done)).to_be_visible()
    if not done.is_visible():
        ready(page)


def _slowly(route: Route) -> None:
    time.sleep(0.3)
    route.continue_()


def test_twenty_tickets_by_keyboard_with_the_line_lost_in_the_middle(
    project, bob, page_of
):
    RecordFactory.create_batch(20, project=project)
    page = page_of(bob, tolerated=LOST)
    start(page)
    for number in range(9):
        _answer(page, "1234"[number % 4])

    page.context.set_offline(True)
    kept = shown(page)
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator("[data-offline]")).to_be_visible()
    assert shown(page) == kept
    assert Review.objects.count() == 9
    page.context.set_offline(False)
    expect(page.locator("[data-offline]")).to_be_hidden()
    ready(page)
    for number in range(10):
        _answer(page, "1234"[number % 4])

    reviews = Review.objects.filter(status="SUBMITTED", is_current=True)
    assert reviews.count() == 20
    assert not reviews.values("record").annotate(n=Count("pk")).filter(n__gt=1).exists()
    assert not Claim.objects.filter(state="OPEN").exists()


def test_an_answer_kept_through_a_lost_line_survives_a_reload(project, bob, page_of):
    RecordFactory.create_batch(2, project=project)
    page = page_of(bob, tolerated=LOST)
    start(page)
    page.route("**/desk/noc/", lambda route: route.abort())
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.locator("[data-offline]")).to_be_visible()

    page.unroute("**/desk/noc/")
    page.reload()

    expect(page.get_by_text("Saved.")).to_be_visible()
    assert Review.objects.get().severity == "medium"


def test_a_lease_that_runs_out_is_shown_and_the_answer_still_counts(
    project, bob, page_of
):
    RecordFactory(project=project)
    page = page_of(bob, tolerated=("410",))
    page.clock.install()
    start(page)
    past = timezone.now() - timedelta(minutes=1)
    Claim.objects.update(expires_at=past)
    assert seating.release_expired(now=timezone.now()) == 1

    page.clock.run_for(61_000)
    expect(page.get_by_text("Your seat ran out.")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()

    assert Review.objects.get().independent
    assert Claim.objects.get().state == "DONE"


def test_quick_hands_send_one_answer(project, bob, page_of):
    RecordFactory.create_batch(2, project=project)
    page = page_of(bob)
    start(page)
    page.route(
        "**/desk/noc/", lambda route: (page.wait_for_timeout(300), route.continue_())
    )

    page.keyboard.press("2")
    for _ in range(3):
        page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.wait_for_timeout(500)

    assert Review.objects.count() == 1


def test_two_tabs_ask_which_draft_to_keep(project, bob, page_of):
    RecordFactory(project=project)
    first = page_of(bob, tolerated=("409",))
    start(first)
    second = first.context.new_page()
    second.goto(DESK)
    ready(second)

    first.get_by_label("Ideal answer").fill("Reseat the optic.")
    expect(first.get_by_text("Draft saved")).to_be_visible()
    second.get_by_label("Ideal answer").fill("Replace the cable.")
    dialog = second.get_by_role("dialog", name="Two drafts of this ticket")
    expect(dialog).to_contain_text("Reseat the optic.")
    expect(dialog).to_contain_text("Replace the cable.")
    dialog.get_by_role("button", name="Go on with that one").click()

    expect(second.get_by_label("Ideal answer")).to_have_value("Reseat the optic.")
    expect(second.get_by_text("Draft saved")).to_be_visible()
    assert Draft.objects.get().version == 2


def test_another_answer_in_a_second_tab_is_shown_beside_the_stored_one(
    project, bob, page_of
):
    RecordFactory.create_batch(2, project=project)
    first = page_of(bob, tolerated=("409",))
    start(first)
    second = first.context.new_page()
    second.goto(DESK)
    ready(second)
    _answer(first, "1")

    second.keyboard.press("4")
    second.keyboard.press("Enter")

    heading = second.get_by_role(
        "heading", name="You have answered this ticket already"
    )
    expect(heading).to_be_visible()
    row = second.get_by_role("row", name="Severity")
    expect(row).to_contain_text("Critical")
    expect(row).to_contain_text("Low")
    assert Review.objects.get().severity == "critical"


def test_what_is_typed_survives_a_reload(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob)
    start(page)
    page.keyboard.press("3")
    page.get_by_label("Ideal answer").fill("Check the far end.")
    expect(page.get_by_text("Draft saved")).to_be_visible()

    page.reload()

    expect(page.get_by_label("Ideal answer")).to_have_value("Check the far end.")
    expect(page.get_by_role("radio", name="Medium")).to_be_checked()
    assert "Check the far end" not in str(bytes(Draft.objects.get().sealed))


def test_closing_the_page_lets_the_seat_go_soon(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob)
    start(page)
    before = Claim.objects.get().expires_at

    page.goto("/admin/")

    # Nothing waits for the word that a closing page sends; it comes when it comes.
    sooner = before - timedelta(minutes=5)
    wait_until(lambda: Claim.objects.get().expires_at < sooner)
    soon = Claim.objects.get().expires_at
    page.goto(DESK)
    ready(page)
    wait_until(lambda: Claim.objects.get().expires_at > soon)


def test_an_answer_that_the_server_failed_to_take_is_sent_again(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob, tolerated=("503",))
    start(page)
    page.route("**/desk/noc/", lambda route: route.fulfill(status=503, body="busy"))
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator("[data-offline]")).to_be_visible()

    page.unroute("**/desk/noc/")
    page.get_by_role("button", name="Try now").click()

    expect(page.get_by_text("Saved.")).to_be_visible()
    assert Review.objects.get().severity == "critical"


def test_what_is_typed_into_the_small_forms_survives_a_reload(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob)
    start(page)
    page.keyboard.press("s")
    page.get_by_label("Why").fill("No log.")
    page.locator("summary", has_text="Something should be hidden").click()
    page.get_by_label("What is it, and where").fill("A name.")
    page.get_by_role("button", name="Stop for now").click()
    page.get_by_label("A note for those who go on").fill("Wireless is half done.")
    expect(page.get_by_text("Draft saved")).to_be_visible()

    page.reload()
    ready(page)

    expect(page.get_by_label("Why")).to_have_value("No log.")
    expect(page.get_by_label("What is it, and where")).to_have_value("A name.")
    page.get_by_role("button", name="Stop for now").click()
    note = page.get_by_label("A note for those who go on")
    expect(note).to_have_value("Wireless is half done.")


def test_a_note_that_cannot_be_stored_stays_in_its_dialog(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob, tolerated=("422",))
    start(page)
    page.get_by_role("button", name="Stop for now").click()
    note = page.get_by_label("A note for those who go on")
    note.fill(held_text()[:400])

    page.get_by_role("button", name="Stop", exact=True).click()

    dialog = page.locator('dialog[data-dialog="stop"]:modal')
    expect(dialog).to_contain_text("looks like a secret")
    expect(note).to_have_value(held_text()[:400])
    expect(note).to_be_focused()


def test_escape_chooses_neither_of_two_drafts(project, bob, page_of):
    RecordFactory(project=project)
    first = page_of(bob, tolerated=("409",))
    start(first)
    second = first.context.new_page()
    second.goto(DESK)
    ready(second)
    first.get_by_label("Ideal answer").fill("Reseat the optic.")
    expect(first.get_by_text("Draft saved")).to_be_visible()
    second.get_by_label("Ideal answer").fill("Replace the cable.")
    dialog = second.get_by_role("dialog", name="Two drafts of this ticket")
    expect(dialog).to_be_visible()

    second.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(second.get_by_text("Draft not saved")).to_be_visible()
    second.get_by_label("Ideal answer").fill("Replace the patch cable.")

    expect(dialog).to_contain_text("Reseat the optic.")
    assert Draft.objects.get().version == 1
    dialog.get_by_role("button", name="Go on with this one").click()
    expect(second.get_by_text("Draft saved")).to_be_visible()
    assert drafting.load(claim=Claim.objects.get()).fields["response"] == (
        "Replace the patch cable."
    )


def test_an_open_page_learns_that_its_ticket_was_excluded(project, bob, page_of):
    RecordFactory(project=project)
    page = page_of(bob, tolerated=("410",))
    page.clock.install()
    start(page)
    Record.objects.update(state="EXCLUDED")

    page.clock.run_for(61_000)

    expect(page.get_by_text("This ticket was taken out of the queue.")).to_be_visible()
    expect(page.get_by_text("Your seat ran out.")).to_be_hidden()
