"""Every hand-made page: axe-core in light and dark, and the width of a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test.signals import template_rendered
from playwright.sync_api import Page

from tests.browser import every_page
from tests.browser.test_looks import PHONE, overflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESKTOP = {"width": 1280, "height": 900}
SERIOUS = {"serious", "critical"}

_FRAMES = re.compile(
    r'{% extends "(netft/(page|error)|admin/change_(list|form))\.html" %}'
)
# Which other page draws the same frame with the same parts.
NOT_LISTED = {
    "403.html": "as 404.html, with other words",
    "403_csrf.html": "as 404.html, with other words",
    "500.html": "as 404.html, with other words",
    "netft/error.html": "the frame of 404.html",
}
_POST = """([action, fields]) => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = action;
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  for (const [name, value] of Object.entries({...fields, csrfmiddlewaretoken: token})) {
    const input = document.createElement("input");
    [input.type, input.name, input.value] = ["hidden", name, String(value)];
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}"""

# A colour on its way from one scheme to the other has no contrast of its own.
_SETTLE = """() => new Promise((go) => requestAnimationFrame(() => {
  document.getAnimations()
    .filter((one) => one instanceof CSSTransition)
    .forEach((one) => one.finish());
  requestAnimationFrame(go);
}))"""


@pytest.fixture
def drawn() -> Iterator[set[str]]:
    """The names of the templates that were drawn, whichever thread drew them."""
    names: set[str] = set()

    def hear(template, **_: object) -> None:
        names.add(template.name)

    template_rendered.connect(hear)
    yield names
    template_rendered.disconnect(hear)


def open_page(page: Page, address: str, posted: dict[str, object]) -> None:
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")
    page.goto(address)
    if posted:
        with page.expect_navigation():
            page.evaluate(_POST, [address, posted])
    page.wait_for_load_state("networkidle")


def serious(page: Page) -> list[str]:
    """Return what axe-core finds that keeps somebody from using the page.

    Its preloading copies style sheets into the page, which the page's policy refuses.
    """
    found = Axe().run(page, options={"preload": False}).response["violations"]
    return [
        f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


def faults(page: Page) -> list[str]:
    """Look at an open page by day, by night, and on a phone."""
    found = [f"light: {one}" for one in serious(page)]
    page.emulate_media(color_scheme="dark")
    page.evaluate(_SETTLE)
    found += [f"dark: {one}" for one in serious(page)]
    page.set_viewport_size(PHONE)
    if (wide := overflow(page)) > 0:
        found.append(f"phone: {wide} px too wide")
    return found


@pytest.mark.parametrize("part", every_page.PARTS, ids=lambda part: part.__name__)
def test_nothing_serious_and_nothing_too_wide(part, project, alice, page_of, drawn):
    alice.is_superuser = True
    alice.save()
    page = page_of(alice, tolerated=("Failed to load resource",))
    found = []

    for template, address, posted in part(project, alice):
        drawn.clear()
        open_page(page, address, posted)
        assert template in drawn, f"{address} did not draw {template}"
        found += [f"{template}, {one}" for one in faults(page)]

    assert not found, "\n".join(found)


def test_no_page_is_forgotten():
    """Each template with a page's frame is opened above, or a reason stands here."""
    folders = [
        one / "templates"
        for one in Path(settings.BASE_DIR).iterdir()
        if (one / "templates").is_dir()
    ]
    framed = {
        str(path.relative_to(folder))
        for folder in folders
        for path in folder.rglob("*.html")
        if _FRAMES.match(path.read_text(encoding="utf-8"))
    }

    assert framed - every_page.covered() - set(NOT_LISTED) == set()
    assert len(framed) > 40
