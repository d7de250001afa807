"""What a build checked leaves without a second check, unless more is known since."""

from __future__ import annotations

import json
import os

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from annotation.domain.duplicates import fingerprint
from annotation.domain.sanitize import RULESET
from annotation.domain.sanitize.knowledge import value_hash
from annotation.models import Canary, KnownSecret, Project, Record
from annotation.services import knowledge, leak_standing
from annotation.services.vault import VaultRefused, keyring_of
from netft_site.base.refusals import Refused
from tests.factories import SanitizationFactory, TermFactory
from tests.training.built import EASY, build
from tests.training.pages import page_of, text_of
from tests.training.worlds import distinct_text, settle, settle_many
from training.models import Dataset, Export
from training.services.datasets import (
    building,
    exporting,
    folders,
    frozen_files,
    gating,
    handing,
    plans,
    streaming,
    vetting,
)

pytestmark = pytest.mark.django_db

VALUE = "brontal2041kvan"
SECRET = "enable secret 0 Winter2024!"
BASE = "/api/v1/projects/noc/datasets/triage"


def know(project: Project, monkeypatch) -> None:
    token = keyring_of(project.key_id).token("cred", VALUE)
    KnownSecret.objects.create(project=project, token=token)


def plant(project: Project, monkeypatch) -> None:
    hmac = value_hash(keyring_of(project.key_id), VALUE)
    Canary.objects.create(
        project=project, span_type="cred", vendor="prose", value_hmac=hmac
    )


def name_it(project: Project, monkeypatch) -> None:
    TermFactory(project=project, name="brontal-kvan", kind="hostnames")
    knowledge.bump(project)


def renew_rules(project: Project, monkeypatch) -> None:
    monkeypatch.setattr(leak_standing, "RULESET", f"{RULESET}+")


LEARNT = [
    (know, "known secret"),
    (plant, "canary"),
    (name_it, "name of the dictionary"),
    (renew_rules, "unsanitized secret"),
]


@pytest.fixture
def leaky(project) -> Record:
    """A record that an importer wrote, with what its sanitizer did not know.

    The credential stands for what only a newer ruleset knows. It stands behind the
    seam, which is always checked.
    """
    settle_many(project, 60)
    body = f"{distinct_text(60)}\nwe saw {VALUE} on the label of brontal-kvan\n{SECRET}"
    record = settle(
        project, 60, body=body, fingerprint=fingerprint(f"Ticket 60\n\n{body}")
    )
    SanitizationFactory(record=record, ruleset=RULESET)
    return record


@pytest.fixture
def dataset(project, leaky) -> Dataset:
    return build(project)


def lines_of(dataset: Dataset, format_name: str = "openai_chat") -> list[bytes]:
    fresh = Dataset.objects.select_related("project").get(pk=dataset.pk)
    return list(gating.checked_lines(dataset=fresh, format_name=format_name))


def export(dataset: Dataset) -> Export:
    started = exporting.start(
        dataset=dataset, format_name="openai_chat", in_background=False
    )
    return exporting.run_to_end(export_id=started.pk, clock=timezone.now)


def test_a_build_takes_in_what_todays_sanitizer_has_made(dataset, leaky):
    assert dataset.manifest["left_out"] == {}
    assert dataset.examples.filter(record=leaky).exists()


@pytest.mark.parametrize("format_name", ["classification", "openai_chat", "alpaca"])
def test_rows_are_not_checked_twice_under_the_same_standing(
    dataset, monkeypatch, format_name
):
    wanted = {"dataset": dataset, "format_name": format_name}
    whole = list(streaming.iterate_lines(**wanted))
    monkeypatch.setattr(gating, "BLOCK", 0)  # a check would give no row

    assert lines_of(dataset, format_name) == whole
    assert len(whole) == streaming.count_rows(**wanted)


@pytest.mark.parametrize(("learn", "kind"), LEARNT)
def test_an_export_is_checked_once_more_is_known(
    project, dataset, leaky, monkeypatch, learn, kind
):
    learn(project, monkeypatch)

    with pytest.raises(Refused, match=kind):
        export(dataset)

    assert Export.objects.get().status == "FAILED"


@pytest.mark.parametrize(("learn", "kind"), LEARNT)
def test_a_finished_file_is_checked_once_more_is_known(
    project, dataset, monkeypatch, learn, kind
):
    done = export(dataset)
    learn(project, monkeypatch)

    with pytest.raises(Refused, match=kind):
        handing.hand_out(
            export=Export.objects.select_related("dataset__project").get(pk=done.pk),
            clock=timezone.now,
        )

    assert not exporting.final_path(done).exists()


