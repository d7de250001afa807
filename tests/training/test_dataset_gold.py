"""Which verdicts are strong enough for TEST, and what a single source may do."""

from __future__ import annotations

import pytest

from annotation.models import Verdict
from netft_site.base.refusals import Refused
from tests.factories import ReviewerFactory, ReviewFactory
from tests.training.built import build, ids, read
from tests.training.worlds import label_by_source, settle, settle_many

pytestmark = pytest.mark.django_db


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
