"""What is in dispute comes early, with a reason that names nobody's answer."""

from __future__ import annotations

import pytest

from annotation.models import BulkChange, Guidelines, Record, Review
from annotation.services import disputing, settling
from annotation.services.suggesting import Suggested, suggest
from annotation.tasks.queueing import prioritise
from tests.annotation.desk_seats import NOW, seat
from tests.factories import (
    BulkActFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
)


def _record(project, *levels: str, **more):
    record = RecordFactory(project=project, reviews_wanted=4, **more)
    for level in levels:
        ReviewFactory(record=record, severity=level)
    return record


def _suggest(project, record, level: str, probability: float) -> None:
    row = Suggested(record.external_id, level, {level: probability})
    suggest(project=project, source="m1", rows=[row], now=NOW)


def test_answers_that_differ_bring_a_record_forward(project):
    RecordFactory(project=project)
    agreed = _record(project, "high", "high")
    disputed = _record(project, "high", "low")

    changed = prioritise()
    again = prioritise()

    disputed.refresh_from_db()
    agreed.refresh_from_db()
    assert (changed, again) == (1, 0)
    assert (disputed.priority, disputed.queued_because) == (60, "contested so far")
    assert agreed.priority == 0
    assert seat(project, ReviewerFactory()).because == "contested so far"


@pytest.mark.parametrize(
    ("level", "probability", "said", "raised"),
    [
        ("critical", 0.9, ["low"], True),
        ("critical", 0.7, ["low"], False),
        ("low", 0.9, ["low"], False),
        ("critical", 0.9, ["low", "critical"], False),
        ("critical", 0.9, [], False),
    ],
)
def test_a_confident_model_that_everybody_contradicts_brings_it_forward(
    project, level, probability, said, raised
):
    record = _record(project, *said)
    _suggest(project, record, level, probability)

    disputing.raise_in(project=project)

    record.refresh_from_db()
    assert (record.queued_because == "model confident but wrong") is raised
    assert (record.priority == 80) is raised


def test_a_dispute_that_is_over_is_no_reason_any_more(project):
    model = _record(project, "low")
    people = _record(project, "high", "low")
    _suggest(project, model, "critical", 0.9)
    prioritise()
    Review.objects.filter(severity="low").update(is_current=False)

    assert prioritise() == 2

    for record in (model, people):
        record.refresh_from_db()
        assert (record.priority, record.queued_because) == (0, "oldest")
    assert prioritise() == 0


def test_where_somebody_sides_with_the_model_people_differ(project):
    record = _record(project, "low")
    _suggest(project, record, "critical", 0.9)
    prioritise()
    ReviewFactory(record=record, severity="critical")

    prioritise()

    record.refresh_from_db()
    assert (record.priority, record.queued_because) == (60, "contested so far")


def test_an_undo_leaves_no_urgency_without_its_reason(project):
    record = _record(project, "high", "low")
    prioritise()
    Review.objects.filter(severity="low").update(is_current=False)

    settling.settle_records(project=project)
    record.refresh_from_db()
    assert (record.priority, record.queued_because) == (60, "contested so far")
    Record.objects.update(queued_because="oldest")
    prioritise()

    record.refresh_from_db()
    assert record.priority == 0


def test_a_re_review_goes_on_for_its_own_reason_once_the_dispute_is_over(
    project, alice
):
    guidelines = Guidelines.objects.create(project=project, version=3, markdown="x")
    record = _record(project, "high", round=2, state="OPEN")
    act = BulkActFactory(project=project, kind="REREVIEW", guidelines=guidelines)
    BulkChange.objects.create(act=act, record=record, before={}, after={"round": 2})
    Record.objects.update(priority=80, queued_because="model confident but wrong")

    prioritise()

    record.refresh_from_db()
    assert (record.priority, record.queued_because) == (70, "guidelines v3")


def test_what_was_asked_for_stays_ahead(project):
    record = _record(project, "high", "low", priority=90, queued_because="asked for: x")

    disputing.raise_in(project=project)

    record.refresh_from_db()
    assert (record.priority, record.queued_because) == (90, "asked for: x")
