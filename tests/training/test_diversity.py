"""Whether examples differ enough: thresholds, and the counts at a freeze."""

from __future__ import annotations

import pytest

from annotation.services import marking
from tests.training.built import build
from tests.training.worlds import distinct_text, settle, settle_many
from training.domain.diversity import Diversity, diversity_findings


def rules(**counts):
    usual = {
        "examples": 100,
        "copies": 0,
        "conflicts": 0,
        "largest_customer": 0,
        "coverage": {},
    }
    found = diversity_findings(Diversity(**{**usual, **counts}))
    assert {finding.severity.value for finding in found} <= {"W"}
    return [finding.rule for finding in found]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, []),
        ({"copies": 2}, ["near_duplicate"]),
        ({"conflicts": 1}, ["near_copies_other_label"]),
        ({"largest_customer": 30}, []),
        ({"largest_customer": 31}, ["one_customer"]),
        ({"largest_customer": 9, "examples": 9}, []),
        ({"coverage": {"wan": {"cisco": 1}, "lan": {"cisco": 2}}}, []),
        ({"coverage": {"wan": {"cisco": 1}, "lan": {"arista": 2}}}, ["coverage_empty"]),
    ],
)
def test_each_rule_begins_at_its_threshold(counts, expected):
    assert rules(**counts) == expected


@pytest.mark.django_db
def test_a_freeze_counts_copies_contradictions_and_customers(project):
    settle_many(project, 57)
    for number in range(57, 60):
        settle(project, number, body=f"{distinct_text(900)} {number % 2}", title="Same")
    for record in project.records.all()[:20]:
        record.attributes = {"customer": "Globex"}
        record.save()
    marking.mark_near_duplicates(project_id=project.pk)

    dataset = build(project)

    found = {f["rule"]: f["message"] for f in dataset.manifest["findings"]}
    assert found["near_duplicate"] == "3 examples are near copies of another one."
    assert found["near_copies_other_label"] == (
        "1 group of near copies with different labels."
    )
    assert found["one_customer"] == "One customer has 33% of the examples."
    assert "Globex" not in str(dataset.manifest)
