"""The doors to resolutions and judged pairs: record page, list of records, table."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotation.models import Preference, Record
from tests.factories import START, RecordFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/annotation/record/"


@pytest.fixture
def record(project) -> Record:
    return RecordFactory(project=project, external_id="INC1", resolution="Reseated.")


def page(record: Record) -> str:
    return reverse("admin:annotation_record_change", args=[record.pk])


def test_a_lead_marks_a_resolution_on_its_record(record, browser_of, alice):
    browser = browser_of(alice)
    before = browser.get(page(record)).content.decode()

    place = reverse("admin:annotation_resolution_mark", args=["noc", record.pk])
    after = browser.post(place, {"mark": "WRONG"}, follow=True).content.decode()

    assert "It is wrong" in before
    assert "The resolution is marked: it is wrong." in after
    assert "Take the mark back" in after
    record.refresh_from_db()
    assert record.resolution_mark == "WRONG"


@pytest.mark.parametrize("name", ["bob", "carol", "erin", "grace"])
def test_who_does_not_read_and_judge_resolutions_is_not_asked(
    name, record, browser_of, request
):
    shown = browser_of(request.getfixturevalue(name)).get(page(record))

    assert "It is wrong" not in shown.content.decode()


def test_resolutions_are_marked_from_the_list(project, record, browser_of, alice):
    other = RecordFactory(project=project, resolution="Rebooted.")
    chosen = {"action": "mark_right", "_selected_action": [record.pk, other.pk]}

    answer = browser_of(alice).post(LIST, chosen, follow=True).content.decode()

    assert "2 resolutions are marked: it is right." in answer
    assert set(Record.objects.values_list("resolution_mark", flat=True)) == {
        "CONFIRMED"
    }


def test_a_mark_that_cannot_be_says_why(project, browser_of, alice):
    bare = RecordFactory(project=project, external_id="INC7", resolution="")
    place = reverse("admin:annotation_resolution_mark", args=["noc", bare.pk])

    answer = browser_of(alice).post(place, {"mark": "WRONG"}, follow=True)

    assert "INC7 has no resolution that could be marked." in answer.content.decode()


def test_judged_pairs_are_a_table_for_those_who_may(record, browser_of, alice, carol):
    Preference.objects.create(
        record=record, chosen="Look.", rejected="Reboot.", source="x", created_at=START
    )
    place = reverse("admin:annotation_preference_changelist")

    assert "Look." in browser_of(alice).get(place).content.decode()
    assert browser_of(carol).get(place).status_code == 403
