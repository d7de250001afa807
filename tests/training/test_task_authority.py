"""Whose word an example rests on, by task: what may be scored, what is copied."""

from __future__ import annotations

import pytest

from annotation.services import resolutions
from tests.factories import RecordFactory, ReviewerFactory, ReviewFactory
from tests.training.built import build, read
from tests.training.worlds import distinct_text, settle, settle_many

pytestmark = pytest.mark.django_db
HALVES = {"shares": {"TRAIN": 0.5, "TEST": 0.5}}


def records_of(project, kind: str, count: int = 40, **values) -> list:
    return [
        RecordFactory(
            project=project,
            kind=kind,
            body=distinct_text(number),
            external_id=f"K{number:03d}",
            state="REFERENCE",
            **values,
        )
        for number in range(count)
    ]


def confirm(project, records, bob) -> None:
    resolutions.mark(
        project=project, record_ids=[r.pk for r in records], as_="CONFIRMED", by=bob
    )


def test_a_confirmed_resolution_makes_no_other_answer_gold(project, bob):
    records = records_of(project, "QA", resolution="Ask the core team for it.")
    confirm(project, records, bob)
    junior = ReviewerFactory(grade="JUNIOR")
    for record in records[:20]:
        ReviewFactory(record=record, reviewer=junior, response="Turn it off and on.")

    dataset = build(project, tasks=["question_answer"], **HALVES)

    scored = read(dataset, "TEST")
    assert {row["answer"] for row in scored} == {"Ask the core team for it."}
    assert {row["gold"] for row in scored} == {"confirmed"}


def test_a_triage_answer_of_a_junior_is_learned_and_not_scored(project):
    junior, senior = ReviewerFactory(grade="JUNIOR"), ReviewerFactory(grade="SENIOR")
    for number, record in enumerate(settle_many(project, 60)):
        ReviewFactory(
            record=record,
            reviewer=junior if number % 2 else senior,
            severity=record.verdicts.get().severity,
            response="Call the carrier and wait.",
        )

    dataset = build(project, tasks=["triage"], **HALVES)

    numbers = {int(row["record"][3:]) for row in read(dataset, "TEST")}
    assert numbers
    assert all(number % 2 == 0 for number in numbers)
    assert any(int(r["record"][3:]) % 2 for r in read(dataset, "TRAIN"))


def test_texts_and_judged_pairs_need_nobodys_word(project):
    records_of(project, "DOCUMENT")

    dataset = build(project, tasks=["domain_text"], formats=["text"], **HALVES)

    assert dataset.manifest["left_out"] == {}
    assert len(read(dataset, "TEST")) == 20


def test_what_a_senior_decided_is_not_put_to_the_vote_again(project):
    junior = ReviewerFactory(grade="JUNIOR")
    for number in range(40):
        record = settle(
            project, number, severity="high", method="ADJUDICATED",
            adjudicated_by=ReviewerFactory(grade="SENIOR"),
        )  # fmt: skip
        ReviewFactory(record=record, reviewer=junior, severity="low")

    dataset = build(project, label_source="every_review")

    assert {row["label"] for row in read(dataset, "TRAIN")} == {"high"}


def test_a_row_of_a_review_claims_no_authority(project):
    reviewers = [ReviewerFactory(grade=g) for g in ("JUNIOR", "SENIOR")]
    for record in settle_many(project, 40):
        record.verdicts.update(severity="high")
        for reviewer, level in zip(reviewers, ("low", "high"), strict=True):
            ReviewFactory(record=record, reviewer=reviewer, severity=level)

    dataset = build(project, label_source="every_review")

    train = read(dataset, "TRAIN")
    assert {(row["method"], row["gold"]) for row in train} == {
        ("REVIEWED", "insufficient")
    }


def test_a_customer_of_several_splits_loses_no_tickets(project):
    for number in range(60):
        settle(project, number, attributes={"customer": number % 3})
    first = build(project)
    for number in range(60, 90):
        settle(project, number, attributes={"customer": number % 3})

    second = build(project, group_by_customer=True)

    assert first.examples.count() == 60
    assert second.examples.count() == 90
    new = second.examples.filter(record__external_id__gte="INC00060")
    splits: dict[int, set[str]] = {}
    for example in new.select_related("record"):
        customer = example.record.attributes["customer"]
        splits.setdefault(customer, set()).add(example.split)
    assert sorted(splits) == [0, 1, 2]
    assert all(len(found) == 1 for found in splits.values())


def test_tasks_of_one_ticket_count_once_for_the_fewest_of_a_level(project):
    project.root_causes = ["optics"]
    project.save()
    for record in settle_many(project, 40):
        record.verdicts.update(severity="medium", root_cause="optics")
    rare = settle(project, 90, severity="critical", method="ADJUDICATED",
                  adjudicated_by=ReviewerFactory(grade="SENIOR"))  # fmt: skip
    rare.verdicts.update(root_cause="optics")

    with pytest.raises(Exception, match="1 examples in TRAIN, 2 needed"):
        build(
            project,
            tasks=["severity", "root_cause"],
            min_per_class=2,
            shares={"TRAIN": 1},
        )