@pytest.mark.parametrize(("learn", "kind"), LEARNT)
def test_a_stream_and_a_download_are_checked_once_more_is_known(
    project, dataset, leaky, erin, browser_of, monkeypatch, learn, kind
):
    learn(project, monkeypatch)
    browser = browser_of(erin)
    split = dataset.examples.get(record=leaky).split
    url = reverse("admin:training_dataset_file", args=[dataset.pk, split])

    streamed = browser.get(f"{BASE}/export/?format=alpaca")
    downloaded = browser.get(url)

    assert streamed.json()["error"]["code"] == "leak_found"
    assert downloaded.url == page_of(dataset)
    assert kind in text_of(browser.get(downloaded.url))


def test_another_key_is_another_standing(project, dataset):
    Project.objects.filter(pk=project.pk).update(key_id="lost")

    with pytest.raises(VaultRefused):
        lines_of(dataset)


def test_without_the_key_nothing_is_given_though_nothing_is_new(dataset, settings):
    settings.PSEUDONYM_KEYS = {}

    with pytest.raises(VaultRefused):
        lines_of(dataset)


def test_only_the_newer_secret_is_looked_for(project, dataset, monkeypatch):
    """The sanitizer would refuse the credential that was vouched for at the build."""
    KnownSecret.objects.create(project=project, token="ZCRED_AAAAAAAAAAAAA")

    assert any(SECRET.encode() in line for line in lines_of(dataset))


def test_a_text_that_changed_after_the_plan_is_not_taken_for_checked(project, leaky):
    started = building.start(
        project=project, name="triage", recipe=EASY, in_background=False
    )
    while Dataset.objects.get(pk=started.pk).status != "BUILDING":
        building.advance(dataset_id=started.pk, now=timezone.now())
    building.advance(dataset_id=started.pk, now=timezone.now())
    other = Record.objects.exclude(pk=leaky.pk).first()
    Record.objects.filter(pk=other.pk).update(body=f"{other.body}\n{SECRET}")
    dataset = building.build_to_end(dataset_id=started.pk, clock=timezone.now)

    assert dataset.manifest[gating.CHECKED] is None
    with pytest.raises(Refused, match="unsanitized secret"):
        lines_of(dataset)


def step_by_step(project: Project, monkeypatch, between=None) -> tuple[Dataset, int]:
    """Build by the queue's steps, each of which checks ten records."""
    monkeypatch.setattr(vetting, "BLOCK", 10)
    started = building.start(
        project=project, name="steps", recipe=EASY, in_background=False
    )
    fresh, checking = Dataset.objects.select_related("project"), 0
    while building.advance(dataset_id=started.pk, now=timezone.now(), seconds=0):
        dataset = fresh.get(pk=started.pk)
        checking += not plans.has_plan(dataset)
        kept = folders.vetted_path(dataset)
        if between and kept.is_file() and between(json.loads(kept.read_bytes())):
            between = None
    return fresh.get(pk=started.pk), checking


def test_checking_goes_on_in_the_next_step_and_comes_to_the_same(
    project, leaky, monkeypatch
):
    know(project, monkeypatch)
    whole = build(project)

    dataset, checking = step_by_step(project, monkeypatch)

    assert checking > 5
    assert dataset.manifest["left_out"] == whole.manifest["left_out"] == {"unsafe": 1}
    assert dataset.sha256 == whole.sha256
    assert dataset.manifest[gating.CHECKED] == whole.manifest[gating.CHECKED]
    assert not list(folders.frozen_folder(dataset).parent.glob(".*"))


def test_lengths_are_measured_in_the_same_steps(project, monkeypatch):
    long = settle_many(project, 60)[7]
    Record.objects.filter(pk=long.pk).update(body=f"{long.body} " * 9)
    recipe = {**EASY, "length": {"most": 200, "policy": "drop"}}
    monkeypatch.setattr(f"{__name__}.EASY", recipe)

    dataset, checking = step_by_step(project, monkeypatch)

    assert checking > 5
    assert dataset.manifest["left_out"] == {"too_long": 1}


@pytest.mark.parametrize(("learn", "kind"), LEARNT[:3])
def test_what_is_learnt_after_a_record_was_checked_is_not_forgotten(
    project, leaky, monkeypatch, learn, kind
):
    """More knowledge begins anew; a secret is looked for by the export."""

    def learn_now(kept: dict) -> bool:
        is_checked = leaky.external_id in kept["checked"]
        if is_checked:
            learn(project, monkeypatch)
        return is_checked

    dataset, _ = step_by_step(project, monkeypatch, between=learn_now)

    if learn is name_it:
        assert dataset.manifest["left_out"] == {"unsafe": 1}
    else:
        assert dataset.manifest["left_out"] == {}
        with pytest.raises(Refused, match=kind):
            lines_of(dataset)


