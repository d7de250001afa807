"""What opens something does not leave: builds leave it out, exports refuse it."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from annotation.models import FalseAlarm, KnownSecret, Project, Record
from annotation.services.vault import keyring_of
from netft_site.base.refusals import Refused
from tests.factories import ReviewFactory, SanitizationFactory, UserFactory
from tests.training.built import build, ids, read
from tests.training.pages import page_of, text_of
from tests.training.worlds import settle, settle_many
from training.models import Dataset, Export
from training.services.datasets import exporting, gating, streaming

pytestmark = pytest.mark.django_db

VALUE = "brontal2041kvan"
TRIPPING = "# key of core-ipam47, copied by the night shift"
BASE = "/api/v1/projects/noc/datasets/triage"


def know(project: Project, value: str = VALUE) -> None:
    token = keyring_of(project.key_id).token("cred", value)
    KnownSecret.objects.create(project=project, token=token)


@pytest.fixture
def leaky(project) -> Record:
    """A record with a value that nobody knows to be a secret yet."""
    settle_many(project, 60)
    return settle(project, 60, body=f"we saw {VALUE} on the label of the rack")


@pytest.fixture
def dataset(project, leaky) -> Dataset:
    """Frozen before the value was found elsewhere to be a secret."""
    frozen = build(project)
    know(project)
    return frozen


def row_of(dataset: Dataset, record: Record) -> int:
    """The number of the row of a record in the whole dataset, counting from 1."""
    rows = streaming.iterate_rows(dataset=dataset, format_name="classification")
    names = [name for name, _ in rows]
    return names.index(record.external_id) + 1


def export(dataset, format_name="openai_chat", split="") -> Export:
    started = exporting.start(
        dataset=dataset, format_name=format_name, split=split, in_background=False
    )
    exporting.run_to_end(export_id=started.pk, clock=timezone.now)
    return Export.objects.get(pk=started.pk)


@pytest.mark.parametrize("format_name", ["classification", "openai_chat"])
def test_an_export_with_a_known_secret_fails_and_names_row_and_record(
    dataset, leaky, format_name
):
    with pytest.raises(Refused):
        export(dataset, format_name)

    failed = Export.objects.get()
    assert failed.status == "FAILED"
    row = f"row {row_of(dataset, leaky)} ({leaky.external_id}): known secret"
    assert row in failed.failure
    assert "build a new version" in failed.failure
    assert VALUE not in failed.failure
    assert not exporting.final_path(failed).exists()
    assert not exporting.unfinished_path(failed).exists()


def test_the_reason_fits_the_row_however_many_rows_leak(project):
    for number in range(80):
        settle(
            project,
            number,
            external_id=f"{number:02d}" + "x" * 118,
            body=f"we saw {VALUE} on rack {number} " + f"w{number} " * 20,
        )
    dataset = build(project)
    know(project)

    with pytest.raises(Refused) as caught:
        export(dataset)

    assert len(caught.value.message) <= Export._meta.get_field("failure").max_length
    assert "rows, among them row 1 (" in caught.value.message
    assert caught.value.message.endswith("build a new version.")


def test_a_leak_in_a_later_chunk_takes_the_written_part_away(
    dataset, leaky, monkeypatch
):
    monkeypatch.setattr(exporting, "CHUNK", 5)
    monkeypatch.setattr(gating, "BLOCK", 5)
    row = row_of(dataset, leaky)
    assert row > 5

    with pytest.raises(Refused):
        export(dataset, "classification")

    failed = Export.objects.get()
    assert failed.rows_written == (row - 1) // 5 * 5
    assert not exporting.unfinished_path(failed).exists()


def test_splits_without_the_record_are_exported(dataset, leaky):
    (home,) = (
        s for s in dataset.manifest["splits"] if leaky.external_id in ids(dataset, s)
    )
    other = next(s for s in ("TEST", "DEV", "TRAIN") if s != home)

    assert export(dataset, split=other).status == "DONE"
    with pytest.raises(Refused):
        export(dataset, split=home)


def test_the_export_can_be_asked_for_again_once_somebody_decided(dataset, leaky):
    with pytest.raises(Refused):
        export(dataset)
    FalseAlarm.objects.create(
        record=leaky,
        span_type="cred",
        rule="keyword",
        token=keyring_of(dataset.project.key_id).token("cred", VALUE),
        alarm_hmac="0" * 32,
        reason="printed on every rack",
        state="APPROVED",
        asked_by=UserFactory(),
        decided_by=UserFactory(),
    )

    done = export(dataset)

    assert done.status == "DONE"
    assert VALUE in (settings.DATA_DIR / done.path).read_text()


def test_the_page_and_the_api_say_why(dataset, leaky, erin, browser_of):
    with pytest.raises(Refused):
        export(dataset)
    browser = browser_of(erin)

    shown = text_of(browser.get(page_of(dataset)))
    (listed,) = browser.get(f"{BASE}/exports/").json()

    for words in (shown, listed["failure"]):
        assert f"({leaky.external_id}): known secret" in words
        assert "sanitizing review" in words
        assert VALUE not in words
    assert listed["status"] == "FAILED"


def test_a_stream_is_refused_before_its_first_byte(dataset, erin, browser_of):
    answer = browser_of(erin).get(f"{BASE}/export/?format=openai_chat")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "leak_found"
    assert VALUE not in answer.content.decode()


def test_a_stream_stops_before_the_block_that_leaks(
    dataset, leaky, erin, browser_of, monkeypatch
):
    monkeypatch.setattr(gating, "BLOCK", 5)
    row = row_of(dataset, leaky)
    answer = browser_of(erin).get(f"{BASE}/export/?format=classification")
    sent = []

    with pytest.raises(Refused):
        sent.extend(answer.streaming_content)
    again = browser_of(erin).get(
        f"{BASE}/export/?format=classification&after={(row - 1) // 5 * 5}"
    )

    assert VALUE.encode() not in b"".join(sent)
    assert again.json()["error"]["code"] == "leak_found"


def test_the_command_writes_nothing_of_what_leaks(dataset, tmp_path, capfdbinary):
    target = tmp_path / "out.jsonl"

    for output in (str(target), "-"):
        with pytest.raises(Refused):
            call_command(
                "export_dataset", "triage", "--format=openai_chat", "-o", output
            )

    assert not target.exists()
    assert VALUE.encode() not in capfdbinary.readouterr().out


def test_a_frozen_file_is_not_downloaded_either(dataset, leaky, erin, browser_of):
    browser = browser_of(erin)
    answers = {}
    for split in dataset.manifest["splits"]:
        url = reverse("admin:training_dataset_file", args=[dataset.pk, split])
        answers[split] = browser.get(url)

    for split, answer in answers.items():
        if leaky.external_id in ids(dataset, split):
            assert answer.url == page_of(dataset)
            assert "known secret" in text_of(browser.get(answer.url))
        else:
            assert answer.status_code == 200


def test_a_build_leaves_out_what_would_not_be_let_out(project, leaky):
    know(project)

    dataset = build(project)

    inside = {
        name for split in dataset.manifest["splits"] for name in ids(dataset, split)
    }
    assert dataset.manifest["left_out"] == {"unsafe": 1}
    assert len(inside) == 60
    assert leaky.external_id not in inside
    assert export(dataset).status == "DONE"


def test_the_page_says_how_many_were_left_out_and_why(project, leaky, erin, browser_of):
    know(project)

    shown = text_of(browser_of(erin).get(page_of(build(project))))

    assert "hold something that the sanitizer would not let out today" in shown


def test_another_record_takes_the_place_of_one_that_is_left_out(project, leaky):
    know(project)

    dataset = build(project, sizes={"TRAIN": 20})

    rows = [row for row in read(dataset, "TRAIN") if not row.get("copy")]
    assert len(rows) == 20


def test_an_answer_that_leaks_keeps_its_record_out(project, bob, reviewer_of):
    settle_many(project, 60)
    record = settle(project, 60, severity="high")
    ReviewFactory(
        record=record,
        reviewer=reviewer_of(bob),
        severity="high",
        response=f"Log in, it is {VALUE}, then clear the counters.",
    )
    know(project)

    assert build(project).manifest["left_out"] == {"unsafe": 1}


@pytest.mark.parametrize(
    ("state", "left_out"), [("CLEAN", {"unsafe": 1}), ("APPROVED", {})]
)
def test_a_tripwire_keeps_a_record_out_until_it_is_approved(project, state, left_out):
    settle_many(project, 60)
    record = settle(project, 60, body=f"{TRIPPING}, rack label of the third floor")
    SanitizationFactory(record=record, state=state)

    dataset = build(project)

    assert dataset.manifest["left_out"] == left_out
    assert export(dataset).status == "DONE"


def test_checking_does_not_cost_a_query_for_every_row(
    project, django_assert_max_num_queries
):
    settle_many(project, 60)
    dataset = build(project)

    with django_assert_max_num_queries(8):
        lines = list(gating.checked_lines(dataset=dataset, format_name="openai_chat"))

    assert len(lines) == streaming.count_rows(dataset=dataset)
    assert all(json.loads(line)["messages"] for line in lines)
