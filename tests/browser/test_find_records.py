"""Find records and bulk acts in a real browser: axe-core, phones, and no scripts."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from annotation.models import Project, Record
from tests.factories import (
    BulkActFactory,
    RecordFactory,
    SavedFilterFactory,
    VerdictFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIND = "/admin/annotation/record/search/noc/"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def paths(project: Project, alice) -> list[str]:
    """The pages, each with something on it."""
    for state in ("OPEN", "CONTESTED", "SETTLED", "EXCLUDED"):
        record = RecordFactory(
            project=project, state=state, title=f"ZHOST_A7KQ2MNBVCX3D is {state}"
        )
    VerdictFactory(record=record)
    saved = SavedFilterFactory(project=project, owner=alice, query={"state": "OPEN"})
    act = BulkActFactory(project=project)
    return [
        FIND,
        f"{FIND}?saved={saved.pk}",
        f"{FIND}?category=nothing",
        f"{FIND}act/?act=REQUEUE&category=switching",
        "/admin/annotation/bulkact/",
        f"/admin/annotation/bulkact/{act.pk}/change/",
    ]


def serious(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody from using the page."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(paths, alice, page_of, scheme):
    page = page_of(alice, color_scheme=scheme, bypass_csp=True)

    for path in paths:
        page.goto(path)
        assert serious(page) == [], path


def test_no_page_is_wider_than_a_phone(paths, alice, page_of):
    page = page_of(alice, viewport=PHONE)

    for path in paths:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], path


def test_a_lead_searches_excludes_and_undoes_without_scripts(project, alice, page_of):
    RecordFactory.create_batch(3, project=project, title="Spanning tree loop")
    RecordFactory(project=project, title="Wireless clients roam")
    page = page_of(alice, java_script_enabled=False)
    page.goto(FIND)

    page.get_by_label("Words").fill("spanning")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.get_by_role("heading", name="3 records")).to_be_visible()
    assert "spanning" not in page.url
    page.get_by_role("button", name="Exclude...").click()
    page.get_by_label("Why").fill("wrong export")
    page.get_by_role("button", name="Exclude 3 records").click()
    expect(page.get_by_text("3 records changed")).to_be_visible()
    assert Record.objects.filter(state="EXCLUDED").count() == 3
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("3 of 3 records are as they were").first).to_be_visible()
    assert not Record.objects.filter(state="EXCLUDED").exists()
