"""Kills: whatever dies, a dataset is frozen whole or goes on being built."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone

from netft_site.base.files import sha256_of
from tests.training.worlds import settle_many
from training.models import Dataset, Example, SplitAssignment
from training.services.datasets import building, examples, folders, plans

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(examples, "CHUNK", 9)


def start(project, **recipe) -> Dataset:
    return building.start(
        project=project,
        name="triage",
        recipe={"min_per_class": 1, **recipe},
        in_background=False,
    )


def finish(dataset) -> Dataset:
    return building.build_to_end(dataset_id=dataset.pk, clock=timezone.now)


def step(dataset) -> bool:
    return building.advance(dataset_id=dataset.pk, now=timezone.now())


def content(dataset) -> dict[str, str]:
    folder = folders.frozen_folder(dataset)
    return {p.name: sha256_of(p) for p in folder.glob("*.jsonl")}


@pytest.fixture
def expected(project, small_chunks) -> dict[str, str]:
    """What an undisturbed build writes; its splits are forgotten afterwards."""
    settle_many(project, 60)
    dataset = finish(start(project))
    files = content(dataset)
    SplitAssignment.objects.all().delete()
    return files


@pytest.mark.django_db
def test_steps_between_kills_end_in_the_same_bytes(project, expected):
    dataset = start(project)

    steps = 1
    while step(Dataset.objects.get(pk=dataset.pk)):
        steps += 1

    dataset.refresh_from_db()
    assert steps == 11
    assert dataset.status == "FROZEN"
    assert content(dataset) == expected


@pytest.mark.django_db
def test_a_part_written_without_its_rows_is_written_again(project, expected):
    dataset = start(project)
    step(dataset)
    step(dataset)
    folders.part_path(dataset, 9, "TRAIN").write_bytes(b"torn")

    finished = finish(dataset)

    assert content(finished) == expected


@pytest.mark.django_db
def test_a_kill_between_rename_and_commit_freezes_again(project, expected):
    dataset = start(project)
    while Dataset.objects.get(pk=dataset.pk).cursor < 60:
        step(dataset)
    leftover = folders.frozen_folder(dataset)
    leftover.mkdir()
    (leftover / "train.jsonl").write_bytes(b"half")

    finished = finish(dataset)

    assert content(finished) == expected


@pytest.mark.django_db
def test_a_lost_building_folder_starts_the_build_again(project, expected):
    dataset = start(project)
    for _ in range(3):
        step(dataset)
    shutil.rmtree(folders.building_folder(dataset))

    finished = finish(dataset)

    assert content(finished) == expected
    assert finished.examples.count() == 60


@pytest.mark.django_db
def test_the_same_step_taken_twice_writes_nothing_twice(project, expected):
    dataset = start(project)
    step(dataset)
    stale = Dataset.objects.select_related("project").get(pk=dataset.pk)
    step(dataset)

    examples.write_chunk(dataset=stale, now=timezone.now())

    assert Example.objects.filter(dataset=dataset).count() == 9
    assert content(finish(dataset)) == expected


@pytest.mark.django_db
def test_a_build_overtaken_by_another_plans_anew_and_keeps_its_splits(
    project, small_chunks
):
    settle_many(project, 60)
    slow = start(project)
    step(slow)
    fast = building.start(
        project=project,
        name="other",
        recipe={"min_per_class": 1, "seed": 77},
        in_background=False,
    )
    finish(fast)

    finished = finish(slow)

    splits = dict(SplitAssignment.objects.values_list("record_id", "split"))
    assert len(splits) == 60
    assert dict(finished.examples.values_list("record_id", "split")) == splits


@pytest.mark.django_db
def test_a_failed_build_gives_nobody_a_split(project, small_chunks):
    settle_many(project, 60)
    dataset = start(project, min_per_class=1000)

    with pytest.raises(building.BuildRefused):
        finish(dataset)

    assert not SplitAssignment.objects.exists()
    assert not plans.has_plan(dataset)


@pytest.mark.django_db
def test_a_stale_build_goes_back_on_the_queue_and_ends_after_five_tries(
    project, small_chunks, django_capture_on_commit_callbacks
):
    settle_many(project, 60)
    dataset = start(project)
    step(dataset)
    now = timezone.now()

    queued = []
    for _ in range(building.TRIES + 1):
        now += building.STALE_AFTER * 2
        with django_capture_on_commit_callbacks() as callbacks:
            building.resume_stale(now=now)
        queued.append(len(callbacks))

    dataset.refresh_from_db()
    assert queued == [1, 1, 1, 1, 1, 0]
    assert dataset.status == "FAILED"
    assert "five times" in dataset.failure


@pytest.mark.django_db
def test_progress_forgets_the_fruitless_tries(project, small_chunks):
    settle_many(project, 60)
    dataset = start(project)
    step(dataset)
    step(dataset)
    building.resume_stale(now=timezone.now() + building.STALE_AFTER * 2)

    step(dataset)

    dataset.refresh_from_db()
    assert dataset.manifest == {}


BUILDER = """
import sys, django
django.setup()
from django.utils import timezone
from annotation.models import Project
from training.services.datasets import building, examples, exporting
examples.CHUNK = exporting.CHUNK = 5
dataset = building.start(project=Project.objects.get(), name="triage",
    recipe={"min_per_class": 1}, in_background=False)
print("started", flush=True)
dataset = building.build_to_end(dataset_id=dataset.pk, clock=timezone.now)
export = exporting.start(dataset=dataset, format_name="openai_chat",
    in_background=False)
export = exporting.run_to_end(export_id=export.pk, clock=timezone.now)
print(dataset.sha256, export.sha256, flush=True)
"""
SEEDER = """
import django
django.setup()
from tests.factories import ProjectFactory
from tests.training.worlds import settle_many
from django.db import transaction
with transaction.atomic():
    settle_many(ProjectFactory(slug="noc"), 200)
"""


class Place:
    """A database and a data folder of their own, used from child processes."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "netft_site.settings",
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            "NETFT_DATA_DIR": str(folder / "var"),
            "PYTHONPATH": str(ROOT),
        }

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        process = self.popen(*arguments)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err[-2000:]
        return out


@pytest.mark.slow
def test_sigkill_at_random_moments_never_leaves_half_a_dataset(tmp_path):
    template = tmp_path / "template"
    template.mkdir()
    seeded = Place(template)
    (template / "var").mkdir()
    seeded.run("manage.py", "migrate", "--verbosity", "0")
    seeded.run("-c", SEEDER)
    shutil.copytree(template, tmp_path / "calm")
    shutil.copytree(template, tmp_path / "killed")
    calm = Place(tmp_path / "calm").run("-c", BUILDER).splitlines()[-1]
    rng = random.Random(4)

    killed, kills = Place(tmp_path / "killed"), 0
    for _ in range(10):
        process = killed.popen("-c", BUILDER)
        process.stdout.readline()
        try:
            process.wait(timeout=rng.uniform(0.0, 0.6))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
        out = process.communicate()[0]
        assert_whole_or_absent(tmp_path / "killed" / "var")
        if process.returncode == 0:
            break
    else:
        out = killed.run("-c", BUILDER)

    assert kills >= 2
    assert out.splitlines()[-1] == calm


def assert_whole_or_absent(data: Path) -> None:
    """No file under a final name without everything that belongs to it."""
    for folder in data.glob("datasets/noc/triage/v*"):
        names = {path.name for path in folder.iterdir()}
        assert "manifest.json" in names
        assert len(names) == 5
    for path in data.glob("exports/noc/triage/[!.]*.jsonl"):
        assert path.read_bytes().endswith(b"\n")
