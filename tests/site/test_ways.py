"""New users find the pages: from the dashboard, a project, records and verdicts."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests.factories import RecordFactory

pytestmark = pytest.mark.django_db

LABELS = ["Progress", "Guidelines", "Find records", "Your figures"]
ALL = [
    "Progress",
    "Team quality",
    "Guidelines",
    "Find records",
    "Compare runs",
    "Should we fine-tune?",
    "Gold records",
]
WAYS = {
    "alice": [*ALL, "Your figures"],
    "bob": LABELS,
    "carol": LABELS,
    "dana": LABELS,
    "erin": ALL,
    "frank": ["Progress", "Find records", "Your figures"],
    "grace": ALL,
}


def ways_on(content: str) -> dict[str, str]:
    nav = re.search(r'<nav class="project-ways".*?</nav>', content, re.DOTALL)
    found = re.findall(r'<a href="([^"]+)">([^<]+)</a>', nav[0]) if nav else []
    return {label: url for url, label in found}


@pytest.mark.parametrize("who", WAYS)
def test_the_dashboard_leads_where_a_person_may_go(request, project, browser_of, who):
    RecordFactory(project=project)
    browser = browser_of(request.getfixturevalue(who))

    ways = ways_on(browser.get("/admin/").content.decode())

    assert list(ways) == WAYS[who]
    for label, url in ways.items():
        assert browser.get(url).status_code == 200, label


def test_a_lead_is_at_the_progress_two_clicks_from_the_dashboard(
    project, alice, browser_of
):
    browser = browser_of(alice)
    board = browser.get("/admin/").context["dashboard"].projects[0]
    desk = next(one.url for one in board.stations if one.name == "Label desk")

    assert (
        reverse("admin:annotation_progress", args=["noc"])
        in browser.get(desk).content.decode()
    )


@pytest.mark.parametrize(
    ("who", "labels"),
    [
        ("alice", ["Progress", "Team quality", "Guidelines", "Choose gold records"]),
        ("carol", ["Progress", "Guidelines"]),
        ("erin", ["Progress", "Team quality", "Guidelines"]),
        ("frank", ["Progress"]),
    ],
)
def test_a_project_leads_to_what_its_people_do(
    request, project, browser_of, who, labels
):
    browser = browser_of(request.getfixturevalue(who))

    page = browser.get(f"/admin/annotation/project/{project.pk}/change/")
    ways = page.context["ways"]

    assert [label for label, _ in ways] == labels
    for label, url in ways:
        assert f'<li><a href="{url}">{label}</a></li>' in page.content.decode()
        assert browser.get(url).status_code == 200


def test_a_closed_project_leads_nowhere(project, alice, browser_of):
    alice.is_superuser = True
    alice.save()
    project.is_active = False
    project.save()

    page = browser_of(alice).get(f"/admin/annotation/project/{project.pk}/change/")

    assert page.context["ways"] == []


@pytest.mark.parametrize(("who", "leads"), [("alice", True), ("carol", False)])
def test_the_records_lead_to_the_search_and_the_bulk_history(
    request, project, browser_of, who, leads
):
    page = browser_of(request.getfixturevalue(who)).get("/admin/annotation/record/")

    assert reverse("admin:annotation_find").encode() in page.content
    history = f'<li><a href="{reverse("admin:annotation_bulkact_changelist")}">'
    assert (history in page.content.decode()) is leads


def test_the_verdicts_lead_to_disagreements_guidelines_and_adjudication(
    project, alice, browser_of
):
    page = browser_of(alice).get("/admin/annotation/verdict/").content.decode()

    for name in ("disagreements", "guidelines_choose", "adjudication"):
        assert f'<li><a href="{reverse(f"admin:annotation_{name}")}">' in page
