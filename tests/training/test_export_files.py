"""What an export leaves: one file with manifest and checksum, in every format."""

from __future__ import annotations

import json
import subprocess
import tarfile

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from annotation.models import KnownSecret
from annotation.services.vault import keyring_of
from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from tests.training.built import build
from tests.training.frozen import frozen_dataset
from tests.training.worlds import settle_many
from training.domain.file_checks import check_file
from training.domain.formats import FORMATS, read_turns
from training.models import Dataset, Export
from training.services.datasets import (
    export_files,
    exporting,
    folders,
    handing,
    streaming,
)

pytestmark = pytest.mark.django_db

COUNTS = {"TRAIN": 24, "DEV": 12, "CALIBRATION": 0, "TEST": 9}
PAIRS = [{"rejected": "Restart it."}, {}, {"rejected": "Wait."}]


@pytest.fixture
def dataset(project) -> Dataset:
    """45 rows: two with a rejected answer, one that cites the key, one domain text."""
    cites = {"text": 'we saw "rejected": "x", "task": "domain_text" and <|im_end|>'}
    document = {"task": "domain_text", "label": "", "text": "Uplinks are 10G."}
    return frozen_dataset(
        project,
        extra={"TRAIN": [*PAIRS, cites, document]},
        tasks=("severity", "domain_text"),
        **COUNTS,
    )


def export(dataset: Dataset, format_name: str, split: str = "") -> Export:
    started = exporting.start(
        dataset=dataset, format_name=format_name, split=split, in_background=False
    )
    return exporting.run_to_end(export_id=started.pk, clock=timezone.now)


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_file_has_its_manifest_and_a_checksum_that_holds(dataset, format_name):
    done = export(dataset, format_name)

    final = exporting.final_path(done)
    manifest = json.loads(export_files.manifest_path(final).read_text())
    assert manifest["sha256"] == done.sha256 == sha256_of(final)
    assert manifest["bytes"] == done.bytes_written == final.stat().st_size
    assert (manifest["format"], manifest["split"]) == (format_name, "all")
    assert manifest["tasks"] == {"severity": "1", "domain_text": "1"}
    assert (manifest["dataset"], manifest["dataset_sha256"]) == (
        "noc/triage@1",
        dataset.sha256,
    )
    assert manifest["made_by"] == f"netft {settings.VERSION}"
    assert manifest["rows"] + manifest["rows_left_out"] == 45
    checksum = export_files.checksum_path(final).name
    subprocess.run(["sha256sum", "--check", checksum], cwd=final.parent, check=True)


@pytest.mark.parametrize("format_name", sorted(set(FORMATS) - {"hf_folder"}))
def test_every_line_of_a_file_passes_its_own_check(dataset, format_name):
    done = export(dataset, format_name)

    lines = exporting.final_path(done).read_bytes().splitlines()
    report = check_file(lines, format_name, fewest=1)
    assert report.passed == done.rows_written == len(lines)


def test_preferences_hold_the_rows_with_a_rejected_answer(dataset):
    done = export(dataset, "trl_preference")

    lines = exporting.final_path(done).read_bytes().splitlines()
    turns = [read_turns(line, "trl_preference") for line in lines]
    assert [one.rejected for one in turns] == [
        "Severity: critical\n\nRestart it.",
        "Severity: critical\n\nWait.",
    ]
    manifest = export_files.manifest_path(exporting.final_path(done)).read_text()
    assert json.loads(manifest)["rows_left_out"] == 43


def test_a_stream_of_preferences_counts_its_own_lines(dataset):
    whole = streaming.iterate_lines(dataset=dataset, format_name="trl_preference")
    rest = streaming.iterate_lines(
        dataset=dataset, format_name="trl_preference", after=1
    )

    assert list(whole)[1:] == list(rest)
    assert streaming.count_rows(dataset=dataset, format_name="trl_preference") == 2


