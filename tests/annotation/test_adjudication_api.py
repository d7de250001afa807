"""Adjudication, guidelines and re-review over HTTP: who may, conflicts, cursors."""

from __future__ import annotations

import json

import pytest

from annotation.api import adjudication
from annotation.models import Guidelines, Record, Verdict
from annotation.services import adjudicating, weighing
from tests.annotation.adjudication import DECISION, answered
from tests.factories import ProjectFactory, ReviewerFactory, ReviewFactory

AT = "/api/v1/projects/noc/"
WAITING = f"{AT}adjudication/"
CAST = ["alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory"]
SENIORS = [200, 200, 403, 200, 403, 403, 403, 404]
READERS = [200, 200, 403, 200, 200, 403, 200, 404]
LABELERS = [200, 200, 200, 200, 200, 403, 200, 404]
LEADS = [201, 403, 403, 403, 403, 403, 403, 404]


def everybody(*columns: list[int]) -> list[tuple[object, ...]]:
    return list(zip(CAST, *columns, strict=True))


def send(client, path: str, **payload: object):
    return client.post(path, json.dumps(payload), content_type="application/json")


def decision(record: Record, **change: object) -> dict[str, object]:
    return {**DECISION, "expected": weighing.hear(record=record).seen, **change}


@pytest.mark.parametrize(("who", "status"), everybody(SENIORS))
def test_seniors_alone_adjudicate(request, browser_of, project, who, status):
    person = request.getfixturevalue(who)
    client = browser_of(person)
    record = answered(project, "high", "low")

    paths = [WAITING, f"{WAITING}{record.pk}/"]
    assert [client.get(path).status_code for path in paths] == [status] * 2
    decided = send(client, f"{WAITING}{record.pk}/", **decision(record))
    assert decided.status_code == status
    if status == 200:
        assert client.get(f"{WAITING}{record.pk}/decision/").status_code == 200
    undone = send(client, f"{WAITING}{record.pk}/undo/")
    assert undone.status_code == status
    assert not Verdict.objects.current().exists()


@pytest.mark.parametrize(
    ("who", "reads", "labels", "leads"), everybody(READERS, LABELERS, LEADS)
)
def test_who_reads_and_who_writes_guidelines(
    request, browser_of, project, who, reads, labels, leads
):
    client = browser_of(request.getfixturevalue(who))
    Guidelines.objects.create(project=project, version=1, markdown="rules")
    record = answered(project, "high", "high", category="wan")

    assert client.get(f"{AT}disagreements/").status_code == reads
    assert client.get(f"{AT}guidelines/").status_code == labels
    assert client.get(f"{AT}rereviews/").status_code == labels
    new = send(client, f"{AT}guidelines/", markdown="x", summary="y", expected=1)
    assert new.status_code == leads
    wanted = {"version": 2 if leads == 201 else 1, "categories": ["wan"]}
    opened = send(client, f"{AT}rereviews/", **wanted, reason="x")
    assert opened.status_code == leads
    record.refresh_from_db()
    assert record.round == (2 if leads == 201 else 1)
    act = opened.json().get("id", 1)
    undone = send(client, f"{AT}bulk-acts/{act}/undo/")
    assert undone.status_code == (200 if leads == 201 else leads)


def test_the_list_goes_on_by_cursor_in_the_order_of_the_page(
    project, dana, browser_of, monkeypatch
):
    monkeypatch.setattr(adjudication, "PAGE_SIZE", 2)
    records = [answered(project, "high", "low", priority=n % 2) for n in range(4)]
    severe = answered(project, "critical", "low")
    own = answered(project, "high", "low", priority=9)
    ReviewFactory(record=own, reviewer=dana.reviewer, severity="high")
    client = browser_of(dana)

    pages, cursor = [], ""
    while cursor is not None:
        page = client.get(WAITING, {"cursor": cursor} if cursor else {}).json()
        pages.append([row["id"] for row in page["results"]])
        cursor = page["next"]

    first, second, third, fourth = (record.pk for record in records)
    assert pages == [[severe.pk, second], [fourth, first], [third, own.pk]]
    assert page["results"][-1]["answered_by_you"]
    assert (
        client.get(WAITING, {"cursor": "1.x"}).json()["error"]["code"] == "bad_cursor"
    )


def test_answers_come_without_names_until_the_decision(project, dana, browser_of):
    record = answered(project, "high", "low", resolution="It was DNS")
    zoe = ReviewerFactory(name="zoe-quartz", grade="PRINCIPAL")
    ReviewFactory(record=record, reviewer=zoe, response="reseat the optic")
    client = browser_of(dana)
    path = f"{WAITING}{record.pk}/"

    before = client.get(path)
    told = client.get(f"{path}decision/")
    send(client, path, **decision(record))
    after = client.get(f"{path}decision/").json()

    body = before.content.decode()
    assert "reseat the optic" in body
    assert "zoe-quartz" not in body
    assert "PRINCIPAL" not in body.upper()
    assert before.json()["levels_apart"] == 2
    assert before.json()["known_later"]["resolution"] == "It was DNS"
    assert told.status_code == 404
    assert "zoe-quartz" in {answer["reviewer"] for answer in after["answers"]}


