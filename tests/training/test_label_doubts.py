"""Doubted labels and conflicting copies at their doors: page, API and command."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from annotation.models import BulkAct, Record
from annotation.services import adjudicating, sending
from tests.factories import RecordFactory, ReviewerFactory, ReviewFactory
from tests.training.built import build
from tests.training.doubted import example, judged
from tests.training.frozen import frozen_dataset
from tests.training.pages import queries_of, text_of
from tests.training.worlds import settle_many
from training.models import Dataset, LabelCheck
from training.services import label_checks
from training.services.datasets import conflicts

pytestmark = pytest.mark.django_db

ROUTE = "/api/v1/projects/noc/datasets/triage/label-check/"


def page(dataset: Dataset) -> str:
    return reverse("admin:training_dataset_quality", args=[dataset.pk])


def send_to(dataset: Dataset) -> str:
    return reverse("admin:training_dataset_send", args=[dataset.pk])


@pytest.fixture
def dataset(project) -> Dataset:
    return frozen_dataset(project)


def test_the_page_says_how_the_labels_were_judged(dataset, erin, browser_of):
    records = [example(dataset, name) for name in ("A1", "B22", "C333")]
    judged(dataset, "C333", "A1", "B22")

    answer = browser_of(erin).get(page(dataset))

    text = text_of(answer)
    assert "3 labels that models doubt" in text
    assert "of 90.0 % of 60 tickets" in text
    assert "80.0 % to 95.0 %" in text
    assert "By their measure about 3 % of the labels are wrong" in text
    assert "Not judged, in fewer than 5 incidents: critical (2)" in text
    assert "TEST and CALIBRATION are not judged" in text
    ranked = [one.external_id for one in answer.context["labels"].doubts]
    assert ranked == ["C333", "A1", "B22"]
    lineage = reverse("admin:evaluation_lineage", args=["noc", records[2].pk])
    assert lineage in answer.text
    assert 'name="record"' not in answer.text
    assert "A lead of the project can send" in text


def test_the_list_comes_in_pages(dataset, erin, browser_of):
    names = [f"T{'x' * n}" for n in range(30)]
    for name in names:
        example(dataset, name)
    judged(dataset, *names)
    browser = browser_of(erin)

    first = browser.get(page(dataset)).context["labels"]
    second = browser.get(f"{page(dataset)}?skip=25").context["labels"]

    assert (len(first.doubts), first.newer, first.older) == (25, None, 25)
    assert (len(second.doubts), second.newer, second.older) == (5, 0, None)
    assert second.doubts[0].rank == 26


def test_before_a_search_there_is_a_button_for_it(dataset, erin, browser_of):
    browser = browser_of(erin)
    assert "Not searched yet" in browser.get(page(dataset)).text

    browser.post(reverse("admin:training_dataset_check", args=[dataset.pk]))

    check = LabelCheck.objects.get()
    assert (check.created_by, check.job.kind) == (erin, "QUALITY")
    answer = browser.get(page(dataset))
    assert "data-progress" in answer.text
    assert "You can close this page" in answer.text


def test_a_search_can_be_stopped_and_begun_again(dataset, erin, browser_of):
    browser = browser_of(erin)
    check = label_checks.start(dataset=dataset)
    assert "Stop the search" in browser.get(page(dataset)).text

    stop = reverse("admin:training_dataset_unchecked", args=[dataset.pk])
    answer = browser.post(stop, follow=True)

    assert "Cancelled before it started." in answer.text
    assert "Search again" in answer.text
    assert label_checks.start(dataset=dataset) != check


def test_no_doubt_is_no_proof(dataset, erin, browser_of):
    judged(dataset)

    assert "No label is doubted" in browser_of(erin).get(page(dataset)).text


def test_a_failed_search_says_why_and_can_be_repeated(dataset, erin, browser_of):
    check = label_checks.start(dataset=dataset)
    LabelCheck.objects.filter(pk=check.pk).update(status="FAILED", failure="Too few.")

    answer = browser_of(erin).get(page(dataset))

    assert "Too few." in answer.text
    assert "Search again" in answer.text


def test_a_lead_sends_doubted_tickets_to_the_seniors(dataset, alice, browser_of):
    record = example(dataset, "A1")
    judged(dataset, "A1")
    browser = browser_of(alice)
    assert f'value="{record.pk}"' in browser.get(page(dataset)).text

    answer = browser.post(
        send_to(dataset), {"record": [record.pk], "reason": "doubted"}, follow=True
    )

    record.refresh_from_db()
    assert record.state == Record.State.CONTESTED
    assert record.queued_because == "sent to the seniors: doubted"
    act = BulkAct.objects.get()
    assert f"/admin/annotation/bulkact/{act.pk}/change/" in answer.text
    assert "1 ticket waits for the seniors." in answer.text
    listed = answer.context["labels"].doubts
    assert [one.hindrance for one in listed] == ["waits for a senior"]


def test_what_is_no_example_of_the_dataset_is_not_sent(dataset, alice, browser_of):
    other = RecordFactory(project=dataset.project, state="SETTLED")

    answer = browser_of(alice).post(
        send_to(dataset), {"record": [other.pk], "reason": "x"}, follow=True
    )

    assert "Not all of them are examples" in answer.text
    assert not BulkAct.objects.exists()


def test_copies_with_different_labels_are_listed_and_sent(dataset, alice, browser_of):
    first = example(dataset, "A1")
    second = example(dataset, "B22", "low", near_duplicate_of=first)
    third = example(dataset, "C333", near_duplicate_of=first)
    lone = example(dataset, "D4444", "low")
    example(dataset, "E55555", "low", near_duplicate_of=lone)

    found = conflicts.find(dataset=dataset)

    assert (found.count, found.examples) == (1, 3)
    (cluster,) = found.listed
    assert cluster.labels == {"high": 2, "low": 1}
    assert [m.record_id for m in cluster.members] == [second.pk, first.pk, third.pk]

    answer = browser_of(alice).post(
        send_to(dataset),
        {"record": [first.pk, second.pk], "reason": "copies differ"},
        follow=True,
    )

    assert "2 tickets wait for the seniors." in answer.text
    assert Record.objects.filter(state="CONTESTED").count() == 2


def test_the_next_version_takes_what_the_seniors_decide(project, alice):
    settle_many(project, 60)
    first = build(project)
    record = first.examples.filter(split="TRAIN").first().record
    for _ in range(2):
        ReviewFactory(record=record, severity="low")
    sending.send(
        project=project,
        record_ids=[record.pk],
        by=alice,
        reason="doubted",
        now=timezone.now(),
    )
    between = build(project)
    adjudicating.decide(
        record=record,
        reviewer=ReviewerFactory(grade="SENIOR"),
        severity="critical",
        reason="Read again.",
    )
    after = build(project)

    assert not between.examples.filter(record=record).exists()
    assert after.examples.get(record=record).label == "critical"
    assert first.examples.get(record=record).label != "critical"


@pytest.mark.parametrize(
    ("who", "sees", "may_check", "may_send"),
    [
        ("alice", 200, 302, 302),
        ("erin", 200, 302, 403),
        ("grace", 200, 403, 403),
        ("frank", None, 403, 403),
        ("bob", 403, 403, 403),
        ("mallory", 404, 404, 404),
    ],
)
def test_who_may_see_check_and_send(
    request, dataset, browser_of, who, sees, may_check, may_send
):
    browser = browser_of(request.getfixturevalue(who))

    answer = browser.get(page(dataset))
    if sees is None:
        assert answer.context["labels"] is None
    else:
        assert answer.status_code == sees
    check = reverse("admin:training_dataset_check", args=[dataset.pk])
    assert browser.post(check).status_code == may_check
    assert browser.post(send_to(dataset)).status_code == may_send


def test_more_doubts_cost_no_more_queries(dataset, alice, browser_of):
    names = [f"T{'x' * n}" for n in range(20)]
    for name in names:
        example(dataset, name)
    judged(dataset, names[0])
    browser = browser_of(alice)
    one = queries_of(browser, page(dataset))
    LabelCheck.objects.all().delete()

    judged(dataset, *names)

    assert queries_of(browser, page(dataset)) == one


def test_the_api_judges_and_lists(dataset, erin, browser_of):
    browser = browser_of(erin)
    assert browser.get(ROUTE).json() == {"status": "NONE"}
    answer = browser.post(ROUTE)
    assert (answer.status_code, answer.json()["status"]) == (202, "RUNNING")
    LabelCheck.objects.all().delete()
    record = example(dataset, "A1")
    judged(dataset, "A1")

    found = browser.get(ROUTE).json()

    assert found["status"] == "DONE"
    assert found["facts"]["noise"] == 0.03
    assert found["doubts"] == [
        {
            "rank": 1,
            "record_id": record.pk,
            "external_id": "A1",
            "split": "TRAIN",
            "given": "high",
            "suggested": "low",
            "confidence": 0.1,
            "suggested_probability": 0.85,
            "hindrance": "",
        }
    ]


def test_the_api_keeps_verdicts_from_who_may_not_read_them(
    dataset, frank, bob, browser_of
):
    assert browser_of(frank).get(ROUTE).status_code == 403
    assert browser_of(bob).post(ROUTE).status_code == 403


def test_the_command_lists_what_was_found(dataset):
    example(dataset, "A1")
    judged(dataset, "A1")
    out = io.StringIO()

    call_command("check_labels", "triage", "--json", stdout=out)

    result = json.loads(out.getvalue())
    assert result["dataset"] == "noc/triage@1"
    assert [one["external_id"] for one in result["doubts"]] == ["A1"]

    out = io.StringIO()
    call_command("check_labels", "triage", stdout=out)
    assert "1 of 60 labels of noc/triage@1 are doubted" in out.getvalue()
