"""Datasets: from settled records to a folder of files that is the same every time."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Record
from netft_site.base.files import sha256_of
from tests.factories import START, ProjectFactory, ReviewerFactory, ReviewFactory
from tests.training.built import EASY, build, read
from tests.training.worlds import distinct_text, settle, settle_many
from training.models import Example
from training.services.datasets import building, folders, planning

pytestmark = pytest.mark.django_db

# Changes only when a recipe, a row or the choice of examples changes on purpose.
GOLDEN = "904e330f007d5883b6a732cc6dd4e0d4bfe67f7c4c5f5066d625d97c4657af0b"


def test_settled_records_become_four_files_and_a_manifest(project):
    settle_many(project, 100)

    dataset = build(project)

    folder = folders.frozen_folder(dataset)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert dataset.status == "FROZEN"
    assert manifest == dataset.manifest
    assert sorted(p.name for p in folder.iterdir()) == [
        "calibration.jsonl",
        "dev.jsonl",
        "manifest.json",
        "test.jsonl",
        "train.jsonl",
    ]
    for split, counts in manifest["splits"].items():
        rows = read(dataset, split)
        assert len(rows) == counts["rows"]
        assert counts["sha256"] == sha256_of(folder / counts["file"])
        assert {row["split"] for row in rows} == {split}
    sizes = {split: counts["examples"] for split, counts in manifest["splits"].items()}
    assert sizes == {"TRAIN": 65, "DEV": 10, "CALIBRATION": 10, "TEST": 15}
    assert not [p for p in folder.parent.iterdir() if p.name.startswith(".")]


def test_a_row_holds_what_was_known_at_opening_and_nothing_later(project):
    settle_many(project, 30)
    Record.objects.update(
        resolution="replaced the optic", thread=[{"text": "postscript"}]
    )

    dataset = build(project)

    folder = folders.frozen_folder(dataset)
    written = b"".join(p.read_bytes() for p in folder.iterdir())
    row = read(dataset, "TRAIN")[0]
    record = Record.objects.get(external_id=row["id"])
    assert row["text"] == record.text
    assert b"replaced the optic" not in written
    assert b"postscript" not in written


def test_only_train_is_copied_and_copies_say_so(project):
    settle_many(project, 60)

    dataset = build(project, upsampling={"weights": {"PRINCIPAL": 3}, "cap": 2})

    rows = read(dataset, "TRAIN")
    copies = Counter(row.get("copy_of", row["id"]) for row in rows)
    assert set(copies.values()) == {1, 2}
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(row["grade"] == "PRINCIPAL" for row in rows if "copy_of" in row)
    for split in ("DEV", "CALIBRATION", "TEST"):
        assert not [row for row in read(dataset, split) if "copy_of" in row]
    assert not Example.objects.exclude(split="TRAIN").filter(copies__gt=1).exists()


def test_the_same_data_recipe_and_seed_give_the_same_bytes(project):
    settle_many(project, 50)
    other = ProjectFactory(slug="twin")
    for record in Record.objects.filter(project=project).order_by("-id"):
        verdict = record.verdicts.get()
        copy = settle(
            other,
            int(record.external_id[3:]),
            severity=verdict.severity,
            grade=verdict.grade,
            opened_at=record.opened_at,
            fingerprint=record.fingerprint,
        )
        assert copy.text == record.text

    first, second = build(project), build(other, name="another-name")

    assert first.sha256 == second.sha256
    for split in ("TRAIN", "DEV", "CALIBRATION", "TEST"):
        one, two = (folders.split_path(d, split) for d in (first, second))
        assert one.read_bytes() == two.read_bytes()


def test_the_bytes_are_golden_on_every_database(project):
    for number in range(40):
        settle(
            project,
            number,
            opened_at=START + timedelta(days=number),
            body=f"{number:03d} " * 40,
            fingerprint=f"{number:064x}",
        )

    dataset = build(project)

    assert dataset.sha256 == GOLDEN


@pytest.mark.parametrize("changed", ["seed", "verdict", "scale"])
def test_another_seed_verdict_or_scale_gives_another_hash(project, changed):
    records = settle_many(project, 50)
    first, again = build(project), build(project)
    if changed == "verdict":
        records[0].verdicts.update(severity="low")
    if changed == "scale":
        project.levels.append({"key": "none", "label": "None", "meaning": ""})
        project.save()

    other = build(project, seed=2 if changed == "seed" else 1)

    assert (other.name, other.version) == ("triage", 3)
    assert first.sha256 == again.sha256 != other.sha256


def test_every_record_that_stays_outside_is_counted_with_its_reason(project):
    settle_many(project, 40)
    settle(project, 100, category="printing")
    settle(project, 101, state="CONTESTED")
    settle(project, 102, state="EXCLUDED")
    settle(project, 103, title="", body="")
    settle(project, 104, state="OPEN")
    held = settle(project, 105, title="", body="", state="HELD")

    dataset = build(project, filters={"categories": ["wan", "wireless", "routing"]})

    assert dataset.manifest["left_out"] == {
        "filtered": 1,
        "held": 1,
        "excluded": 1,
        "contested": 1,
        "open": 1,
        "no_text": 1,
    }
    assert not dataset.examples.filter(record=held).exists()


def test_the_ideal_answer_of_the_most_senior_who_agrees_is_kept(project):
    records = settle_many(project, 30)
    junior, senior, other = (
        ReviewerFactory(grade=g) for g in ("JUNIOR", "SENIOR", "PRINCIPAL")
    )
    for record in records:
        right = record.verdicts.get().severity
        for reviewer, severity, text in (
            (junior, right, "junior says"),
            (senior, right, "senior says"),
            (other, "low" if right != "low" else "high", "principal disagrees"),
        ):
            ReviewFactory(
                record=record, reviewer=reviewer, severity=severity, response=text
            )

    dataset = build(project)

    answers = {row["answer"] for row in read(dataset, "TRAIN")}
    assert answers == {"senior says"}


def test_the_number_of_queries_does_not_grow_with_the_records(
    project, django_assert_max_num_queries
):
    settle_many(project, 20)
    with django_assert_max_num_queries(10):
        planning.select_examples(project=project, recipe=building.parse_recipe({}))
    settle_many(project, 60, start=20)

    with django_assert_max_num_queries(10):
        found = planning.select_examples(
            project=project, recipe=building.parse_recipe({})
        )

    assert len(found.examples) == 80


def test_text_never_reaches_the_plan_on_disk(project):
    settle_many(project, 30)
    dataset = building.start(
        project=project, name="x", recipe=EASY, in_background=False
    )

    building.advance(dataset_id=dataset.pk, now=timezone.now())
    building.advance(dataset_id=dataset.pk, now=timezone.now())

    written = b"".join(
        path.read_bytes() for path in folders.building_folder(dataset).iterdir()
    )
    assert b"INC00003" in written
    assert distinct_text(3).split()[0].encode() not in written