def test_words_around_the_rows_are_checked_with_them(project):
    settle_many(project, 60)
    levels = [dict(level) for level in project.levels]
    levels[0]["meaning"] = f"whoever types {SECRET}"
    project.levels = levels
    project.save()
    dataset = build(project)

    assert dataset.manifest[gating.CHECKED] is None
    with pytest.raises(Refused, match="unsanitized secret"):
        lines_of(dataset)


def test_an_old_dataset_that_says_nothing_passes_the_whole_gate(
    project, dataset, monkeypatch
):
    manifest = {k: v for k, v in dataset.manifest.items() if k != gating.CHECKED}
    dataset.manifest = manifest

    with pytest.raises(Refused, match="unsanitized secret"):
        list(gating.checked_lines(dataset=dataset, format_name="openai_chat"))


def _tamper(dataset: Dataset, split: str) -> None:
    """Another content of the same size and the same times, as far as can be set."""
    path = folders.split_path(dataset, split)
    seen = path.stat()
    path.chmod(0o644)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"Ticket", b"Packet"))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


@pytest.fixture
def remembering(monkeypatch):
    """Files count as settled at once, so that what a process verified is kept."""
    monkeypatch.setattr(frozen_files, "_SETTLED_NS", -1)


def test_a_file_is_hashed_once_in_a_process(dataset, remembering, monkeypatch):
    lines = lines_of(dataset)
    monkeypatch.setattr(frozen_files, "sha256_of", lambda stream: "another")

    assert lines_of(dataset) == lines


@pytest.mark.parametrize("format_name", ["classification", "openai_chat"])
def test_a_file_that_was_tampered_with_is_refused_though_it_was_verified_before(
    dataset, remembering, format_name
):
    lines_of(dataset, format_name)
    _tamper(dataset, "TRAIN")

    with pytest.raises(Refused) as caught:
        lines_of(dataset, format_name)

    assert caught.value.code == "file_damaged"


def test_a_file_that_changes_under_a_stream_gives_no_further_line(
    dataset, remembering, monkeypatch
):
    monkeypatch.setattr(frozen_files, "_BLOCK", 5)
    lines = gating.checked_lines(dataset=dataset, format_name="openai_chat")
    sent = [next(lines) for _ in range(5)]
    _tamper(dataset, "TRAIN")

    with pytest.raises(Refused) as caught:
        sent.extend(lines)

    assert caught.value.code == "file_damaged"
    assert not any(b"Packet" in line for line in sent)


def test_a_file_that_is_cut_off_under_a_stream_does_not_pass_for_a_short_one(
    dataset, remembering, monkeypatch
):
    monkeypatch.setattr(frozen_files, "_BLOCK", 5)
    lines = gating.checked_lines(dataset=dataset, format_name="openai_chat")
    next(lines)
    path = folders.split_path(dataset, "TRAIN")
    path.chmod(0o644)
    os.truncate(path, 0)

    with pytest.raises(Refused, match="not the file that was frozen"):
        list(lines)


def test_an_export_stops_at_a_file_that_changed_between_its_chunks(
    dataset, remembering, monkeypatch
):
    monkeypatch.setattr(exporting, "CHUNK", 5)
    started = exporting.start(
        dataset=dataset, format_name="openai_chat", in_background=False
    )
    exporting.advance(export_id=started.pk, now=timezone.now())
    _tamper(dataset, "TRAIN")

    with pytest.raises(Refused, match="not the file that was frozen"):
        exporting.run_to_end(export_id=started.pk, clock=timezone.now)

    assert not list((settings.DATA_DIR / "exports").rglob("*.jsonl"))


@pytest.mark.parametrize("chunk", [1, 7, 13])
def test_a_reader_that_goes_on_from_a_known_place_reads_the_same(
    dataset, remembering, monkeypatch, chunk
):
    monkeypatch.setattr(frozen_files, "_BLOCK", 4)
    wanted = {"dataset": dataset, "format_name": "alpaca"}
    whole = list(streaming.iterate_lines(**wanted))

    pages = []
    while len(pages) < len(whole):
        page = gating.checked_lines(**wanted, after=len(pages), most=chunk)
        pages.extend(page)

    assert pages == whole
