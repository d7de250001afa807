"""Texts to learn from: nobody is asked to judge them, whatever is done to the queue."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from annotation.domain.record_filter import RecordFilter
from annotation.models import Record
from annotation.services import bulk_acts, bulk_orders, flagging, sending
from annotation.services.bulk_orders import BulkRefused, Order
from tests.annotation.desk_seats import NOW, seat
from tests.factories import RecordFactory, ReviewerFactory, ReviewFactory

pytestmark = pytest.mark.django_db

WAN = RecordFilter(category="wan")
EXCLUDE = Order("EXCLUDE", WAN)
REQUEUE = Order("REQUEUE", WAN)
OVERLAP = Order("OVERLAP", WAN, reviews_wanted=3)


def text(project, **more) -> Record:
    """A document as importing keeps it."""
    fields = {"kind": "DOCUMENT", "state": "REFERENCE", "category": "wan", **more}
    return RecordFactory(project=project, **fields)


def order(project, alice, asked: Order):
    seen = bulk_orders.preview(project=project, by=alice, order=asked, now=NOW)
    bulk_acts.start(
        project=project,
        by=alice,
        order=asked,
        reason="a look",
        expected_count=seen.count,
        now=NOW,
    )
    return seen


@pytest.mark.parametrize("asked", [REQUEUE, OVERLAP])
def test_no_bulk_act_brings_a_text_to_learn_from_into_the_queue(project, alice, asked):
    document, ticket = text(project), RecordFactory(project=project, category="wan")

    seen = order(project, alice, asked)

    document.refresh_from_db()
    assert (seen.matched, seen.count, seen.reference, seen.already) == (2, 1, 1, 0)
    assert document.state == "REFERENCE"
    assert seat(project, ReviewerFactory()).record == ticket


def test_the_confirmation_says_that_nobody_labels_them(project, browser_of, alice):
    text(project)
    RecordFactory(project=project, category="wan")

    page = "/admin/annotation/record/search/noc/act/?category=wan&act=requeue"
    shown = browser_of(alice).get(page).content.decode()

    assert "Kept to learn from</dt><dd>1, left alone: nobody labels it" in shown


@pytest.mark.parametrize(
    "fields", [{}, {"kind": "QA"}, {"kind": "TICKET", "origin": "GENERAL"}]
)
def test_a_text_that_was_excluded_comes_back_as_one_to_learn_from(
    project, alice, fields
):
    document = text(project, **fields)
    order(project, alice, EXCLUDE)

    order(project, alice, REQUEUE)

    document.refresh_from_db()
    assert document.state == "REFERENCE"
    assert seat(project, ReviewerFactory()) is None


def test_a_text_labeled_before_it_had_a_state_of_its_own_comes_back_to_the_queue(
    project, alice
):
    document = text(project, state="EXCLUDED")
    ReviewFactory(record=document, severity="low")

    order(project, alice, REQUEUE)

    document.refresh_from_db()
    assert document.state == "OPEN"


def test_a_flagged_text_is_one_to_learn_from_once_it_is_cleared(project):
    document = text(project, state="EXCLUDED", queued_because=flagging.FLAGGED)

    flagging.clear(record=document)

    document.refresh_from_db()
    assert (document.state, document.queued_because) == ("REFERENCE", "oldest")


def test_a_text_to_learn_from_is_no_question_for_a_senior(project, alice):
    document = text(project)

    hindered = sending.hindrances([document], tells_gold=True)
    with pytest.raises(BulkRefused, match="None of them"):
        sending.send(
            project=project, record_ids=[document.pk], by=alice, reason="a", now=NOW
        )

    assert hindered == {document.pk: "kept to learn from"}


def test_the_migration_sets_apart_what_nobody_has_answered_and_goes_back(project):
    move = import_module("annotation.migrations.0018_set_reference_apart")
    fields = {"kind": "DOCUMENT", "state": "OPEN"}
    unanswered, answered = (RecordFactory(project=project, **fields) for _ in "ab")
    ReviewFactory(record=answered, severity="low")
    held = RecordFactory(project=project, kind="QA", state="HELD", title="", body="")
    ticket = RecordFactory(project=project)

    def states():
        rows = (unanswered, answered, held, ticket)
        return [Record.objects.get(pk=row.pk).state for row in rows]

    move.set_apart(apps, None)
    assert states() == ["REFERENCE", "OPEN", "HELD", "OPEN"]

    move.open_again(apps, None)
    assert states() == ["OPEN", "OPEN", "HELD", "OPEN"]


def test_a_desk_with_texts_to_learn_from_only_says_so(project, bob, browser_of):
    text(project)

    page = browser_of(bob).get("/admin/annotation/review/desk/noc/").content.decode()

    assert "1 text is kept to learn from, which nobody labels" in page
    assert "Undo last" not in page
