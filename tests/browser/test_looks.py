"""Charts and the frame in a real browser: strict policy, both themes, phone width.

The `page_of` fixture fails a test on any script error or policy violation.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.browser.chart_pages import CHARTS
from tests.factories import RecordFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def chart_page(settings) -> str:
    settings.ROOT_URLCONF = "tests.browser.chart_pages"
    return "/charts/"


def wait_until_drawn(page: Page) -> None:
    """Poll by locator: a polled script is evaluated under the page's own policy."""
    expect(page.locator(".chart-canvas svg")).to_have_count(len(CHARTS))


def overflow(page: Page) -> int:
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def dot_colour(page: Page) -> str:
    return page.evaluate(
        "document.querySelector('#systems .mark-symbol path').getAttribute('fill')"
    )


def test_every_chart_is_drawn_under_the_strict_policy(chart_page, bob, page_of):
    page = page_of(bob)

    response = page.goto(chart_page)
    wait_until_drawn(page)

    assert "unsafe" not in response.headers["content-security-policy"]
    assert page.locator("#systems svg").get_by_text("not defined").is_visible()
    assert page.locator("#systems svg").get_by_text("human ceiling").is_visible()
    assert not page.locator("#systems table").is_visible()


def test_charts_follow_the_theme(chart_page, bob, page_of):
    page = page_of(bob, color_scheme="light")
    page.goto(chart_page)
    wait_until_drawn(page)
    light = dot_colour(page)

    page.locator(".theme-toggle").click()
    dot = page.locator("#systems .mark-symbol path").first
    expect(dot).not_to_have_attribute("fill", light)

    assert light == "rgb(66, 86, 216)"
    assert dot_colour(page) == "rgb(140, 157, 255)"


def test_without_scripts_the_numbers_stand_in_tables(chart_page, bob, page_of):
    page = page_of(bob, java_script_enabled=False)

    page.goto(chart_page)

    assert page.locator("#systems table").is_visible()
    assert page.locator("#systems table").get_by_text("50.0% to 70.0%").is_visible()


def test_charts_fit_a_phone(chart_page, bob, page_of):
    page = page_of(bob, viewport=PHONE)

    page.goto(chart_page)
    wait_until_drawn(page)

    assert overflow(page) == 0
    assert page.locator("#matrix svg").bounding_box()["width"] <= PHONE["width"]


@pytest.mark.parametrize("path", ["/admin/", "/admin/annotation/verdict/"])
def test_the_frame_fits_a_phone(path, project, alice, page_of):
    RecordFactory.create_batch(3, project=project)
    page = page_of(alice, viewport=PHONE)

    page.goto(path)

    assert overflow(page) == 0
    assert page.locator("main").is_visible()


def test_the_user_menu_works_from_the_keyboard(alice, page_of):
    page = page_of(alice)
    page.goto("/admin/")
    menu = page.locator(".user-menu")

    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Log out").wait_for()
    page.keyboard.press("Escape")

    assert not page.get_by_role("button", name="Log out").is_visible()
    assert menu.locator("summary").evaluate("e => e === document.activeElement")


def test_copied_ticket_text_keeps_the_full_pseudonyms(project, bob, page_of):
    token = "ZHOST_A7KQ2MNBVCX3D"
    RecordFactory(project=project, body=f"{token} is down\nfor good")
    page = page_of(bob)
    page.goto("/admin/annotation/review/desk/noc/")
    page.get_by_role("button", name="Start labeling").click()
    page.locator(".ticket-text .chip").wait_for()
    page.wait_for_load_state("load")

    copied = page.evaluate(
        """() => {
          getSelection().selectAllChildren(document.querySelector(".ticket-text"));
          const data = new DataTransfer();
          const kind = {clipboardData: data, bubbles: true};
          document.dispatchEvent(new ClipboardEvent("copy", kind));
          return data.getData("text/plain");
        }"""
    )

    assert not page.locator("[data-expired]").is_visible()
    assert page.locator(".ticket-text .chip").inner_text() == "host A7K"
    assert copied.strip() == f"{token} is down\nfor good"


def test_sign_in_works_and_sits_in_the_theme(db, page_of, live_server):
    User.objects.create_superuser("boss", password="a long password")
    page = page_of(User.objects.get(username="boss"))
    page.context.clear_cookies()
    page.goto("/admin/")

    page.get_by_label("Username").fill("boss")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Log in").click()

    page.locator(".user-menu").get_by_text("boss").wait_for()


def test_a_word_without_a_break_does_not_widen_the_desk_on_a_phone(
    project, bob, page_of
):
    words = {"title": f"Down: {'x' * 200}", "vendor": "v" * 80}
    RecordFactory(project=project, external_id="I" * 80, **words)
    page = page_of(bob, viewport=PHONE)
    page.goto("/admin/annotation/review/desk/noc/")
    page.get_by_role("button", name="Start labeling").click()
    page.locator("#ticket-heading:focus").wait_for()

    assert overflow(page) == 0
