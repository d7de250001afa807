"""Search, saved filters, exports and bulk acts over HTTP."""

from __future__ import annotations

import json

import pytest

from annotation.models import BulkAct, Membership, Record, Review, SavedFilter
from annotation.services import bulk_orders, record_export
from tests.annotation.desk_seats import caller
from tests.factories import (
    MembershipFactory,
    ProjectFactory,
    RecordFactory,
    ReviewFactory,
    SavedFilterFactory,
    VerdictFactory,
)

pytestmark = pytest.mark.django_db

API = "/api/v1/projects/noc/"
JSON = "application/json"


def lines(answer) -> list[dict]:
    text = b"".join(answer.streaming_content).decode()
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("who", "read", "act", "look", "export"),
    [
        ("alice", 200, 400, 200, 200),
        ("bob", 200, 403, 403, 403),
        ("carol", 200, 403, 403, 403),
        ("dana", 200, 403, 403, 403),
        ("erin", 200, 403, 200, 200),
        ("frank", 200, 403, 403, 403),
        ("grace", 200, 403, 200, 403),
        ("mallory", 404, 404, 404, 404),
    ],
)
def test_who_may_do_what(request, project, browser_of, who, read, act, look, export):
    RecordFactory(project=project)
    browser = browser_of(request.getfixturevalue(who))

    def post(path: str, body: dict) -> int:
        return browser.post(API + path, body, content_type=JSON).status_code

    assert post("records/search/", {}) == read
    assert browser.get(f"{API}saved-filters/").status_code == read
    kept = {"name": "mine", "filter": {"state": "LABELING"}}
    assert post("saved-filters/", kept) == (201 if read == 200 else read)
    assert browser.get(f"{API}records/export/").status_code == export
    assert browser.get(f"{API}bulk-acts/").status_code == look
    assert post("bulk-acts/", {}) == act
    assert post("bulk-acts/preview/", {}) == act
    assert post("bulk-acts/1/undo/", {}) == (404 if act == 400 else act)
    assert browser.get(f"{API}bulk-acts/1/").status_code == (
        404 if look == 200 else look
    )


def test_a_stranger_is_asked_for_a_token(client, project):
    for path in ("records/export/", "saved-filters/", "bulk-acts/"):
        assert client.get(API + path).status_code == 401


def search(browser, **body):
    return browser.post(f"{API}records/search/", body, content_type=JSON)


def test_a_search_pages_by_its_cursor(project, carol, browser_of):
    RecordFactory.create_batch(5, project=project)
    browser = browser_of(carol)

    first = search(browser, filter={"words": "link -zebra"}, page_size=3).json()
    rest = search(browser, filter={"words": "link"}, cursor=first["next"]).json()

    assert (first["count"], first["is_more"], len(first["results"])) == (5, False, 3)
    assert len(rest["results"]) == 2
    assert rest["next"] is None
    assert "resolution" not in first["results"][0]


def test_the_best_match_comes_first(project, alice, browser_of):
    RecordFactory(project=project, title="bgp", external_id="best", body="x")
    RecordFactory(project=project, title="x", body="bgp " + "filler " * 80)

    answer = search(browser_of(alice), filter={"words": "bgp"}, sort="best").json()

    assert next(row["external_id"] for row in answer["results"]) == "best"
    assert "resolution" in answer["results"][0]


@pytest.mark.parametrize(
    "body",
    [
        {"filter": {"colour": "red"}},
        {"filter": {"level": "p1"}},
        {"filter": []},
        {"filter": {"state": {"a": 1}}},
        {"sort": "worst"},
        {"cursor": 0},
        {"page_size": 9000},
    ],
)
def test_a_bad_search_is_refused(project, alice, browser_of, body):
    assert search(browser_of(alice), **body).status_code == 400


def test_a_reviewer_searches_no_later_facts(project, carol, browser_of):
    RecordFactory(project=project, resolution="replaced optic")

    assert search(browser_of(carol), filter={"words": "optic"}).json()["count"] == 0


def test_a_filter_is_kept_changed_used_and_removed(project, alice, erin, browser_of):
    RecordFactory(project=project, title="zebra")
    RecordFactory(project=project)
    hers, his = browser_of(alice), browser_of(erin)
    body = {"name": "z", "filter": {"words": "zebra"}}
    kept = hers.post(f"{API}saved-filters/", body, content_type=JSON).json()
    one = f"{API}saved-filters/{kept['id']}/"

    assert his.get(f"{API}saved-filters/").json() == []
    assert his.delete(one).status_code == 404
    hers.patch(one, {"is_shared": True, "name": "zebras"}, content_type=JSON)
    assert [row["name"] for row in his.get(f"{API}saved-filters/").json()] == ["zebras"]
    assert his.patch(one, {"name": "x"}, content_type=JSON).status_code == 400
    exported = lines(his.get(f"{API}records/export/", {"saved_filter": kept["id"]}))
    assert [row["title"] for row in exported] == ["zebra"]
    assert hers.delete(one).status_code == 204
    assert not SavedFilter.objects.exists()