@pytest.mark.parametrize(
    ("format_name", "split", "code"),
    [
        ("trl_preference", "TEST", "no_rejected_answers"),
        ("hf_folder", "CALIBRATION", "empty_folder"),
    ],
)
def test_a_file_that_would_hold_nothing_is_refused(dataset, format_name, split, code):
    with pytest.raises(Refused) as caught:
        export(dataset, format_name, split)

    assert caught.value.code == code
    assert not Export.objects.exists()


def test_a_folder_holds_a_card_and_a_file_for_each_filled_split(dataset):
    done = export(dataset, "hf_folder")

    with tarfile.open(exporting.final_path(done)) as archive:
        held = {
            member.name: archive.extractfile(member).read()
            for member in archive.getmembers()
        }
    card = held.pop("triage.v1/README.md").decode()
    assert list(held) == [
        "triage.v1/data/train.jsonl",
        "triage.v1/data/validation.jsonl",
        "triage.v1/data/test.jsonl",
    ]
    assert [len(lines.splitlines()) for lines in held.values()] == [24, 12, 9]
    header = yaml.safe_load(card.split("---")[1])
    # Rows of other tasks have no level, which a class label cannot say.
    assert header["dataset_info"]["features"][-1]["dtype"] == "string"
    assert dataset.sha256 in card


def test_a_folder_of_severity_alone_has_class_labels(project):
    done = export(frozen_dataset(project, **COUNTS), "hf_folder")

    with tarfile.open(exporting.final_path(done)) as archive:
        card = archive.extractfile("triage.v1/README.md").read().decode()
    header = yaml.safe_load(card.split("---")[1])
    names = header["dataset_info"]["features"][-1]["dtype"]["class_label"]["names"]
    assert list(names.values()) == ["critical", "low"]


def test_the_same_folder_is_packed_to_the_same_bytes(dataset, monkeypatch):
    first = export(dataset, "hf_folder")
    Export.objects.all().delete()
    exporting.final_path(first).unlink()
    monkeypatch.setattr(exporting, "CHUNK", 7)

    assert export(dataset, "hf_folder").sha256 == first.sha256


@pytest.mark.parametrize("format_name", ["alpaca", "hf_folder"])
def test_a_kill_before_the_last_commit_leaves_nothing_half(
    dataset, monkeypatch, format_name
):
    whole = export(dataset, format_name).sha256
    Export.objects.all().delete()
    started = exporting.start(
        dataset=dataset, format_name=format_name, in_background=False
    )
    final = exporting.final_path(started)
    final.unlink(missing_ok=True)

    def die(path):
        raise SystemExit

    with monkeypatch.context() as killed:
        killed.setattr(exporting, "sync_directory", die)
        with pytest.raises(SystemExit):
            exporting.run_to_end(export_id=started.pk, clock=timezone.now)
    assert export_files.manifest_path(final).is_file()
    assert sha256_of(final) == whole

    done = exporting.run_to_end(export_id=started.pk, clock=timezone.now)

    assert (done.status, done.sha256) == ("DONE", whole)
    assert not [path for path in final.parent.iterdir() if path.name.startswith(".")]


def test_no_file_has_its_name_before_its_manifest(dataset, monkeypatch):
    seen = []

    def look(**beside):
        seen.append(beside["final"].exists())
        return write_beside(**beside)

    write_beside = export_files.write_beside
    monkeypatch.setattr(export_files, "write_beside", look)

    export(dataset, "alpaca")
    export(dataset, "hf_folder")

    assert seen == [False, False]


@pytest.mark.parametrize("part", ["file", "manifest", "sha256"])
def test_every_part_of_an_export_is_handed_out(dataset, part):
    done = export(dataset, "alpaca")

    path = handing.hand_out(export=done, clock=timezone.now, part=part)

    assert path.is_file()
    assert path.name.startswith("triage.v1.all.alpaca.jsonl")


def test_an_unknown_part_is_refused(dataset):
    done = export(dataset, "alpaca")

    with pytest.raises(Refused) as caught:
        handing.hand_out(export=done, clock=timezone.now, part="../../x")

    assert caught.value.code == "unknown_part"


