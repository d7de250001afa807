"""What a check rests on, what came since, and which texts need no second sanitizing."""

from __future__ import annotations

import pytest

from annotation.domain.duplicates import fingerprint
from annotation.domain.sanitize import RULESET
from annotation.models import Canary, KnownSecret, Project, Record
from annotation.services import knowledge
from annotation.services.leak_gate import LeakGate
from annotation.services.leak_standing import (
    Standing,
    canaries_of,
    secrets_of,
    standing_of,
)
from annotation.services.vouching import read_texts
from tests.factories import ProjectFactory, RecordFactory, SanitizationFactory
from tests.training.worlds import distinct_text

pytestmark = pytest.mark.django_db


def know(project: Project, name: str) -> None:
    KnownSecret.objects.create(project=project, token=name)


def plant(project: Project, name: str) -> None:
    Canary.objects.create(
        project=project, span_type="cred", vendor="prose", value_hmac=name
    )


def test_a_standing_survives_being_written_down(project):
    know(project, "ZCRED_A")
    now = standing_of(project)

    assert Standing.read(now.as_json()) == now


@pytest.mark.parametrize("noted", [None, {}, {"knowledge": 1}, [], "x", {"secrets": 1}])
def test_anything_else_that_was_written_down_is_no_standing(noted):
    assert Standing.read(noted) is None


@pytest.mark.parametrize("learn", [know, plant])
def test_only_what_came_since_is_newer(project, learn):
    learn(project, "A" * 24)
    before = standing_of(project)
    learn(project, "B" * 24)
    learn(ProjectFactory(), "C" * 24)

    newer = secrets_of(project, before) + canaries_of(project, before)

    assert newer == ["B" * 24]
    assert standing_of(project) != before
    assert standing_of(project).sanitized_as(before)


def test_what_was_committed_late_under_a_lower_number_is_not_missed(project):
    know(project, "ZCRED_LATE")
    number = KnownSecret.objects.get().pk
    KnownSecret.objects.all().delete()
    know(project, "ZCRED_EARLY")
    before = standing_of(project)
    KnownSecret.objects.create(pk=number, project=project, token="ZCRED_LATE")

    assert "ZCRED_LATE" in secrets_of(project, before)
    assert standing_of(project) != before


def test_more_knowledge_is_another_sanitizer(project):
    before = standing_of(project)

    knowledge.bump(project)

    assert not standing_of(project).sanitized_as(before)


def stored(project: Project, **made_under) -> Record:
    text = distinct_text(1)
    record = RecordFactory(
        project=project, title="T", body=text, fingerprint=fingerprint(f"T\n\n{text}")
    )
    today = {"ruleset": RULESET, "knowledge": project.knowledge_version}
    SanitizationFactory(record=record, **{**today, **made_under})
    return record


def is_vouched(project: Project, record: Record) -> bool:
    found = read_texts([record.pk], standing_of(project))[record.pk]
    assert found.text == Record.objects.get(pk=record.pk).text
    return found.is_vouched


@pytest.mark.parametrize(
    ("made_under", "expected"),
    [
        ({}, True),
        ({"state": "APPROVED", "tripwires": {"body": [[0, 1, "x"]]}}, True),
        ({"tripwires": {"body": [[0, 1, "x"]]}}, False),
        ({"state": "HELD"}, False),
        ({"ruleset": "1.0"}, False),
        ({"key_id": "older"}, False),
    ],
)
def test_a_text_needs_no_second_sanitizing_only_as_todays_sanitizer_left_it(
    project, made_under, expected
):
    assert is_vouched(project, stored(project, **made_under)) is expected


def test_a_text_is_not_vouched_for_once_more_is_known(project):
    record = stored(project)
    knowledge.bump(project)

    assert not is_vouched(project, record)


def test_a_text_that_nobody_sanitized_is_not_vouched_for(project):
    assert not is_vouched(project, RecordFactory(project=project, body="x"))


def test_a_text_that_was_changed_past_the_sanitizer_is_not_vouched_for(project):
    record = stored(project)
    Record.objects.filter(pk=record.pk).update(body="enable secret 0 Winter2024!")

    assert not is_vouched(project, record)


def test_what_is_vouched_for_is_still_compared_with_what_is_known(project):
    gate = LeakGate(project)
    text = "enable secret 0 Winter2024!"

    assert gate.check([text], vouched={0}) == []
    assert [one.what for one in gate.check([text])] == ["unsanitized secret"]
