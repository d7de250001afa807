"""The list and the page of datasets as their visitors meet them, and the downloads."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import RecordFactory, ReviewerFactory
from tests.training.built import build
from tests.training.pages import BUILDER, page_of, queries_of, text_of
from tests.training.worlds import distinct_text, label_by_source, settle_many
from training.models import Dataset, Export
from training.services.datasets import building, exporting, folders

pytestmark = pytest.mark.django_db

LIST = "/admin/training/dataset/"
CAST = ("alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory")


@pytest.fixture
def dataset(project) -> Dataset:
    settle_many(project, 60)
    return build(project)


@pytest.mark.parametrize("who", CAST)
def test_every_member_of_the_cast_meets_their_own_limits(
    request, browser_of, dataset, who
):
    browser = browser_of(request.getfixturevalue(who))
    export = reverse("admin:training_dataset_export", args=[dataset.pk])

    codes = (
        browser.get(LIST).status_code,
        browser.get(page_of(dataset)).status_code,
        browser.get(
            reverse("admin:training_dataset_progress", args=[dataset.pk])
        ).status_code,
        browser.get(
            reverse("admin:training_dataset_file", args=[dataset.pk, "TEST"])
        ).status_code,
        browser.get(BUILDER).status_code,
        browser.post(export, {"format": "openai_chat"}).status_code,
    )

    builder, reader, nobody = (
        (200, 200, 200, 200, 200, 302),
        (200, 200, 200, 200, 403, 403),
        (403, 403, 403, 403, 403, 403),
    )
    expected = {"alice": builder, "erin": builder, "frank": reader, "grace": reader}
    if who == "mallory":
        # A lead elsewhere sees the list, but nothing of this project in it.
        assert codes == (200, 404, 404, 404, 404, 404)
        assert b"triage" not in browser.get(LIST).content
    else:
        assert codes == expected.get(who, nobody)


def test_a_stranger_is_sent_to_sign_in(client, dataset):
    for url in (LIST, BUILDER, page_of(dataset)):
        assert client.get(url).url.startswith(reverse("admin:login"))


def test_a_frozen_page_shows_files_mixes_and_the_way_on(dataset, erin, browser_of):
    page = browser_of(erin).get(page_of(dataset)).content.decode()

    assert dataset.sha256 in page
    for split in ("TRAIN", "DEV", "CALIBRATION", "TEST"):
        assert reverse("admin:training_dataset_file", args=[dataset.pk, split]) in page
    assert "Levels in TRAIN" in page
    assert f"builder/noc/?like={dataset.pk}" in page
    assert "Single source" not in page


def test_a_single_source_page_carries_the_banner(project, erin, browser_of):
    label_by_source(project, ReviewerFactory(source=True, name="itsm"), 60)
    dataset = build(project, gold_rule="SINGLE_SOURCE")

    page = browser_of(erin).get(page_of(dataset)).content.decode()

    assert "banner single-source" in page


def test_a_failed_page_says_why(project, erin, browser_of):
    settle_many(project, 60)
    with pytest.raises(building.BuildRefused):
        build(project, min_per_class=500)

    page = browser_of(erin).get(page_of(Dataset.objects.get())).content.decode()

    assert "This dataset was not frozen" in page
    assert "500 needed" in page


def test_a_page_under_way_says_how_far_and_when_nobody_works_on_it(
    project, erin, browser_of
):
    settle_many(project, 60)
    dataset = building.start(
        project=project, name="x", recipe={"min_per_class": 1}, in_background=False
    )
    browser = browser_of(erin)
    url = reverse("admin:training_dataset_progress", args=[dataset.pk])

    waiting = browser.get(url).json()
    building.advance(dataset_id=dataset.pk, now=timezone.now())
    marked = browser.get(url).json()
    building.advance(dataset_id=dataset.pk, now=timezone.now())
    planned = browser.get(url).json()
    building.advance(dataset_id=dataset.pk, now=timezone.now() - timedelta(minutes=3))
    written = browser.get(url).json()

    assert waiting["words"] == "Waiting for the queue"
    assert marked["words"] == "Choosing records and splits"
    assert planned["words"] == "Writing examples: 0 of 60"
    assert (written["done"], written["total"]) == (60, 60)
    assert (planned["quiet"], written["quiet"], written["over"]) == (False, True, False)


def test_a_split_downloads_as_it_was_frozen(dataset, grace, browser_of):
    url = reverse("admin:training_dataset_file", args=[dataset.pk, "TRAIN"])

    answer = browser_of(grace).get(url)

    sent = b"".join(answer.streaming_content)
    assert sent == folders.split_path(dataset, "TRAIN").read_bytes()
    assert answer["Content-Disposition"].endswith('"triage.v1.train.jsonl"')


@pytest.mark.parametrize("split", ["VALID", "..", "train", "TRAIN%2F.."])
def test_no_other_file_can_be_downloaded(dataset, grace, browser_of, split):
    url = f"{LIST}{dataset.pk}/files/{split}/"

    answer = browser_of(grace).get(url, follow=True)

    assert answer.status_code == 404


def test_an_export_is_queued_by_post_and_downloaded_when_done(
    dataset, erin, browser_of, django_capture_on_commit_callbacks
):
    browser = browser_of(erin)
    with django_capture_on_commit_callbacks() as queued:
        browser.post(
            reverse("admin:training_dataset_export", args=[dataset.pk]),
            {"format": "openai_chat", "split": "TEST"},
        )
    export = Export.objects.get()
    url = reverse("admin:training_dataset_exported", args=[export.pk])
    before = browser.get(url).status_code

    exporting.run_to_end(export_id=export.pk, clock=timezone.now)

    lines = b"".join(browser.get(url).streaming_content).splitlines()
    assert len(queued) == 1
    assert before == 404
    assert len(lines) == 9
    assert all(json.loads(line)["messages"] for line in lines)


@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_an_export_is_not_for_everybody(request, dataset, browser_of, who):
    export = exporting.start(
        dataset=dataset, format_name="openai_chat", in_background=False
    )
    exporting.run_to_end(export_id=export.pk, clock=timezone.now)

    answer = browser_of(request.getfixturevalue(who)).get(
        reverse("admin:training_dataset_exported", args=[export.pk])
    )

    assert answer.status_code == {"bob": 403, "mallory": 404}[who]


def test_the_list_costs_the_same_at_one_and_at_twenty(project, erin, browser_of):
    browser = browser_of(erin)
    taken = []
    for names in (("d0",), [f"d{number}" for number in range(1, 20)]):
        for name in names:
            building.start(
                project=project, name=name, recipe={}, user=erin, in_background=False
            )
        taken.append(queries_of(browser, LIST))

    assert browser.get(LIST).content.count(b'class="field-dataset"') == 20
    assert taken[0] == taken[1] <= 12


def test_the_page_costs_the_same_with_every_export(dataset, erin, browser_of):
    browser = browser_of(erin)
    taken = []
    for splits in (("",), ("TRAIN", "DEV", "TEST")):
        for split in splits:
            exporting.start(
                dataset=dataset,
                format_name="openai_chat",
                split=split,
                in_background=False,
            )
        taken.append(queries_of(browser, page_of(dataset)))

    assert len(browser.get(page_of(dataset)).context["exports"]) == 4
    assert taken[0] == taken[1] <= 11


def test_a_dataset_without_levels_shows_what_it_is_made_of(project, erin, browser_of):
    for number in range(40):
        RecordFactory(
            project=project,
            external_id=f"DOC{number}",
            kind=("DOCUMENT", "QA")[number % 4 // 2],
            state="REFERENCE",
            resolution="Replaced the optic." if number % 4 // 2 else "",
            category=("wan", "wireless")[number % 2],
            body=distinct_text(number),
        )
    dataset = build(
        project,
        tasks=["domain_text", "question_answer"],
        gold_rule="SINGLE_SOURCE",
        formats=["text"],
    )

    page = browser_of(erin).get(page_of(dataset))

    shown = {item.title for item in page.context["charts"]}
    assert shown == {"Kinds of record in TRAIN and TEST", "Tasks in TRAIN and TEST",
                     "Categories in TRAIN and TEST"}  # fmt: skip
    kinds = dataset.manifest["mix"]["kind"]["TRAIN"]
    assert {kind: count["examples"] > 9 for kind, count in kinds.items()} == {
        "DOCUMENT": True,
        "QA": True,
    }
    assert "half of the texts have at most" in text_of(page)
