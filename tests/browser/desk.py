"""What the browser tests of the label desk share: sitting down and looking."""

from __future__ import annotations

from playwright.sync_api import Page

DESK = "/admin/annotation/review/desk/noc/"
LOST = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")


def start(page: Page) -> None:
    """Sit down at the next ticket by keyboard."""
    page.goto(DESK)
    page.keyboard.press("Enter")
    ready(page)


def ready(page: Page) -> None:
    """Wait until the desk's module has put the focus on the ticket: keys are bound."""
    page.locator("#ticket-heading:focus").wait_for()


def shown(page: Page) -> str:
    """Return which ticket is on the desk."""
    return page.locator(".ticket .kicker").inner_text()
