"""What is not open to a senior tells no answer, and takes no decision."""

from __future__ import annotations

import pytest

from annotation.models import Record, Verdict
from annotation.services import adjudicating, settling
from tests.annotation.adjudication import DECISION, PAGE, answered
from tests.factories import RecordFactory, ReviewerFactory, ReviewFactory


def unasked(project, kind: str) -> Record:
    """A record whose answers no senior may read: open, gold, or flagged while open."""
    record = RecordFactory(project=project)
    for _ in range(2 if kind == "gold" else 1):
        senior = ReviewerFactory(grade="SENIOR")
        ReviewFactory(
            record=record, reviewer=senior, severity="high", response="reseat the optic"
        )
    settling.settle_records(project=project, record_ids=[record.pk])
    if kind == "flagged":
        Record.objects.filter(pk=record.pk).update(state="EXCLUDED")
    record.refresh_from_db()
    return record


@pytest.mark.parametrize("kind", ["open", "gold", "flagged"])
@pytest.mark.parametrize("change", [{}, {"severity": ""}, {"seen": "0.0.0"}])
def test_posting_to_what_is_not_a_seniors_tells_no_answer_and_settles_nothing(
    project, dana, browser_of, kind, change
):
    record = unasked(project, kind)
    before = list(Verdict.objects.values())

    answer = browser_of(dana).post(f"{PAGE}{record.pk}/", {**DECISION, **change})

    page = answer.content.decode()
    assert answer.status_code == (409 if kind == "flagged" else 404)
    assert "reseat the optic" not in page
    assert "What the reviewers said" not in page
    assert "Core link." in page
    assert list(Verdict.objects.values()) == before


def test_a_record_that_opened_again_takes_no_decision(project, dana, browser_of):
    """Its answers are hidden again, even from the senior who read them."""
    record = answered(project, "high", "low")
    Record.objects.filter(pk=record.pk).update(state="OPEN")

    with pytest.raises(adjudicating.AdjudicationRefused) as refusal:
        adjudicating.decide(record=record, reviewer=dana.reviewer, **DECISION)
    answer = browser_of(dana).post(f"{PAGE}{record.pk}/", DECISION)

    assert refusal.value.code == "not_ready"
    assert answer.status_code == 404
    assert "Its reviewers have not all answered yet." in answer.content.decode()
    assert "Core link." in answer.content.decode()


def _api(record: Record) -> str:
    return f"/api/v1/projects/noc/adjudication/{record.pk}/"


@pytest.mark.parametrize("kind", ["open", "gold", "flagged"])
def test_the_api_tells_no_answer_of_what_is_not_a_seniors(
    project, dana, browser_of, kind
):
    record = unasked(project, kind)
    said = {**DECISION, "expected": "0.0.0"}
    client = browser_of(dana)

    read = [client.get(_api(record) + path) for path in ("", "decision/")]
    sent = client.post(_api(record), said, content_type="application/json")

    assert [one.status_code for one in [*read, sent]] == [404, 404, 404]
    assert not Verdict.objects.adjudicated().exists()


def test_the_api_tells_no_answer_of_a_record_excluded_since(project, dana, browser_of):
    record = answered(project, "high", "low")
    record.reviews.update(response="reseat the optic")
    Record.objects.filter(pk=record.pk).update(state="EXCLUDED")
    said = {**DECISION, "expected": "0.0.0"}
    client = browser_of(dana)

    assert client.get(_api(record)).status_code == 404
    sent = client.post(_api(record), said, content_type="application/json")

    assert sent.status_code == 409
    assert set(sent.json()) == {"error"}


def test_a_decision_stays_readable_once_its_record_is_excluded(
    project, dana, browser_of
):
    record = answered(project, "high", "low")
    adjudicating.decide(record=record, reviewer=dana.reviewer, **DECISION)
    Record.objects.filter(pk=record.pk).update(state="EXCLUDED")
    client = browser_of(dana)

    assert client.get(f"{_api(record)}decision/").status_code == 200
    undone = client.post(f"{_api(record)}undo/")
    assert (undone.status_code, undone.json()["error"]["code"]) == (409, "not_ready")
