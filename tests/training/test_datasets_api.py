"""Datasets over HTTP: who may do what, and streams that can be resumed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.services import tokens
from netft_site.base.files import sha256_of
from tests.training.built import build
from tests.training.pages import queries_of
from tests.training.worlds import settle_many
from training.models import Dataset, Export
from training.services.datasets import building, folders
from training.tasks import datasets as tasks

pytestmark = pytest.mark.django_db

BASE = "/api/v1/projects/noc"
LIST = f"{BASE}/datasets/"
PREVIEW = f"{BASE}/dataset-previews/"
ONE = f"{BASE}/datasets/triage/"
EXPORTS = f"{BASE}/datasets/triage/exports/"
STREAM = f"{BASE}/datasets/triage/export/?format=classification"
CAST = ("alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory")


@pytest.fixture
def dataset(project) -> Dataset:
    settle_many(project, 60)
    return build(project)


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("who", CAST)
def test_every_member_of_the_cast_meets_their_own_limits(
    request, browser_of, dataset, who
):
    browser = browser_of(request.getfixturevalue(who))

    codes = (
        browser.get(LIST).status_code,
        browser.get(ONE).status_code,
        browser.post(PREVIEW, {}, "application/json").status_code,
        browser.get(STREAM).status_code,
        browser.post(
            EXPORTS, {"format": "openai_chat"}, "application/json"
        ).status_code,
        browser.post(LIST, {"name": "new"}, "application/json").status_code,
    )

    expected = {
        "alice": (200, 200, 200, 200, 202, 202),
        "erin": (200, 200, 200, 200, 202, 202),
        "frank": (200, 200, 200, 200, 403, 403),
        "grace": (200, 200, 200, 200, 403, 403),
        "mallory": (404,) * 6,
    }
    assert codes == expected.get(who, (403,) * 6)


def test_a_stranger_gets_nothing(client, dataset):
    for url in (LIST, ONE, STREAM):
        assert client.get(url).status_code == 401


def test_a_token_opens_the_stream(client, dataset, frank):
    secret = tokens.issue(
        user=frank, name="itsm", now=timezone.now(), lifetime=timedelta(days=1)
    )[1]

    answer = client.get(STREAM, headers={"authorization": f"Bearer {secret}"})

    assert answer.status_code == 200


def test_posting_a_recipe_queues_the_next_version(
    dataset, erin, browser_of, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as queued:
        answer = browser_of(erin).post(
            LIST, {"name": "triage", "recipe": {"seed": 2}}, "application/json"
        )

    created = answer.json()
    assert (created["version"], created["status"]) == (2, "DRAFT")
    assert created["recipe"]["seed"] == 2
    assert Dataset.objects.get(version=2).created_by == erin
    assert len(queued) == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"name": "x", "recipe": {"seeds": 1}}, "bad_recipe"),
        ({"name": "a b"}, "bad_name"),
    ],
)
def test_a_wrong_request_is_refused_with_its_reason(
    dataset, erin, browser_of, data, code
):
    answer = browser_of(erin).post(LIST, data, "application/json")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


def test_a_preview_shows_what_a_build_then_gives(project, dataset, erin, browser_of):
    settle_many(project, 40, start=60)
    recipe = {"min_per_class": 1, "upsampling": {"target_share": 0.5}}

    shown = (
        browser_of(erin).post(PREVIEW, {"recipe": recipe}, "application/json").json()
    )

    built = build(project, **recipe)
    assert shown["can_freeze"] is True
    assert shown["mix"] == built.manifest["mix"]
    assert shown["left_out"] == built.manifest["left_out"]
    assert shown["splits"]["TRAIN"]["rows"] == built.manifest["splits"]["TRAIN"]["rows"]
    assert shown["splits"]["TRAIN"]["kept"] == 39


def test_a_stream_is_the_frozen_file(dataset, erin, browser_of):
    answer = browser_of(erin).get(f"{STREAM}&split=TRAIN")

    assert answer["Content-Type"] == "application/x-ndjson"
    assert body(answer) == folders.split_path(dataset, "TRAIN").read_bytes()
    assert answer["X-Dataset-SHA256"] == dataset.sha256


@pytest.mark.parametrize("format_name", ["classification", "openai_chat"])
def test_a_stream_that_was_cut_off_goes_on_where_it_stopped(
    dataset, erin, browser_of, format_name
):
    url = f"{ONE}export/?format={format_name}"
    browser = browser_of(erin)
    whole = browser.get(url)
    lines = body(whole).splitlines(keepends=True)

    rest = browser.get(f"{url}&after=17")

    assert whole["X-Total-Rows"] == str(len(lines))
    assert body(rest) == b"".join(lines[17:])
    assert all(json.loads(line) for line in lines)


def test_a_stream_goes_on_in_the_version_that_it_began(
    project, dataset, erin, browser_of
):
    build(project, dataset.name, seed=5)
    browser, query = browser_of(erin), "?format=classification&after=3"
    root = f"/api/v1/projects/{project.slug}/datasets/{dataset.name}"

    unnamed = browser.get(f"{root}/export/{query}")
    named = browser.get(f"{root}@{dataset.version}/export/{query}")

    assert unnamed.status_code >= 400
    assert unnamed.json()["error"]["code"] == "version_needed"
    assert named["X-Dataset-SHA256"] == dataset.sha256


@pytest.mark.parametrize(
    "query", ["", "?format=parquet", "?format=classification&split=X",
              "?format=classification&after=-1"]
)  # fmt: skip
def test_a_stream_needs_a_known_format_split_and_position(
    dataset, erin, browser_of, query
):
    assert browser_of(erin).get(f"{ONE}export/{query}").status_code == 400


def test_versions_are_named_and_unknown_or_unfrozen_ones_say_so(
    project, dataset, erin, browser_of
):
    building.start(project=project, name="draft", recipe={}, in_background=False)
    browser = browser_of(erin)
    stream = "export/?format=classification"

    assert browser.get(f"{LIST}triage@1/").json()["version"] == 1
    assert browser.get(f"{LIST}triage@2/").status_code == 404
    assert browser.get(f"{LIST}nope/{stream}").status_code == 404
    assert browser.get(f"{LIST}draft/").json()["status"] == "DRAFT"
    answer = browser.get(f"{LIST}draft/{stream}")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "not_frozen"


def test_a_file_is_written_by_the_queue_and_listed(
    dataset, erin, browser_of, django_capture_on_commit_callbacks, settings
):
    browser = browser_of(erin)

    with django_capture_on_commit_callbacks() as queued:
        asked = browser.post(
            EXPORTS, {"format": "openai_chat", "split": "TEST"}, "application/json"
        )
    assert asked.status_code == 202
    assert len(queued) == 1
    tasks.run_export_chunk(Export.objects.get().pk)
    tasks.run_export_chunk(Export.objects.get().pk)

    (listed,) = browser.get(EXPORTS).json()
    assert (listed["status"], listed["rows_written"]) == ("DONE", 9)
    written = settings.DATA_DIR / Export.objects.get().path
    assert listed["sha256"] == sha256_of(written)


def test_the_list_costs_the_same_at_one_and_at_twenty(project, erin, browser_of):
    browser = browser_of(erin)
    taken = []
    for names in (("d0",), [f"d{number}" for number in range(1, 20)]):
        for name in names:
            building.start(project=project, name=name, recipe={}, in_background=False)
        taken.append(queries_of(browser, LIST))

    assert len(browser.get(LIST).json()["results"]) == 20
    assert taken[0] == taken[1] <= 8