def test_a_stale_decision_is_answered_with_both(project, dana, browser_of):
    record = answered(project, "high", "low")
    mine = decision(record, severity="low", reason="Nobody noticed.")
    other = ReviewerFactory(name="zoe-quartz", grade="SENIOR")
    adjudicating.decide(record=record, reviewer=other, **DECISION)
    client = browser_of(dana)
    path = f"{WAITING}{record.pk}/"

    answer = send(client, path, **mine)

    body = answer.json()
    assert answer.status_code == 409
    assert body["error"]["code"] == "decided"
    assert (body["current"]["severity"], body["yours"]["severity"]) == ("high", "low")
    assert "zoe-quartz" not in answer.content.decode()
    assert Verdict.objects.current().get().severity == "high"
    again = send(client, path, **{**mine, "expected": body["version"]})
    assert again.status_code == 200
    assert Verdict.objects.current().get().severity == "low"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"severity": "gone"}, 400, "unknown_level"),
        ({"disagreement": ""}, 400, "no_kind"),
        ({"reason": " "}, 400, "no_reason"),
        ({"root_cause": "gremlins"}, 400, "unknown_root_cause"),
        ({"expected": "0.0.0"}, 409, "changed"),
    ],
)
def test_what_cannot_be_decided_says_why(
    project, dana, browser_of, change, status, code
):
    record = answered(project, "high", "low")

    answer = send(
        browser_of(dana), f"{WAITING}{record.pk}/", **decision(record, **change)
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert not Verdict.objects.exists()


def test_an_excluded_record_and_a_missing_decision_are_conflicts(
    project, dana, browser_of
):
    record = answered(project, "high", "low")
    said = decision(record)
    client = browser_of(dana)
    path = f"{WAITING}{record.pk}/"

    undone = send(client, f"{path}undo/")
    Record.objects.filter(pk=record.pk).update(state="EXCLUDED")
    excluded = send(client, path, **said)

    assert (undone.status_code, undone.json()["error"]["code"]) == (409, "not_decided")
    assert (excluded.status_code, excluded.json()["error"]["code"]) == (
        409,
        "not_ready",
    )


def test_open_records_and_other_projects_tell_nothing(project, dana, browser_of):
    waiting = answered(project, "high")
    elsewhere = answered(ProjectFactory(), "high", "low")
    client = browser_of(dana)

    for record in (waiting, elsewhere):
        assert client.get(f"{WAITING}{record.pk}/").status_code == 404
        said = {**DECISION, "expected": "x"}
        assert send(client, f"{WAITING}{record.pk}/", **said).status_code == 404


def test_a_dry_run_counts_and_changes_nothing(project, alice, browser_of):
    Guidelines.objects.create(project=project, version=1, markdown="rules")
    record = answered(project, "high", "high", category="wan")
    client = browser_of(alice)

    found = send(
        client, f"{AT}rereviews/", version=1, categories=["wan"], dry_run=True
    ).json()

    assert found == {
        "count": 1,
        "adjudicated": 0,
        "by_queue": False,
        "sample": [record.external_id],
    }
    record.refresh_from_db()
    assert record.round == 1


def test_two_leads_do_not_overwrite_each_other(project, alice, browser_of):
    Guidelines.objects.create(project=project, version=1, markdown="rules")
    client = browser_of(alice)

    answer = send(client, f"{AT}guidelines/", markdown="x", summary="y", expected=0)

    assert answer.status_code == 409
    assert answer.json()["current"]["markdown"] == "rules"
    assert Guidelines.objects.count() == 1


@pytest.mark.parametrize("rows", [1, 20])
def test_the_routes_need_the_same_few_queries(
    project, dana, browser_of, django_assert_max_num_queries, rows
):
    for number in range(rows):
        record = answered(project, "high", "low")
        done = answered(project, "high", "low")
        adjudicating.decide(record=done, reviewer=dana.reviewer, **DECISION)
        Guidelines.objects.create(project=project, version=number + 1, markdown="x")
    client = browser_of(dana)

    for path in (
        "adjudication/",
        f"adjudication/{record.pk}/",
        f"adjudication/{done.pk}/decision/",
        "disagreements/",
        "guidelines/",
        "rereviews/",
    ):
        client.get(f"{AT}{path}")
        with django_assert_max_num_queries(12):
            assert client.get(f"{AT}{path}").status_code == 200
