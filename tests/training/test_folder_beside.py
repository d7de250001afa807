"""What lies beside a folder that the command has unpacked."""

from __future__ import annotations

import hashlib
import json
import subprocess

import pytest
from django.core.management import call_command

from tests.training.frozen import frozen_dataset
from training.models import Dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(project) -> Dataset:
    return frozen_dataset(project, TRAIN=24, DEV=12, CALIBRATION=0, TEST=9)


def test_a_folder_has_its_manifest_and_its_checksums_beside_it(dataset, tmp_path):
    folder = tmp_path / "corpus"

    call_command(
        "export_dataset", "triage", format_name="hf_folder", output=str(folder)
    )

    manifest = json.loads((tmp_path / "corpus.manifest.json").read_bytes())
    assert manifest["dataset_sha256"] == dataset.sha256
    assert manifest["rows"] == 45
    assert manifest["files"] == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in (
            "README.md",
            "data/test.jsonl",
            "data/train.jsonl",
            "data/validation.jsonl",
        )
    }
    told = subprocess.run(
        ["/usr/bin/sha256sum", "--check", "corpus.sha256"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
    )
    assert told.returncode == 0
    assert told.stdout.count(": OK") == 4
