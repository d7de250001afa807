"""Marks of resolutions and judged pairs of answers: who may, what is stored."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from annotation.models import Preference, Record
from annotation.services import importing, resolutions
from annotation.services.resolutions import MarkRefused
from tests.factories import RecordFactory

pytestmark = pytest.mark.django_db
MARKS = "/api/v1/projects/noc/resolution-marks/"
PAIRS = "/api/v1/projects/noc/preferences/"
MAY_MARK = {"alice", "bob", "dana"}
MAY_SEND = {"alice", "erin", "frank"}
CAST = ("alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory")


@pytest.fixture
def record(project) -> Record:
    return RecordFactory(project=project, external_id="INC1", resolution="Reseated.")


def pairs(chosen: str = "Look at the optic.", rejected: str = "Reboot.") -> dict:
    pair = {"external_id": "INC1", "chosen": chosen, "rejected": rejected}
    return {"source": "study 1", "pairs": [pair]}


@pytest.mark.parametrize("name", CAST)
def test_each_of_the_cast_marks_and_sends_what_they_may(
    name, record, browser_of, request
):
    browser = browser_of(request.getfixturevalue(name))
    mark = {"mark": "WRONG", "external_ids": ["INC1"]}

    marked = browser.post(MARKS, mark, content_type="application/json").status_code
    sent = browser.post(PAIRS, pairs(), content_type="application/json").status_code

    refused = 404 if name == "mallory" else 403
    assert marked == (200 if name in MAY_MARK else refused)
    assert sent == (201 if name in MAY_SEND else refused)
    record.refresh_from_db()
    assert record.resolution_mark == ("WRONG" if name in MAY_MARK else "")
    assert Preference.objects.count() == (name in MAY_SEND)


def test_a_mark_is_noted_and_can_be_taken_back(project, record, bob):
    for as_ in ("CONFIRMED", "CONFIRMED", ""):
        resolutions.mark(project=project, record_ids=[record.pk], as_=as_, by=bob)

    record.refresh_from_db()
    assert record.resolution_mark == ""
    words = LogEntry.objects.order_by("id").values_list("change_message", flat=True)
    assert list(words) == ["resolution marked as confirmed", "resolution unmarked"]


@pytest.mark.parametrize(
    ("as_", "code"), [("GOOD", "bad_mark"), ("WRONG", "no_resolution")]
)
def test_a_mark_that_cannot_be_is_refused(project, bob, as_, code):
    bare = RecordFactory(project=project, resolution="")

    with pytest.raises(MarkRefused) as refusal:
        resolutions.mark(project=project, record_ids=[bare.pk], as_=as_, by=bob)

    assert refusal.value.code == code


def test_records_of_another_project_are_not_marked(project, bob):
    other = RecordFactory(resolution="Done.")

    with pytest.raises(MarkRefused) as refusal:
        resolutions.mark(project=project, record_ids=[other.pk], as_="WRONG", by=bob)

    assert refusal.value.code == "unknown_record"


def test_answers_are_sanitized_before_they_are_stored(record, browser_of, alice):
    leaky = pairs(chosen="Set enable secret hunter22X and try again.")

    browser_of(alice).post(PAIRS, leaky, content_type="application/json")

    stored = Preference.objects.get()
    assert "hunter22X" not in stored.chosen
    assert stored.chosen.endswith("and try again.")
    assert stored.rejected == "Reboot."


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (pairs(rejected="Look at the optic."), "same_answer"),
        ({**pairs(), "pairs": [{**pairs()["pairs"][0], "external_id": "X"}]},
         "unknown_record"),
    ],
)  # fmt: skip
def test_pairs_that_do_not_fit_are_refused(record, browser_of, alice, body, code):
    answer = browser_of(alice).post(PAIRS, body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    ("kind", "origin", "state"),
    [("TICKET", "REAL", "OPEN"), ("QA", "REAL", "REFERENCE"),
     ("DOCUMENT", "REAL", "REFERENCE"), ("TICKET", "GENERAL", "REFERENCE")],
)  # fmt: skip
def test_what_has_no_severity_is_put_before_nobody(
    project, kind, origin, state, browser_of, carol
):
    importing.add(
        project=project,
        rows=[{"title": "How to", "body": "Ask."}],
        now=timezone.now(),
        user=None,
        kind=kind,
        origin=origin,
        as_batch=False,
    )

    assert Record.objects.get().state == state
    served = browser_of(carol).post("/api/v1/projects/noc/desk/next/").json()
    assert bool(served.get("seat")) == (state == "OPEN")
