"""Exports over HTTP: the state, the file, its manifest and its checksum."""

from __future__ import annotations

import hashlib

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.training.frozen import frozen_dataset
from tests.training.pages import page_of, queries_of, text_of
from training.models import Dataset, Export
from training.services.datasets import exporting

pytestmark = pytest.mark.django_db

BASE = "/api/v1/projects/noc/datasets/triage"
CAST = ("alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory")
READERS = ("alice", "erin", "frank", "grace")
COUNTS = {"TRAIN": 24, "DEV": 12, "CALIBRATION": 0, "TEST": 9}


@pytest.fixture
def dataset(project) -> Dataset:
    return frozen_dataset(project, **COUNTS)


def export(dataset: Dataset, format_name: str = "alpaca") -> Export:
    started = exporting.start(
        dataset=dataset, format_name=format_name, in_background=False
    )
    return exporting.run_to_end(export_id=started.pk, clock=timezone.now)


def addresses(done: Export) -> list[str]:
    one = f"{BASE}/exports/{done.pk}/"
    parts = [reverse("admin:training_dataset_beside", args=[done.pk, "manifest"])]
    return [one, f"{one}file/", f"{one}file/?part=manifest", *parts]


@pytest.mark.parametrize("who", CAST)
def test_every_member_of_the_cast_meets_their_own_limits(
    request, browser_of, dataset, who
):
    done = export(dataset)
    browser = browser_of(request.getfixturevalue(who))

    codes = {browser.get(address).status_code for address in addresses(done)}

    other = 404 if who == "mallory" else 403
    assert codes == {200 if who in READERS else other}


def test_a_stranger_gets_nothing(client, dataset):
    *of_api, of_page = addresses(export(dataset))

    assert {client.get(address).status_code for address in of_api} == {401}
    assert client.get(of_page).url.startswith(reverse("admin:login"))


@pytest.mark.parametrize(
    ("format_name", "kind"),
    [("alpaca", "application/x-ndjson"), ("hf_folder", "application/x-tar")],
)
def test_file_manifest_and_checksum_belong_together(
    dataset, erin, browser_of, format_name, kind
):
    done = export(dataset, format_name)
    browser = browser_of(erin)
    one = f"{BASE}/exports/{done.pk}/"

    state = browser.get(one).json()
    answer = browser.get(f"{one}file/")
    sent = b"".join(answer.streaming_content)
    checksum = b"".join(browser.get(f"{one}file/?part=sha256").streaming_content)

    digest = hashlib.sha256(sent).hexdigest()
    assert state["manifest"]["sha256"] == state["sha256"] == digest
    assert checksum.decode().split()[0] == digest
    assert answer["Content-Type"] == kind
    assert checksum.decode().split()[1] in answer["Content-Disposition"]


def test_what_is_not_finished_has_no_manifest_and_no_file(dataset, erin, browser_of):
    started = exporting.start(
        dataset=dataset, format_name="alpaca", in_background=False
    )
    browser = browser_of(erin)
    one = f"{BASE}/exports/{started.pk}/"

    assert browser.get(one).json()["manifest"] is None
    refused = browser.get(f"{one}file/")
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "not_finished"


def test_an_export_of_another_dataset_is_not_found_here(
    project, dataset, erin, browser_of
):
    other = export(frozen_dataset(project, name="other", **COUNTS))
    browser = browser_of(erin)

    assert browser.get(f"{BASE}/exports/{other.pk}/").status_code == 404
    assert browser.get(f"{BASE}/exports/{other.pk}/file/").status_code == 404


@pytest.mark.parametrize("part", ["x", "file.tar"])
def test_there_are_no_other_parts(dataset, erin, browser_of, part):
    done = export(dataset)
    browser = browser_of(erin)
    beside = reverse("admin:training_dataset_beside", args=[done.pk, part])

    assert browser.get(beside).status_code == 404
    address = f"{BASE}/exports/{done.pk}/file/?part={part}"
    assert browser.get(address).status_code == 400


def test_a_folder_is_not_streamed(dataset, erin, browser_of):
    answer = browser_of(erin).get(f"{BASE}/export/?format=hf_folder")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "no_stream"


def test_preferences_without_any_pair_are_refused_with_the_reason(
    dataset, erin, browser_of
):
    browser = browser_of(erin)

    answer = browser.post(
        f"{BASE}/exports/", {"format": "trl_preference"}, "application/json"
    )
    page = browser.post(
        reverse("admin:training_dataset_export", args=[dataset.pk]),
        {"format": "trl_preference"},
        follow=True,
    )

    assert answer.json()["error"]["code"] == "no_rejected_answers"
    assert "no row with a rejected answer" in text_of(page)


def test_the_page_offers_every_format_and_what_lies_beside_a_file(
    dataset, erin, browser_of
):
    done = export(dataset)

    page = browser_of(erin).get(page_of(dataset)).content.decode()

    assert "Bedrock conversation" in page
    for part in ("manifest", "sha256"):
        assert reverse("admin:training_dataset_beside", args=[done.pk, part]) in page


def test_a_download_costs_few_queries(dataset, erin, browser_of):
    done = export(dataset)

    assert queries_of(browser_of(erin), addresses(done)[0]) <= 8
