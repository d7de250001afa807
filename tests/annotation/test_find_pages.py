"""Find records, saved filters and exports as their visitors meet them."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from annotation.models import SavedFilter, Verdict
from tests.factories import (
    ProjectFactory,
    RecordFactory,
    ReviewFactory,
    SavedFilterFactory,
    VerdictFactory,
)

pytestmark = pytest.mark.django_db

FIND = "/admin/annotation/record/search/noc/"
CAST = ["alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory"]


@pytest.mark.parametrize(
    ("who", "find", "act", "export"),
    [
        ("alice", 200, 200, 200),
        ("bob", 200, 403, 403),
        ("carol", 200, 403, 403),
        ("dana", 200, 403, 403),
        ("erin", 200, 403, 200),
        ("frank", 200, 403, 403),
        ("grace", 200, 403, 403),
        ("mallory", 404, 404, 404),
    ],
)
def test_who_may_find_act_and_export(
    request, project, browser_of, who, find, act, export
):
    RecordFactory(project=project)
    browser = browser_of(request.getfixturevalue(who))
    order = {"act": "EXCLUDE", "state": "LABELING"}

    assert browser.get(FIND).status_code == find
    assert browser.post(FIND, {"words": "link"}).status_code in {302, find}
    assert browser.get(f"{FIND}act/", order).status_code == act
    assert browser.post(f"{FIND}act/?act=EXCLUDE&state=LABELING").status_code in {
        422,
        act,
    }
    assert browser.get(f"{FIND}export/", {"format": "csv"}).status_code == export
    saved = browser.post(f"{FIND}save/?state=LABELING", {"name": "mine"})
    assert saved.status_code == (404 if who == "mallory" else 302)


def test_a_stranger_is_sent_to_sign_in(client, project):
    for page in (FIND, f"{FIND}act/", f"{FIND}export/", f"{FIND}save/"):
        assert client.get(page).url.startswith(reverse("admin:login"))


@pytest.mark.parametrize("who", CAST)
def test_the_way_without_a_project_leads_to_the_only_one(
    request, project, browser_of, who
):
    answer = browser_of(request.getfixturevalue(who)).get(
        "/admin/annotation/record/search/"
    )

    assert answer.url == (
        FIND if who != "mallory" else FIND.replace("noc", "elsewhere")
    )


def test_words_travel_in_no_address(project, carol, browser_of):
    RecordFactory(project=project, title="Spanning tree loop")
    browser = browser_of(carol)

    answer = browser.post(FIND, {"words": "spanning", "state": ["LABELING"]})
    page = browser.get(answer.url)

    assert "spanning" not in answer.url
    assert "state=OPEN%2CCONTESTED%2CSETTLED" in answer.url
    assert b"Spanning tree loop" in page.content
    assert page.context["count"].value == 1
    assert not re.search(r'(href|action)="[^"]*spanning', page.content.decode())
    refused = browser.get(FIND, {"words": "spanning"})
    assert refused.status_code == 422
    assert b"never in an address" in refused.content


def test_words_of_another_session_are_asked_for_again(project, bob, carol, browser_of):
    url = browser_of(bob).post(FIND, {"words": "spanning"}).url

    answer = browser_of(carol).get(url)

    assert answer.status_code == 422
    assert b"Type them again" in answer.content


def test_a_wrong_filter_is_refused_in_words_and_finds_nothing(
    project, carol, browser_of
):
    browser = browser_of(carol)
    for query in ({"colour": "red"}, {"state": "BROKEN"}, {"level": "high"}):
        answer = browser.get(FIND, query)
        assert answer.status_code == 422
        assert "rows" not in answer.context
    assert browser.post(FIND, {"opened_from": "soon"}).status_code == 422


def test_a_reviewer_is_shown_no_verdict_and_no_later_fact(project, carol, browser_of):
    record = RecordFactory(
        project=project,
        state="CONTESTED",
        queued_because="contested: somebody said critical",
        resolution="replaced optic",
    )
    VerdictFactory(record=record, severity="critical")
    browser = browser_of(carol)

    page = browser.get(FIND)
    found = browser.get(browser.post(FIND, {"words": "optic"}).url)

    assert b"somebody said" not in page.content
    assert b"Verdict" not in page.content
    assert found.context["count"].value == 0


def test_pages_go_by_number_and_never_repeat(project, carol, browser_of):
    for n in range(120):
        RecordFactory(project=project, external_id=f"R{n}")
    browser = browser_of(carol)

    seen, url = [], FIND
    while url:
        page = browser.get(url)
        seen += [row["record"].external_id for row in page.context["rows"]]
        older = page.context["older"]
        url = f"{FIND}?{older}" if older else ""

    assert seen == [f"R{n}" for n in reversed(range(120))]


def test_the_best_match_comes_first_when_asked_for(project, carol, browser_of):
    RecordFactory(project=project, title="bgp", external_id="best", body="x")
    RecordFactory(project=project, title="x", body="bgp " + "filler " * 80)
    browser = browser_of(carol)
    url = browser.post(FIND, {"words": "bgp"}).url

    page = browser.get(f"{url}&sort=best")

    assert page.context["rows"][0]["record"].external_id == "best"


@pytest.mark.parametrize("count", [1, 20])
def test_a_page_costs_the_same_for_few_and_many(
    project, alice, browser_of, django_assert_max_num_queries, count
):
    for _ in range(count):
        record = RecordFactory(project=project)
        ReviewFactory(record=record)
        VerdictFactory(record=record)
        SavedFilterFactory(project=project, owner=alice)
    browser = browser_of(alice)
    url = browser.post(FIND, {"words": "link", "state": ["OPEN", "SETTLED"]}).url

    with django_assert_max_num_queries(16):
        page = browser.get(url)

    assert len(page.context["rows"]) == count


def test_a_filter_is_kept_shared_renamed_and_removed(project, alice, carol, browser_of):
    RecordFactory(project=project, title="Spanning tree loop")
    browser, hers = browser_of(carol), browser_of(alice)
    url = browser.post(FIND, {"words": "spanning", "category": "switching"}).url
    saved_at = browser.post(f"{FIND}save/?{url.partition('?')[2]}", {"name": "loops"})
    saved = SavedFilter.objects.get()
    change = f"{FIND}saved/{saved.pk}/"

    assert saved.query == {"words": "spanning", "category": "switching"}
    assert browser.get(saved_at.url).context["count"].value == 1
    assert hers.get(f"{FIND}?saved={saved.pk}").status_code == 404
    browser.post(change, {"action": "share"})
    assert hers.get(f"{FIND}?saved={saved.pk}").context["count"].value == 1
    hers.post(change, {"action": "rename", "name": "hers"})
    browser.post(change, {"action": "rename", "name": "tree loops"})
    saved.refresh_from_db()
    assert (saved.name, saved.is_shared) == ("tree loops", True)
    hers.post(change, {"action": "remove"})
    assert not SavedFilter.objects.exists()


def test_a_shared_filter_asks_nothing_that_its_user_may_not(
    project, alice, carol, browser_of
):
    saved = SavedFilterFactory(
        project=project, owner=alice, is_shared=True, query={"level": "high"}
    )

    answer = browser_of(carol).get(f"{FIND}?saved={saved.pk}")

    assert answer.status_code == 422
    assert b"does not see verdicts" in answer.content


def test_a_filter_of_another_project_is_not_found(project, alice, browser_of):
    foreign = SavedFilterFactory(project=ProjectFactory(), owner=alice, is_shared=True)
    browser = browser_of(alice)

    assert browser.get(f"{FIND}?saved={foreign.pk}").status_code == 404
    page = browser.post(f"{FIND}saved/{foreign.pk}/", {"action": "remove"})
    assert page.status_code == 404
    assert browser.get(f"{FIND}?saved=x").status_code == 404


def test_an_empty_page_says_what_to_do(project, alice, browser_of):
    browser = browser_of(alice)

    assert b"No records yet" in browser.get(FIND).content
    assert b"Nothing fits" in browser.get(FIND, {"category": "wan"}).content
    assert not Verdict.objects.exists()
