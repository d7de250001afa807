"""Datasets: from settled records to an immutable, leak-free folder."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.models import Record, Verdict
from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from tests.factories import START, ProjectFactory, ReviewerFactory, ReviewFactory
from tests.training.worlds import distinct_text, label_by_source, settle, settle_many
from training.models import Dataset, Example, SplitAssignment
from training.querysets.datasets import FrozenDataset
from training.services.datasets import building, folders, planning
from training.services.datasets.resolving import resolve_dataset

pytestmark = pytest.mark.django_db

EASY = {"min_per_class": 1}
# Changes only when a recipe, a row or the choice of examples changes on purpose.
GOLDEN = "0bbbc28ae47c583e7a4dc47dc76ed59b36b6db5482ff9efb78544917fe8944ef"


def build(project, name="triage", **recipe) -> Dataset:
    dataset = building.start(
        project=project, name=name, recipe={**EASY, **recipe}, in_background=False
    )
    return building.build_to_end(dataset_id=dataset.pk, clock=timezone.now)


def read(dataset: Dataset, split: str) -> list[dict]:
    path = folders.split_path(dataset, split)
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def ids(dataset: Dataset, split: str) -> set[str]:
    return {row.get("copy_of", row["id"]) for row in read(dataset, split)}


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
    Record.objects.update(resolution="replaced the optic", thread=[{"text": "later"}])

    dataset = build(project)

    folder = folders.frozen_folder(dataset)
    written = b"".join(p.read_bytes() for p in folder.iterdir())
    row = read(dataset, "TRAIN")[0]
    record = Record.objects.get(external_id=row["id"])
    assert row["text"] == record.text
    assert b"replaced the optic" not in written
    assert b"later" not in written


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


def test_another_seed_or_level_gives_another_hash(project):
    settle_many(project, 50)
    first = build(project)

    second = build(project, seed=2)

    assert (second.name, second.version) == ("triage", 2)
    assert second.sha256 != first.sha256


def test_a_test_ticket_stays_a_test_ticket_in_later_versions(project):
    settle_many(project, 60)
    first = build(project)
    settle_many(project, 60, start=60)

    second = build(project, seed=9, shares={"TRAIN": 0.8, "DEV": 0.1, "TEST": 0.1})

    for split in ("TRAIN", "DEV", "CALIBRATION", "TEST"):
        assert ids(first, split) <= ids(second, split)
    assert SplitAssignment.objects.count() == 120


def test_nothing_new_enters_a_kept_test_split(project):
    settle_many(project, 60)
    first = build(project)
    settle_many(project, 60, start=60)

    second = build(project, test={"kept": True})

    assert ids(first, "TEST") == ids(second, "TEST")
    first_file, second_file = (folders.split_path(d, "TEST") for d in (first, second))
    assert first_file.read_bytes() == second_file.read_bytes()


def test_tickets_of_one_incident_stay_in_one_split(project):
    for number in range(60):
        settle(project, number, incident_key=f"MI{number // 4}")

    dataset = build(project)

    splits: dict[str, set[str]] = {}
    for example in dataset.examples.select_related("record"):
        splits.setdefault(example.record.incident_key, set()).add(example.split)
    assert all(len(found) == 1 for found in splits.values())
    assert len({next(iter(found)) for found in splits.values()}) == 4


class TestGold:
    """What may stand in TEST under the strict rule."""

    EVERYTHING_TEST = {
        "shares": {"TRAIN": 0.5, "TEST": 0.5},
        "upsampling": {"weights": {}},
    }

    @pytest.mark.parametrize(
        "verdict",
        [
            {"method": "MAJORITY", "reviews_count": 3},
            {"method": "UNANIMOUS", "reviews_count": 1},
            {"method": "UNANIMOUS", "grade": "ENGINEER"},
            {"method": "UNANIMOUS", "grade": "PRINCIPAL", "severity": "critical"},
        ],
    )
    def test_a_weak_verdict_is_learned_from_but_not_scored(self, project, verdict):
        reviewer = ReviewerFactory(grade="PRINCIPAL")
        settle_many(project, 40, start=1000)
        for number in range(40):
            record = settle(project, number, **verdict)
            severity = verdict.get("severity", "low")
            ReviewFactory(record=record, reviewer=reviewer, severity=severity)

        dataset = build(project, **self.EVERYTHING_TEST)

        weak = {f"INC{n:05d}" for n in range(40)}
        assert not weak & ids(dataset, "TEST")
        assert 15 <= len(weak & ids(dataset, "TRAIN")) <= 25
        left_out = dataset.manifest["left_out"]
        assert left_out == {"gold_missing": 40 - len(weak & ids(dataset, "TRAIN"))}
        assert "gold_waiting" in {f["rule"] for f in dataset.manifest["findings"]}

    def test_one_voice_for_the_most_severe_level_asks_for_adjudication(self, project):
        records = settle_many(project, 60)
        doubter = ReviewerFactory()
        for record in records:
            ReviewFactory(
                record=record, reviewer=doubter, severity="critical", purpose="REREVIEW"
            )

        dataset = build(project, **self.EVERYTHING_TEST)

        assert not ids(dataset, "TEST")
        assert dataset.manifest["left_out"]["gold_missing"] == 30

    def test_a_waiting_test_ticket_enters_once_it_is_adjudicated(self, project):
        records = [settle(project, n, method="MAJORITY") for n in range(40)]
        first = build(project, **self.EVERYTHING_TEST)
        senior = ReviewerFactory(grade="SENIOR")
        Verdict.objects.filter(record__in=records).update(
            method="ADJUDICATED", adjudicated_by=senior
        )

        second = build(project, **self.EVERYTHING_TEST)

        assert not ids(first, "TEST")
        assert len(ids(second, "TEST")) == 20
        assert ids(first, "TRAIN") == ids(second, "TRAIN")


def test_a_single_source_is_accepted_by_its_rule_only_and_says_so(project):
    source = ReviewerFactory(source=True, name="itsm")
    label_by_source(project, source, 80)

    with pytest.raises(Refused, match="No record may enter"):
        build(project, "strict")
    dataset = build(project, "loose", gold_rule="SINGLE_SOURCE")

    assert dataset.is_single_source
    assert dataset.manifest["single_source"] is True
    assert dataset.manifest["splits"]["TEST"]["examples"] == 12
    assert {row["gold"] for row in read(dataset, "TEST")} == {"single_source"}
    assert "single_source" in {f["rule"] for f in dataset.manifest["findings"]}


def test_absolute_sizes_are_met_with_the_mix_kept(project):
    settle_many(project, 200)

    dataset = build(
        project,
        shares={"TRAIN": 0.2, "DEV": 0.1, "CALIBRATION": 0.0, "TEST": 0.7},
        sizes={"TRAIN": 30, "TEST": 90},
    )

    splits = dataset.manifest["splits"]
    assert [splits[s]["examples"] for s in ("TRAIN", "DEV", "TEST")] == [30, 20, 90]
    assert dataset.manifest["left_out"] == {"over_size": 60}
    labels = Counter(row["label"] for row in read(dataset, "TEST"))
    assert max(labels.values()) - min(labels.values()) <= 3


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


def settle_apart(dataset, records) -> None:
    """Give records that were never frozen two different splits, by hand."""
    for record, split in zip(records, ("TRAIN", "TEST"), strict=True):
        SplitAssignment.objects.create(
            record=record, group_key=f"g-{record.pk}", split=split
        )


class TestRefusals:
    """What stops a freeze, and what it leaves behind."""

    def assert_refused(self, project, match: str, **recipe) -> Dataset:
        with pytest.raises(Refused, match=match):
            build(project, **recipe)
        dataset = Dataset.objects.get()
        assert dataset.status == "FAILED"
        assert dataset.failure
        assert not dataset.examples.exists()
        assert not SplitAssignment.objects.exists()
        assert list(folders.frozen_folder(dataset).parent.iterdir()) == []
        return dataset

    def test_an_exact_copy_across_splits_refuses_the_freeze(self, project):
        settle_many(project, 60)
        copies = [
            settle(project, 900 + n, title="Same", body="Core  switch DOWN in A")
            for n in range(2)
        ]
        dataset = building.start(
            project=project, name="x", recipe=EASY, in_background=False
        )
        building.advance(dataset_id=dataset.pk, now=timezone.now())
        # As if a person had decided that the two are different stories.
        Record.objects.filter(pk__in=[c.pk for c in copies]).update(
            near_duplicate_of=None
        )
        settle_apart(dataset, copies)

        with pytest.raises(Refused, match="same text"):
            building.build_to_end(dataset_id=dataset.pk, clock=timezone.now)

        failed = Dataset.objects.get()
        errors = [f for f in failed.manifest["findings"] if f["severity"] == "E"]
        assert {f["rule"] for f in errors} >= {"duplicate_across_splits"}
        assert "Core" not in json.dumps(failed.manifest["findings"])

    def test_an_unknown_label_refuses_the_freeze(self, project):
        settle_many(project, 60)
        settle(project, 900, severity="p9")

        self.assert_refused(project, "no level of the project")

    def test_a_class_with_too_few_examples_refuses_the_freeze(self, project):
        settle_many(project, 60)
        settle(project, 900, severity="critical", method="MAJORITY")

        self.assert_refused(project, "needed", min_per_class=5)

    def test_a_project_without_verdicts_is_refused(self, project):
        with pytest.raises(Refused, match="No record may enter"):
            build(project)

    def test_a_refused_build_can_be_repeated_after_the_repair(self, project):
        settle_many(project, 60)
        bad = settle(project, 900, severity="p9")
        self.assert_refused(project, "no level")
        Record.objects.filter(pk=bad.pk).update(state="EXCLUDED")

        dataset = build(project)

        assert (dataset.version, dataset.status) == (2, "FROZEN")


class TestImmutability:
    """A frozen dataset cannot be changed through any door of the ORM."""

    @pytest.fixture
    def frozen(self, project) -> Dataset:
        settle_many(project, 30)
        return build(project)

    @pytest.mark.parametrize(
        "attempt",
        [
            lambda d: d.save(),
            lambda d: d.delete(),
            lambda d: Dataset.objects.filter(pk=d.pk).update(status="FAILED"),
            lambda d: Dataset.objects.all().delete(),
            lambda d: d.examples.update(label="low"),
            lambda d: d.examples.all().delete(),
            lambda d: d.examples.first().save(),
            lambda d: d.examples.first().delete(),
        ],
    )
    def test_it_refuses_to_change(self, frozen, attempt):
        before = Dataset.objects.values().get()

        with pytest.raises(FrozenDataset):
            attempt(frozen)

        assert Dataset.objects.values().get() == before
        assert frozen.examples.count() == 30

    def test_building_it_again_does_nothing(self, frozen):
        folder = folders.frozen_folder(frozen)
        before = {p.name: sha256_of(p) for p in folder.iterdir()}

        building.build_chunk(dataset_id=frozen.pk, now=timezone.now())

        assert {p.name: sha256_of(p) for p in folder.iterdir()} == before

    def test_a_record_has_one_split_in_the_database_too(self, frozen):
        record = frozen.examples.first().record

        with pytest.raises(IntegrityError), transaction.atomic():
            SplitAssignment.objects.create(record=record, group_key="x", split="TEST")


class TestResolving:
    """References: the newest frozen version, never a guess."""

    def test_the_newest_frozen_version_answers(self, project):
        settle_many(project, 30)
        build(project)
        newest = build(project, seed=2)
        building.start(project=project, name="triage", recipe={}, in_background=False)

        assert resolve_dataset("triage") == newest
        assert resolve_dataset("noc/triage@1").version == 1
        assert resolve_dataset("triage", frozen_only=False).version == 3

    def test_a_name_in_two_projects_is_refused(self, project):
        for slug in ("one", "two"):
            other = ProjectFactory(slug=slug)
            building.start(project=other, name="x", recipe={}, in_background=False)

        with pytest.raises(Refused) as caught:
            resolve_dataset("x")

        assert caught.value.code == "ambiguous_dataset"
        assert resolve_dataset("two/x", frozen_only=False).project.slug == "two"

    @pytest.mark.parametrize(
        "reference", ["", "nope", "triage@7", "triage@x", "a/b/c@"]
    )
    def test_an_unknown_reference_is_refused(self, project, reference):
        with pytest.raises(Refused) as caught:
            resolve_dataset(reference)

        assert caught.value.code == "no_such_dataset"


def test_a_build_under_way_is_continued_not_doubled(project):
    settle_many(project, 30)

    first = building.start(project=project, name="x", recipe=EASY, in_background=False)
    second = building.start(project=project, name="x", recipe=EASY, in_background=False)
    third = building.start(project=project, name="x", recipe={}, in_background=False)

    assert first == second
    assert (first.version, third.version) == (1, 2)


@pytest.mark.parametrize("name", ["", "a b", "../up", "x" * 81, "naïve"])
def test_a_name_that_is_no_slug_is_refused(project, name):
    with pytest.raises(Refused) as caught:
        building.start(project=project, name=name, recipe={}, in_background=False)

    assert caught.value.code == "bad_name"
    assert not Dataset.objects.exists()


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


def near_copies(project, count: int = 10, **values) -> list[Record]:
    """Tickets that tell the same story with one word changed in each."""
    records = []
    for number in range(count):
        words = distinct_text(500).split()
        words[number % len(words)] = "changed"
        records.append(
            settle(project, 900 + number, title="Storm", body=" ".join(words), **values)
        )
    return records


class TestNearDuplicates:
    """Texts that are nearly the same never lie in two splits."""

    def test_near_copies_are_found_and_kept_together(self, project):
        settle_many(project, 60)
        near_copies(project)

        dataset = build(project)

        storm = dataset.examples.filter(record__title="Storm")
        assert storm.count() == 10
        assert storm.values("split").distinct().count() == 1

    def test_the_same_story_on_other_devices_stays_together(self, project):
        settle_many(project, 60)
        for number in range(10):
            body = f"10.0.0.{number} {distinct_text(500)}"
            settle(project, 900 + number, title="Storm", body=body)

        dataset = build(project)

        storm = dataset.examples.filter(record__title="Storm")
        assert storm.values("split").distinct().count() == 1

    def test_near_copies_that_were_split_before_leave_only_the_test_tickets(
        self, project
    ):
        settle_many(project, 60)
        storm = near_copies(project)
        for number, record in enumerate(storm):
            SplitAssignment.objects.create(
                record=record,
                group_key=f"g-{number}",
                split=("TRAIN", "DEV", "TEST")[number % 3],
            )

        dataset = build(project)

        kept = dataset.examples.filter(record__in=storm)
        assert set(kept.values_list("split", flat=True)) == {"TEST"}
        assert kept.count() == 3
        assert dataset.manifest["left_out"]["bridges_splits"] == 7

    def test_a_text_that_changed_after_marking_refuses_the_freeze(self, project):
        records = settle_many(project, 60)
        dataset = building.start(
            project=project, name="x", recipe=EASY, in_background=False
        )
        for _ in range(2):
            building.advance(dataset_id=dataset.pk, now=timezone.now())
        words = distinct_text(500).split()
        for number, record in enumerate(records[:20]):
            words[number] = "changed"
            Record.objects.filter(pk=record.pk).update(body=" ".join(words))

        with pytest.raises(Refused, match="nearly equal texts"):
            building.build_to_end(dataset_id=dataset.pk, clock=timezone.now)

        failed = Dataset.objects.get()
        errors = [f for f in failed.manifest["findings"] if f["severity"] == "E"]
        assert {f["rule"] for f in errors} == {"near_duplicate_across_splits"}
        assert "changed" not in json.dumps(failed.manifest["findings"])
        assert not SplitAssignment.objects.exists()
