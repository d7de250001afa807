"""Bulk acts and their history as their visitors meet them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotation.models import BulkAct, Membership, Record
from annotation.services import bulk_orders
from tests.factories import (
    BulkActFactory,
    MembershipFactory,
    ProjectFactory,
    RecordFactory,
)

pytestmark = pytest.mark.django_db

ACT = "/admin/annotation/record/search/noc/act/"
HISTORY = "/admin/annotation/bulkact/"


def confirm(browser, query: str, reason: str = "test export", count: int | None = None):
    url = f"{ACT}?{query}"
    if count is None:
        count = browser.get(url).context["seen"].count
    return browser.post(url, {"reason": reason, "expected_count": count})


def test_a_lead_looks_confirms_and_undoes(project, alice, browser_of):
    RecordFactory.create_batch(3, project=project)
    RecordFactory(project=project, category="wan")
    browser = browser_of(alice)

    look = browser.get(f"{ACT}?act=EXCLUDE&category=switching")
    assert b"Exclude 3 records" in look.content
    assert not Record.objects.filter(state="EXCLUDED").exists()

    done = confirm(browser, "act=EXCLUDE&category=switching")
    act = BulkAct.objects.get()
    assert done.url == reverse("admin:annotation_bulkact_change", args=[act.pk])
    assert Record.objects.filter(state="EXCLUDED").count() == 3
    assert b"Undo" in browser.get(done.url).content

    page = browser.post(f"{HISTORY}{act.pk}/undo/", follow=True)
    assert b"3 of 3 records are as they were" in page.content
    assert not Record.objects.filter(state="EXCLUDED").exists()
    assert b"button-danger" not in browser.get(done.url).content


def test_what_changed_meanwhile_is_confirmed_anew(project, alice, browser_of):
    RecordFactory(project=project)
    browser = browser_of(alice)
    RecordFactory(project=project)

    answer = confirm(browser, "act=EXCLUDE&state=OPEN", count=1)

    assert answer.status_code == 422
    assert b"2 records would change by now, not 1" in answer.content
    assert b'name="expected_count" value="2"' in answer.content
    assert not BulkAct.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "act=EXCLUDE",
        "act=DELETE&state=OPEN",
        "act=OVERLAP&state=OPEN",
        "act=OVERLAP&state=OPEN&reviews_wanted=900",
        "state=OPEN",
        "act=EXCLUDE&state=BROKEN",
    ],
)
def test_an_act_that_cannot_be_leads_back_with_the_reason(
    project, alice, browser_of, query
):
    RecordFactory(project=project)
    browser = browser_of(alice)

    page = browser.get(f"{ACT}?{query}", follow=True)

    assert page.redirect_chain
    assert len(list(page.context["messages"])) == 1


def test_no_reason_changes_nothing(project, alice, browser_of):
    RecordFactory(project=project)

    answer = confirm(browser_of(alice), "act=EXCLUDE&state=OPEN", reason=" ")

    assert answer.status_code == 422
    assert not BulkAct.objects.exists()


def test_a_large_act_shows_how_far_it_is(project, alice, browser_of, monkeypatch):
    monkeypatch.setattr(bulk_orders, "AT_ONCE", 2)
    RecordFactory.create_batch(4, project=project)
    browser = browser_of(alice)

    done = confirm(browser, "act=REQUEUE&state=OPEN")
    page = browser.get(done.url)

    assert b"At work" in page.content
    assert b"<progress" in page.content
    assert b"button-danger" not in page.content


@pytest.mark.parametrize(
    ("who", "listed", "undone"),
    [
        ("alice", 200, 302),
        ("bob", 403, 404),
        ("carol", 403, 404),
        ("dana", 403, 404),
        ("erin", 200, 403),
        ("frank", 403, 404),
        ("grace", 200, 403),
        ("mallory", 200, 404),
    ],
)
def test_who_may_read_the_history_and_undo(
    request, project, browser_of, who, listed, undone
):
    act = BulkActFactory(project=project)
    browser = browser_of(request.getfixturevalue(who))

    page = browser.get(HISTORY)

    assert page.status_code == listed
    if listed == 200:
        shown = {row.pk for row in page.context["cl"].queryset}
        assert (act.pk in shown) == (who != "mallory")
    assert browser.post(f"{HISTORY}{act.pk}/undo/").status_code == undone
    assert browser.get(f"{HISTORY}{act.pk}/undo/").status_code in {405, 404, 403}


def test_a_reader_here_undoes_nothing_by_leading_elsewhere(project, grace, browser_of):
    elsewhere = ProjectFactory()
    MembershipFactory(user=grace, project=elsewhere, role=Membership.Role.LEAD)
    act = BulkActFactory(project=project)

    answer = browser_of(grace).post(f"{HISTORY}{act.pk}/undo/")

    assert answer.status_code == 403
    act.refresh_from_db()
    assert act.status == "DONE"


def test_the_history_begins_with_a_word(project, alice, browser_of):
    assert b"Nothing was done in bulk yet" in browser_of(alice).get(HISTORY).content


@pytest.mark.parametrize("count", [1, 20])
def test_the_pages_cost_the_same_for_few_and_many(
    project, alice, browser_of, django_assert_max_num_queries, count
):
    BulkActFactory.create_batch(count, project=project)
    RecordFactory.create_batch(count, project=project)
    browser = browser_of(alice)

    with django_assert_max_num_queries(14):
        browser.get(HISTORY)
    with django_assert_max_num_queries(16):
        browser.get(f"{ACT}?act=REQUEUE&state=OPEN")
    with django_assert_max_num_queries(14):
        browser.get(f"{HISTORY}{BulkAct.objects.first().pk}/change/")