def order(**more) -> dict:
    return {"kind": "EXCLUDE", "filter": {"category": "switching"}, **more}


def test_an_act_is_looked_at_confirmed_and_undone(project, alice, browser_of):
    RecordFactory.create_batch(3, project=project)
    browser = browser_of(alice)

    def post(path: str, body: dict):
        return browser.post(f"{API}bulk-acts/{path}", body, content_type=JSON)

    seen = post("preview/", order()).json()
    stale = post("", order(reason="test", expected_count=2))
    done = post("", order(reason="test", expected_count=seen["count"]))
    act = done.json()
    undone = post(f"{act['id']}/undo/", {})
    again = post(f"{act['id']}/undo/", {})

    assert seen["count"] == 3
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "count_changed")
    assert (done.status_code, act["status"], act["count"]) == (201, "DONE", 3)
    assert (undone.status_code, undone.json()["restored"]) == (200, 3)
    assert again.status_code == 409
    assert browser.get(f"{API}bulk-acts/").json()["results"][0]["status"] == "UNDONE"
    assert not Record.objects.filter(state="EXCLUDED").exists()


def test_a_large_act_is_accepted_and_left_to_the_queue(
    project, alice, browser_of, monkeypatch
):
    monkeypatch.setattr(bulk_orders, "AT_ONCE", 2)
    RecordFactory.create_batch(3, project=project)

    answer = browser_of(alice).post(
        f"{API}bulk-acts/",
        order(reason="test", expected_count=3),
        content_type=JSON,
    )

    assert (answer.status_code, answer.json()["status"]) == (202, "RUNNING")


def test_an_act_of_another_project_is_not_found(project, alice, browser_of):
    elsewhere = ProjectFactory()
    MembershipFactory(user=alice, project=elsewhere, role=Membership.Role.LEAD)
    RecordFactory(project=elsewhere)
    browser = browser_of(alice)
    there = API.replace("noc", elsewhere.slug)
    browser.post(
        f"{there}bulk-acts/", order(reason="x", expected_count=1), content_type=JSON
    )
    act = BulkAct.objects.get()

    assert browser.get(f"{API}bulk-acts/{act.pk}/").status_code == 404
    assert browser.post(f"{API}bulk-acts/{act.pk}/undo/").status_code == 404


def test_an_export_goes_on_after_its_cursor(project, erin, browser_of, monkeypatch):
    monkeypatch.setattr(record_export, "BLOCK", 2)
    RecordFactory.create_batch(5, project=project)
    browser = browser_of(erin)

    every = lines(browser.get(f"{API}records/export/"))
    rest = lines(browser.get(f"{API}records/export/", {"cursor": every[2]["id"]}))

    assert len(every) == 5
    assert rest == every[3:]


@pytest.mark.parametrize(
    "query",
    [
        {"words": "zebra"},
        {"cursor": "x"},
        {"saved_filter": "x"},
        {"colour": "red"},
        {"saved_filter": "1", "state": "OPEN"},
    ],
)
def test_an_export_that_cannot_be_is_refused(project, erin, browser_of, query):
    answer = browser_of(erin).get(f"{API}records/export/", query)

    assert answer.status_code == 400
    assert "zebra" not in answer.content.decode()


@pytest.mark.parametrize("count", [1, 20])
def test_a_route_costs_the_same_for_few_and_many(
    project, alice, browser_of, django_assert_max_num_queries, count
):
    for _ in range(count):
        record = RecordFactory(project=project)
        ReviewFactory(record=record)
        VerdictFactory(record=record)
        SavedFilterFactory(project=project, owner=alice)
    browser = browser_of(alice)

    with django_assert_max_num_queries(12):
        search(browser, filter={"words": "link"})
    with django_assert_max_num_queries(12):
        browser.get(f"{API}saved-filters/")
    with django_assert_max_num_queries(22):
        assert len(lines(browser.get(f"{API}records/export/"))) == count
    assert Review.objects.count() == count


def test_nobody_is_listed_a_colleagues_filter_that_they_may_not_ask(
    project, alice, carol, browser_of
):
    plain = {"vendor": "arista"}
    for name, query in (("crit", {"level": "critical"}), ("arista", plain)):
        shared = {"name": name, "query": query, "is_shared": True}
        SavedFilterFactory(project=project, owner=alice, **shared)
    own = {"name": "was a lead", "query": {"level": "critical"}}
    SavedFilterFactory(project=project, owner=carol, **own)

    listed = browser_of(carol).get(f"{API}saved-filters/").json()
    page = browser_of(carol).get("/admin/annotation/record/search/noc/")
    led = browser_of(alice).get(f"{API}saved-filters/").json()

    assert [one["name"] for one in listed] == ["arista", "was a lead"]
    assert [one.name for one in page.context["saved"]] == ["arista", "was a lead"]
    assert [one["name"] for one in led] == ["arista", "crit"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_head_is_asked_for_the_right_to_read(project, carol, erin, method):
    route = "api-bulk-acts"

    assert caller(carol)(method, route).status_code == 403
    assert caller(erin)(method, route).status_code == 200
