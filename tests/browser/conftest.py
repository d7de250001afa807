"""A real Chromium against a live server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import missing

# A busy machine draws late; a longer wait costs nothing where the page is quick.
expect.set_options(timeout=20_000)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        missing("Chromium", "no chromium on the PATH")
    # Playwright's loop runs in this thread; Django would refuse its queries there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page_of(chromium: Browser, live_server) -> Iterator[Callable[..., Page]]:
    """Return a page signed in as somebody; script errors fail the test.

    ``tolerated`` are words of errors that the test brings about, as a lost line.
    """
    contexts = []
    errors: list[str] = []

    def open_page(
        user: User, tolerated: tuple[str, ...] = (), **options: object
    ) -> Page:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        context.add_cookies(
            [
                {
                    "name": "sessionid",
                    "value": client.cookies["sessionid"].value,
                    "url": live_server.url,
                }
            ]
        )
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))

        def hear(line) -> None:
            expected = any(words in line.text for words in tolerated)
            if line.type == "error" and not expected:
                errors.append(line.text)

        page.on("console", hear)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
