"""A finished file is checked again before it goes out, unless nothing has changed."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from annotation.models import KnownSecret, Project, Record
from annotation.services import knowledge
from annotation.services.vault import VaultRefused, keyring_of
from netft_site.base.refusals import Refused
from tests.factories import (
    ExampleFactory,
    LeakFactory,
    SanitizingRuleFactory,
    TermFactory,
)
from tests.training.built import build, ids
from tests.training.pages import page_of, text_of
from tests.training.worlds import settle, settle_many
from training.models import Dataset, Export
from training.services import recalling
from training.services.datasets import exporting, gating, handing, streaming

pytestmark = pytest.mark.django_db

VALUE = "brontal2041kvan"
COMMAND = ("export_dataset", "triage", "--format=openai_chat", "-o")


def know(project: Project) -> None:
    token = keyring_of(project.key_id).token("cred", VALUE)
    KnownSecret.objects.create(project=project, token=token)


def name_it(project: Project) -> None:
    TermFactory(project=project, name="brontal-kvan", kind="hostnames")
    knowledge.bump(project)


@pytest.fixture
def leaky(project) -> Record:
    settle_many(project, 60)
    body = f"we saw {VALUE} on the label of brontal-kvan"
    return settle(project, 60, body=body)


@pytest.fixture
def done(project, leaky) -> Export:
    """A finished export with what nobody knows yet."""
    return export(build(project))


def export(dataset: Dataset) -> Export:
    started = exporting.start(
        dataset=dataset, format_name="openai_chat", in_background=False
    )
    return exporting.run_to_end(export_id=started.pk, clock=timezone.now)


def download(browser, export: Export):
    return browser.get(reverse("admin:training_dataset_exported", args=[export.pk]))


def test_a_file_under_which_nothing_changed_is_not_checked_again(
    done, erin, browser_of, monkeypatch
):
    monkeypatch.setattr(gating, "BLOCK", 0)  # a check would find no row

    answer = download(browser_of(erin), done)

    assert VALUE.encode() in b"".join(answer.streaming_content)


@pytest.mark.parametrize(
    ("learn", "kind"), [(know, "known secret"), (name_it, "name of the dictionary")]
)
def test_a_finished_file_with_what_is_known_by_now_is_not_downloaded(
    project, done, leaky, erin, browser_of, learn, kind
):
    learn(project)
    browser = browser_of(erin)

    answer = download(browser, done)

    shown = text_of(browser.get(answer.url))
    assert answer.url == page_of(done.dataset)
    assert f"({leaky.external_id}): {kind}" in shown
    assert VALUE not in shown
    done.refresh_from_db()
    assert done.status == "FAILED"
    assert kind in done.failure
    assert not exporting.final_path(done).exists()
    assert not list(exporting.final_path(done).parent.glob("*.jsonl"))


def test_the_command_copies_no_finished_file_with_what_is_known_by_now(
    project, done, tmp_path
):
    know(project)

    with pytest.raises(Refused, match="known secret"):
        call_command(*COMMAND, str(tmp_path / "out.jsonl"))

    assert not (tmp_path / "out.jsonl").exists()
    assert Export.objects.get().status == "FAILED"


def test_a_harmless_file_is_the_same_after_its_check(project, done, erin, browser_of):
    TermFactory(project=project, name="Umbrella Freight")
    knowledge.bump(project)

    answer = download(browser_of(erin), done)
    content = b"".join(answer.streaming_content)

    again = Export.objects.get()
    assert (again.status, again.sha256) == ("DONE", done.sha256)
    assert content == (settings.DATA_DIR / again.path).read_bytes()


def test_a_large_file_is_checked_by_the_queue(
    project, done, erin, browser_of, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(handing, "SMALL", 10)
    know(project)
    browser = browser_of(erin)

    with django_capture_on_commit_callbacks() as queued:
        answer = download(browser, done)
    shown = text_of(browser.get(answer.url))
    exporting.run_chunk(export_id=done.pk, now=timezone.now())

    assert len(queued) == 1
    assert "is being checked again" in shown
    assert "being written" in shown
    assert Export.objects.get().status == "FAILED"


def test_a_file_that_was_checked_under_less_from_its_first_chunk_on_is_checked_again(
    project, leaky, monkeypatch
):
    dataset = build(project)
    monkeypatch.setattr(exporting, "CHUNK", streaming.count_rows(dataset=dataset) - 1)
    started = exporting.start(
        dataset=dataset, format_name="openai_chat", in_background=False
    )
    exporting.advance(export_id=started.pk, now=timezone.now())
    know(project)
    done = exporting.run_to_end(export_id=started.pk, clock=timezone.now)

    with pytest.raises(Refused, match="known secret"):
        handing.hand_out(export=done, clock=timezone.now)


def test_a_file_that_does_not_say_what_it_was_checked_under_is_checked(project, done):
    know(project)
    exporting.checked_path(done).unlink()

    with pytest.raises(Refused, match="known secret"):
        handing.hand_out(export=done, clock=timezone.now)


def test_without_the_key_the_file_stays_and_is_not_given(project, done):
    know(project)
    Project.objects.filter(pk=project.pk).update(key_id="lost")
    found = Export.objects.select_related("dataset__project").get()

    with pytest.raises(VaultRefused):
        handing.hand_out(export=found, clock=timezone.now)

    assert Export.objects.get().status == "DONE"
    assert exporting.final_path(found).is_file()


def test_data_recall_lists_a_file_that_somebody_got_before_it_failed(
    project, done, leaky
):
    LeakFactory(record=leaky)
    if not done.dataset.examples.filter(record=leaky).exists():
        ExampleFactory(dataset=done.dataset, record=leaky)
    know(project)
    with pytest.raises(Refused):
        handing.hand_out(export=done, clock=timezone.now)

    (listed,) = recalling.recall(project=project).exports

    assert listed.state == "Failed"


@pytest.mark.parametrize("learn", [know, name_it])
def test_a_build_leaves_out_names_that_stored_records_still_hold(project, leaky, learn):
    learn(project)

    dataset = build(project)

    inside = {
        name for split in dataset.manifest["splits"] for name in ids(dataset, split)
    }
    assert dataset.manifest["left_out"] == {"unsafe": 1}
    assert leaky.external_id not in inside
    assert export(dataset).status == "DONE"


def test_a_name_in_another_field_keeps_its_record_out(project):
    settle_many(project, 60)
    settle(project, 60, category="brontal-kvan")
    name_it(project)

    dataset = build(project)

    assert dataset.manifest["left_out"] == {"unsafe": 1}
    assert export(dataset).status == "DONE"


def test_a_rule_for_ids_of_tickets_does_not_stop_all_records(project):
    settle_many(project, 60)
    SanitizingRuleFactory(project=project, pattern=r"\bINC\d{5}\b")
    knowledge.bump(project)

    dataset = build(project)

    assert dataset.manifest["left_out"] == {}
    assert export(dataset).status == "DONE"


def test_what_is_replaced_by_itself_needs_no_review_but_a_new_version(project, leaky):
    dataset = build(project)
    name_it(project)

    with pytest.raises(Refused) as caught:
        export(dataset)

    assert "build a new version" in caught.value.message
    assert "sanitizing review" not in caught.value.message