@pytest.mark.parametrize("format_name", ["classification", "alpaca", "hf_folder"])
def test_a_secret_with_a_marker_in_it_is_still_found(project, format_name):
    """The gate reads a text as it was before a format put a dot into its markers."""
    secret = "bron</s>tal2041kvan"
    token = keyring_of(project.key_id).token("cred", secret)
    KnownSecret.objects.create(project=project, token=token)
    odd = [{"text": f"we saw {secret} on the label of the rack"}]
    leaky = frozen_dataset(project, name="leaky", extra={"TRAIN": odd}, **COUNTS)

    with pytest.raises(Refused, match="known secret"):
        export(leaky, format_name)


def test_the_command_writes_manifest_and_checksum_beside_its_copy(dataset, tmp_path):
    target = tmp_path / "mine.jsonl"

    call_command("export_dataset", "triage", "--format=sharegpt", "-o", str(target))

    subprocess.run(
        ["sha256sum", "--check", "mine.jsonl.sha256"], cwd=tmp_path, check=True
    )
    manifest = json.loads((tmp_path / "mine.jsonl.manifest.json").read_text())
    assert manifest["sha256"] == sha256_of(target)
    assert (manifest["rows"], manifest["rows_left_out"]) == (44, 1)


def test_the_command_makes_a_folder_where_none_is(dataset, tmp_path):
    target = tmp_path / "triage"

    call_command("export_dataset", "triage", "--format=hf_folder", "-o", str(target))

    assert (target / "README.md").is_file()
    assert len((target / "data/train.jsonl").read_bytes().splitlines()) == 24
    beside = {"triage.manifest.json", "triage.sha256"}
    assert {path.name for path in tmp_path.iterdir()} == {"triage", "var", *beside}
    with pytest.raises(CommandError, match="exists already"):
        call_command(
            "export_dataset", "triage", "--format=hf_folder", "-o", str(target)
        )


def test_the_command_gives_the_archive_where_a_tar_is_asked_for(dataset, tmp_path):
    target = tmp_path / "triage.tar"

    call_command("export_dataset", "triage", "--format=hf_folder", "-o", str(target))

    assert tarfile.is_tarfile(target)
    assert (tmp_path / "triage.tar.sha256").is_file()


def test_a_folder_cannot_be_printed(dataset):
    with pytest.raises(Refused) as caught:
        call_command("export_dataset", "triage", "--format=hf_folder", "-o", "-")

    assert caught.value.code == "no_stream"


@pytest.mark.slow
def test_the_library_opens_what_a_frozen_dataset_became(project, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    settle_many(project, 60)
    built = build(project)
    target = tmp_path / "triage"
    call_command("export_dataset", "triage", "--format=hf_folder", "-o", str(target))

    opened = datasets.load_dataset(str(target), cache_dir=str(tmp_path / "cache"))

    frozen = [
        json.loads(line)
        for line in folders.split_path(built, "TRAIN").read_bytes().splitlines()
    ]
    label = opened["train"].features["label"]
    assert label.names == built.manifest["levels"]
    assert opened["train"]["text"][:] == [row["text"] for row in frozen]
    assert [label.int2str(n) for n in opened["train"]["label"]] == [
        row["label"] for row in frozen
    ]


def test_the_format_of_a_file_is_guessed(dataset, tmp_path, capsys):
    target = tmp_path / "x.jsonl"
    call_command("export_dataset", "triage", "--format=alpaca", "-o", str(target))
    capsys.readouterr()

    call_command("validate_jsonl", str(target))

    assert "valid: 44 of 44 rows pass as alpaca" in capsys.readouterr().out


def test_a_file_that_is_nothing_we_know_asks_for_its_format(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"x": 1}\n')

    with pytest.raises(Refused) as caught:
        call_command("validate_jsonl", str(path))

    assert caught.value.code == "unknown_format"
