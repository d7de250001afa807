"""Datasets of every task: who makes an example, what it holds, who stays outside."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Record
from annotation.services import preferring, resolutions
from annotation.services.preferring import Pair
from netft_site.base.refusals import Refused
from tests.factories import (
    START,
    BaseModelFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
)
from tests.training.built import build, read
from tests.training.worlds import distinct_text, settle, settle_many
from training.domain.recipe_choice import KINDS, ORIGINS
from training.models import Example
from training.services import runs
from training.services.datasets import exporting, previewing, streaming

pytestmark = pytest.mark.django_db
ALL_TRAIN = {"shares": {"TRAIN": 0.8, "TEST": 0.2}}


def resolve(project, number: int, **values) -> Record:
    """An open record with a resolution that nobody has judged."""
    return RecordFactory(
        project=project,
        external_id=f"REC{number:04d}",
        title=f"Case {number}",
        body=distinct_text(1000 + number),
        resolution=values.pop("resolution", f"Replaced module {number} in rack 4."),
        **values,
    )


def rows_of(dataset) -> list[dict]:
    return [row for split in ("TRAIN", "TEST") for row in read(dataset, split)]


def test_wrong_and_missing_resolutions_are_left_out_and_counted(project, bob):
    records = [resolve(project, n) for n in range(20)]
    resolve(project, 50, resolution="")
    for as_, part in (("WRONG", records[:2]), ("MISSING", records[2:5])):
        resolutions.mark(
            project=project, record_ids=[r.pk for r in part], as_=as_, by=bob
        )

    dataset = build(project, tasks=["resolution"], **ALL_TRAIN)

    left_out = dataset.manifest["left_out"]
    assert (left_out["resolution_wrong"], left_out["resolution_missing"]) == (2, 4)
    assert {row["record"] for row in rows_of(dataset)} <= {
        r.external_id for r in records[5:]
    }


def test_only_a_confirmed_resolution_is_scored(project, bob):
    records = [resolve(project, n) for n in range(40)]
    confirmed = records[:30]
    resolutions.mark(
        project=project,
        record_ids=[r.pk for r in confirmed],
        as_="CONFIRMED",
        by=bob,
    )

    dataset = build(project, tasks=["resolution"], **ALL_TRAIN)

    test = {row["record"] for row in read(dataset, "TEST")}
    assert test
    assert test <= {r.external_id for r in confirmed}
    assert {row["gold"] for row in read(dataset, "TEST")} == {"confirmed"}


def test_a_record_makes_an_example_of_each_task_it_has_the_material_for(project):
    records = settle_many(project, 40)
    senior = ReviewerFactory(grade="SENIOR")
    for record in records[:15]:
        ReviewFactory(
            record=record,
            reviewer=senior,
            severity=record.verdicts.get().severity,
            response="Run show log, then call the carrier.",
        )

    dataset = build(project, tasks=["severity", "triage"])

    assert dataset.manifest["tasks"] == {"severity": "1", "triage": "1"}
    assert dataset.manifest["left_out_of"]["triage"] == {"answer_missing": 25}
    assert dataset.manifest["left_out"] == {}
    assert dataset.examples.filter(task_type="triage").count() == 15
    by_record = {}
    for split in ("TRAIN", "DEV", "CALIBRATION", "TEST"):
        for row in read(dataset, split):
            name = row.get("record", row["id"].partition("#")[0])
            by_record.setdefault(name, set()).add(split)
    assert all(len(splits) == 1 for splits in by_record.values())


def test_a_triage_example_shows_earlier_tickets_of_its_own_split_only(project):
    senior = ReviewerFactory(grade="SENIOR")
    for number in range(60):
        record = settle(
            project,
            number,
            category="wan",
            opened_at=START + timedelta(hours=number),
            incident_key=f"P{number // 2}",
        )
        ReviewFactory(
            record=record,
            reviewer=senior,
            severity=record.verdicts.get().severity,
            response="Run show log, then call the carrier.",
        )

    dataset = build(project, tasks=["triage"], **ALL_TRAIN)

    for split in ("TRAIN", "TEST"):
        rows = {row["record"]: row for row in read(dataset, split)}
        number = {name: int(name[3:]) for name in rows}
        for name, row in rows.items():
            shown = [key for key, _ in row["fields"].get("earlier", [])]
            assert len(shown) <= 4
            assert set(shown) <= set(rows)
            assert all(number[key] < number[name] for key in shown)
            repeats = row["fields"]["repeats"]
            assert repeats == (
                f"INC{number[name] - 1:05d}" if number[name] % 2 else None
            )
            assert repeats is None or repeats in shown


def test_every_review_labels_train_and_verdicts_label_what_is_scored(project):
    reviewers = [ReviewerFactory(grade=g) for g in ("JUNIOR", "SENIOR")]
    for record in settle_many(project, 40):
        record.verdicts.update(severity="high")
        for reviewer, level in zip(reviewers, ("low", "high"), strict=True):
            ReviewFactory(record=record, reviewer=reviewer, severity=level)

    dataset = build(
        project, label_source="every_review", upsampling={"weights": {"SENIOR": 2}}
    )

    train = read(dataset, "TRAIN")
    originals = [row for row in train if "copy" not in row]
    assert {row["label"] for row in originals} == {"low", "high"}
    assert {row["id"].partition("#")[2] for row in originals} == {"review1", "review2"}
    seniors = [row for row in train if row["grade"] == "SENIOR"]
    assert len(seniors) == 2 * len([r for r in train if r["grade"] == "JUNIOR"])
    assert {row["label"] for row in read(dataset, "TEST")} == {"high"}
    assert not Example.objects.filter(split="TEST", review__isnull=False).exists()
    rules = {finding["rule"] for finding in dataset.manifest["findings"]}
    assert not rules & {"duplicate", "duplicate_conflict", "same_text_other_label"}


def test_general_texts_are_mixed_into_train_alone(project):
    settle_many(project, 60)
    for number in range(30):
        resolve(project, number, kind="QA", origin="GENERAL", state="REFERENCE")

    dataset = build(project, general_share=0.2)

    train = read(dataset, "TRAIN")
    general = [row for row in train if row.get("task") == "question_answer"]
    assert len(general) == round(0.2 * len(train))
    assert dataset.manifest["general_share"] == pytest.approx(0.2, abs=0.02)
    for split in ("DEV", "CALIBRATION", "TEST"):
        assert {row.get("task", "severity") for row in read(dataset, split)} == {
            "severity"
        }


def test_a_general_text_close_to_a_held_out_ticket_is_left_out_and_counted(project):
    tickets = [settle(project, number) for number in range(60)]
    for number, ticket in enumerate(tickets):
        general = resolve(
            project, number, kind="QA", origin="GENERAL", state="REFERENCE"
        )
        if number % 2 == 0:
            general.title, general.body = ticket.title, f"{ticket.body} Again."
            general.near_duplicate_of = ticket
            general.save()

    dataset = build(project, general_share=0.4)

    assert dataset.status == "FROZEN", dataset.manifest
    splits = dict(dataset.examples.values_list("record__external_id", "split"))
    beyond = [t for t in tickets[::2] if splits[t.external_id] != "TRAIN"]
    assert dataset.manifest["left_out"]["near_held_out"] == len(beyond) > 0
    assert any(row["split"] == "TRAIN" and "task" in row for row in rows_of(dataset))


def test_an_answer_that_contradicts_the_root_cause_is_not_the_ideal_one(project):
    principal, senior = (ReviewerFactory(grade=g) for g in ("PRINCIPAL", "SENIOR"))
    for record in settle_many(project, 40):
        verdict = record.verdicts.get()
        record.verdicts.update(root_cause="fibre")
        told = {"record": record, "severity": verdict.severity}
        ReviewFactory(
            reviewer=principal, root_cause="power", response="Replace it.", **told
        )
        ReviewFactory(
            reviewer=senior, root_cause="fibre", response="Splice it.", **told
        )

    dataset = build(project, tasks=["triage"], **ALL_TRAIN)

    steps = {row["fields"]["next_step"] for row in rows_of(dataset)}
    assert steps == {"Splice it."}


def test_what_the_seniors_are_asked_about_waits_in_every_task(project):
    settle_many(project, 40)
    for number in range(20):
        resolve(project, number, state="CONTESTED" if number < 5 else "SETTLED")

    dataset = build(project, tasks=["severity", "resolution"])

    assert dataset.manifest["left_out_of"]["resolution"]["contested"] == 5


def test_a_format_without_a_place_for_the_examples_is_said_before_the_build(project):
    settle_many(project, 40)

    shown = previewing.preview(project=project, recipe={"formats": ["text"]})

    assert not shown.can_freeze
    assert "format_empty" in {one.rule for one in shown.findings}


def test_a_kind_that_no_record_has_is_refused_by_name(project):
    with pytest.raises(Refused) as refusal:
        previewing.preview(project=project, recipe={"filters": {"kinds": ["NOPE"]}})

    assert "filters.kinds" in refusal.value.message
    assert tuple(Record.Kind.values) == KINDS
    assert tuple(Record.Origin.values) == ORIGINS


@pytest.mark.parametrize("name", ["INC00000#copy1", "INC00000#resolution"])
def test_a_record_called_as_a_row_of_another_one_refuses_the_build(project, name):
    for number in range(40):
        settle(project, number, grade="SENIOR", resolution="Spliced the fibre.")
    settle(project, 90, external_id=name, grade="JUNIOR", resolution="Moved the port.")
    recipe = {
        "min_per_class": 1,
        "shares": {"TRAIN": 1.0},
        "tasks": ["severity", "resolution"],
        "upsampling": {"weights": {"SENIOR": 3}},
    }

    with pytest.raises(Refused) as refusal:
        build(project, **recipe)
    shown = previewing.preview(project=project, recipe=recipe)

    assert refusal.value.code == "id_repeated"
    assert name in refusal.value.message
    assert not shown.can_freeze
    assert shown.findings[0].rule == "id_repeated"


def test_a_classifier_refuses_rows_of_other_tasks(project):
    settle_many(project, 60)
    for number in range(10):
        resolve(project, number, kind="QA", origin="GENERAL")
    dataset = build(project, general_share=0.1)

    with pytest.raises(Refused) as refusal:
        runs.queue(dataset=dataset, base_model=BaseModelFactory())

    assert refusal.value.code == "other_tasks"
    assert "question_answer" in refusal.value.message


def test_a_customer_stays_in_one_split_where_the_recipe_says_so(project):
    for number in range(60):
        settle(project, number, attributes={"customer": f"ZCUST_{number % 12}"})

    dataset = build(project, group_by_customer=True)

    splits: dict[str, set[str]] = {}
    for example in dataset.examples.select_related("record"):
        customer = example.record.attributes["customer"]
        splits.setdefault(customer, set()).add(example.split)
    assert len(splits) == 12
    assert all(len(found) == 1 for found in splits.values())


@pytest.mark.parametrize("policy", ["raise", "drop", "truncate"])
def test_what_is_too_long_is_refused_dropped_or_shortened(project, policy):
    settle_many(project, 40)
    settle(project, 90, body="wordy " * 400)

    def built():
        return build(project, length={"most": 200, "policy": policy})

    if policy == "raise":
        with pytest.raises(Refused) as refusal:
            built()
        assert refusal.value.code == "too_long"
        assert "INC00090 (603)" in refusal.value.message
        return
    dataset = built()
    rows = {row["id"]: row for s in ("TRAIN", "DEV", "CALIBRATION", "TEST")
            for row in read(dataset, s)}  # fmt: skip
    if policy == "drop":
        assert dataset.manifest["left_out"] == {"too_long": 1}
        assert "INC00090" not in rows
    else:
        assert len(rows["INC00090"]["text"]) <= 800
        assert rows["INC00090"]["text"].endswith("wordy")
        assert rows["INC00090"]["cut"] > 1000
        told = [
            f for f in dataset.manifest["findings"] if f["rule"] == "rows_shortened"
        ]
        assert [one["message"].split()[0] for one in told] == ["1"]
        assert {row.get("cut", 0) > 0 for key, row in rows.items()
                if "copy" not in row and key != "INC00090"} == {False}  # fmt: skip


def test_documents_become_lines_of_text_and_no_exchanges(project):
    for number in range(20):
        resolve(project, number, kind="DOCUMENT", resolution="", state="REFERENCE")
    dataset = build(
        project, tasks=["domain_text"], gold_rule="SINGLE_SOURCE", formats=["text"]
    )

    lines = list(streaming.iterate_lines(dataset=dataset, format_name="text"))

    assert len(lines) == 20
    assert all(set(json.loads(line)) == {"text"} for line in lines)
    with pytest.raises(Refused) as refusal:
        exporting.start(dataset=dataset, format_name="openai_chat", in_background=False)
    assert refusal.value.code == "no_exchanges"


def test_a_judged_pair_becomes_a_preference(project):
    records = settle_many(project, 20)
    preferring.prefer(
        project=project,
        source="study 1",
        pairs=[
            Pair(
                r.external_id, f"Look at the optic {r.pk}.", "Reboot it.", "What first?"
            )
            for r in records
        ],
        now=timezone.now(),
    )
    dataset = build(project, tasks=["preference"], gold_rule="SINGLE_SOURCE")

    lines = list(streaming.iterate_lines(dataset=dataset, format_name="trl_preference"))

    assert len(lines) == 20
    first = json.loads(lines[0])
    assert first["rejected"][0]["content"] == "Reboot it."
    assert first["prompt"][1]["content"].endswith("What first?")


def test_an_answer_that_the_levels_do_not_know_refuses_the_freeze(project):
    project.root_causes = ["optics"]
    project.save()
    senior = ReviewerFactory(grade="SENIOR")
    for number in range(20):
        record = settle(project, number)
        record.verdicts.update(root_cause="gremlins" if number == 3 else "optics")
        ReviewFactory(
            record=record,
            reviewer=senior,
            severity=record.verdicts.get().severity,
            response="Reseat the optic in slot 2.",
        )

    with pytest.raises(Refused) as refusal:
        build(project, tasks=["triage"], **ALL_TRAIN)

    assert refusal.value.code == "checks_failed"
    assert "root_cause: not one of the allowed values" in refusal.value.message
