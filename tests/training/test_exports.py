"""Exports: whole files or none, resumable, and the same bytes every time."""

from __future__ import annotations

import json
from itertools import islice

import pytest
from django.conf import settings
from django.utils import timezone

from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from tests.training.built import build
from tests.training.worlds import settle_many
from training.models import Dataset, Export
from training.services.datasets import (
    building,
    export_files,
    exporting,
    folders,
    streaming,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(project) -> Dataset:
    settle_many(project, 60)
    return build(project)


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(exporting, "CHUNK", 7)


def export(dataset, format_name="openai_chat", split="") -> Export:
    started = exporting.start(
        dataset=dataset, format_name=format_name, split=split, in_background=False
    )
    return exporting.run_to_end(export_id=started.pk, clock=timezone.now)


def written(done: Export) -> bytes:
    return (settings.DATA_DIR / done.path).read_bytes()


def test_every_row_of_the_manifest_is_written_once(dataset, small_chunks):
    done = export(dataset)

    rows = sum(s["rows"] for s in dataset.manifest["splits"].values())
    assert done.status == "DONE"
    assert done.rows_written == rows == len(written(done).splitlines())
    assert done.sha256 == sha256_of(settings.DATA_DIR / done.path)
    assert done.bytes_written == len(written(done))


def test_the_size_of_the_chunks_leaves_no_trace(dataset, monkeypatch):
    whole = written(export(dataset, "classification"))
    Export.objects.all().delete()
    monkeypatch.setattr(exporting, "CHUNK", 3)

    assert written(export(dataset, "classification")) == whole


def test_a_manifest_lies_beside_the_file(dataset):
    done = export(dataset, split="TEST")

    final = exporting.final_path(done)
    manifest = json.loads(export_files.manifest_path(final).read_text())
    assert manifest["sha256"] == done.sha256
    assert manifest["dataset_sha256"] == dataset.sha256
    assert manifest["rows"] == done.rows_written == 9


def test_an_empty_split_is_an_empty_file(project):
    settle_many(project, 40)
    dataset = build(project, name="no-dev", shares={"TRAIN": 0.8, "TEST": 0.2})

    done = export(dataset, split="DEV")

    assert written(done) == b""
    assert done.rows_written == 0


def test_asking_twice_gives_the_same_export(dataset):
    first = export(dataset)

    second = export(dataset)

    assert first == second
    assert Export.objects.count() == 1


def test_an_export_whose_file_has_gone_is_written_again(dataset):
    first = export(dataset)
    exporting.final_path(first).unlink()

    second = export(dataset)

    assert second.sha256 == first.sha256
    assert exporting.final_path(second).is_file()


def test_a_partial_file_is_never_visible_under_its_final_name(dataset, small_chunks):
    started = exporting.start(
        dataset=dataset, format_name="openai_chat", in_background=False
    )
    final = exporting.final_path(started)

    more = True
    while more:
        assert not final.exists()
        more = exporting.advance(export_id=started.pk, now=timezone.now())

    assert final.is_file()
    assert not exporting.unfinished_path(started).exists()


def test_what_a_killed_worker_wrote_beyond_its_commit_is_cut_off(dataset, small_chunks):
    whole = written(export(dataset, "classification"))
    Export.objects.all().delete()
    started = exporting.start(
        dataset=dataset, format_name="classification", in_background=False
    )
    exporting.advance(export_id=started.pk, now=timezone.now())
    with exporting.unfinished_path(started).open("ab") as stream:
        stream.write(b'{"id": "torn' + b"x" * 500_000)

    done = exporting.run_to_end(export_id=started.pk, clock=timezone.now)

    assert written(done) == whole


def test_a_kill_between_rename_and_commit_is_finished_later(dataset, small_chunks):
    started = exporting.start(
        dataset=dataset, format_name="classification", in_background=False
    )
    while Export.objects.get().cursor < streaming.count_rows(dataset=dataset):
        exporting.advance(export_id=started.pk, now=timezone.now())
    final = exporting.final_path(started)
    exporting.unfinished_path(started).rename(final)
    before = sha256_of(final)

    done = exporting.run_to_end(export_id=started.pk, clock=timezone.now)

    assert (done.status, done.sha256) == ("DONE", before)


def test_a_damaged_dataset_file_is_not_exported(dataset):
    path = folders.split_path(dataset, "TRAIN")
    path.write_bytes(path.read_bytes().replace(b'"high"', b'"low"', 1))

    with pytest.raises(Refused, match="not the file that was frozen"):
        export(dataset)

    failed = Export.objects.get()
    assert failed.status == "FAILED"
    assert not exporting.final_path(failed).exists()


@pytest.mark.parametrize(
    ("format_name", "split", "code"),
    [
        ("parquet", "", "unknown_format"),
        ("classification", "VALID", "unknown_split"),
        ("classification", "../TEST", "unknown_split"),
    ],
)
def test_a_wrong_wish_is_refused_by_name(dataset, format_name, split, code):
    with pytest.raises(Refused) as caught:
        export(dataset, format_name, split)

    assert caught.value.code == code
    assert not Export.objects.exists()


def test_an_unfrozen_dataset_is_not_exported(project):
    draft = building.start(project=project, name="x", recipe={}, in_background=False)

    with pytest.raises(Refused) as caught:
        export(draft)

    assert caught.value.code == "not_frozen"


@pytest.mark.parametrize("after", [0, 1, 50, 63, 10_000])
@pytest.mark.parametrize("format_name", ["classification", "openai_chat"])
def test_a_stream_goes_on_from_any_row(dataset, format_name, after):
    lines = list(streaming.iterate_lines(dataset=dataset, format_name=format_name))

    rest = streaming.iterate_lines(
        dataset=dataset, format_name=format_name, after=after
    )

    assert list(rest) == list(islice(lines, after, None))


def test_stale_exports_go_back_on_the_queue(
    dataset, django_capture_on_commit_callbacks
):
    started = exporting.start(
        dataset=dataset, format_name="openai_chat", in_background=False
    )
    later = timezone.now() + exporting.STALE_AFTER * 2

    with django_capture_on_commit_callbacks() as queued:
        resumed = exporting.resume_stale(now=later)

    assert resumed == len(queued) == 1
    assert started.status == "QUEUED"
