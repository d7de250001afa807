"""What is written with a text made once is what `save` and `update` would write."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.forms import model_to_dict

from annotation.models import Claim, Record, Review
from netft_site.base.compiled_writes import CompiledInsert, CompiledUpdate
from tests.factories import START, ClaimFactory, RecordFactory, ReviewFactory

pytestmark = pytest.mark.django_db


def _seat_like(claim: Claim, **more: object) -> Claim:
    values = {
        "record": claim.record,
        "reviewer": claim.reviewer,
        "project": claim.project,
        "slot": claim.slot,
        "opened_at": START,
        "expires_at": START + timedelta(hours=1),
    }
    return Claim(**values | more)


def test_an_object_is_stored_as_save_would_and_gets_its_key():
    model = ReviewFactory(visible=["title", "läuft"], seconds_spent=7)
    values = {
        **model_to_dict(model, exclude=["id", "record", "reviewer", "guidelines"]),
        "record": RecordFactory(),
        "reviewer": model.reviewer,
        "submitted_at": START,
    }

    stored = CompiledInsert(Review).store(Review(**values))

    read = Review.objects.get(pk=stored.pk)
    assert {name: getattr(read, name) for name in values} == values
    stored.reason = "a second save changes the same row"
    stored.save()
    assert Review.objects.get(pk=stored.pk).reason == stored.reason


def test_a_broken_constraint_is_an_error():
    claim = ClaimFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        CompiledInsert(Claim).store(_seat_like(claim))


def test_where_another_row_is_in_its_place_nothing_is_stored_and_all_goes_on():
    claim = ClaimFactory()
    double = _seat_like(claim)

    stored = CompiledInsert(Claim).store_unless_taken(double)

    assert not stored
    assert double.pk is None
    assert Claim.objects.get() == claim


def test_a_check_is_an_error_even_where_a_taken_place_is_none():
    claim = ClaimFactory()
    without_slot = _seat_like(claim, record=RecordFactory(), slot=None, state="DONE")

    with pytest.raises(IntegrityError), transaction.atomic():
        CompiledInsert(Claim).store_unless_taken(without_slot)


def test_an_update_changes_the_rows_it_names_and_tells_how_many():
    one, other = ClaimFactory.create_batch(2)
    release = CompiledUpdate(
        lambda reviewer, round_, **_: Claim.objects.filter(
            reviewer=reviewer, round=round_, state="OPEN"
        ),
        lambda state, **_: {"state": state},
        reviewer=int,
        round_=int,
        state=str,
    )

    changed = release.run(reviewer=one.reviewer_id, round_=1, state="RELEASED")
    again = release.run(reviewer=one.reviewer_id, round_=1, state="RELEASED")

    assert (changed, again) == (1, 0)
    states = dict(Claim.objects.values_list("pk", "state"))
    assert states == {one.pk: "RELEASED", other.pk: "OPEN"}


def test_an_update_takes_expressions_of_the_database():
    record = RecordFactory(decided_at=None)
    decide = CompiledUpdate(
        lambda record: Record.objects.filter(pk=record),
        lambda **_: {"decided_at": Now()},
        record=int,
    )

    assert decide.run(record=record.pk) == 1

    record.refresh_from_db()
    assert record.decided_at is not None


def test_a_value_that_is_no_parameter_of_an_update_is_an_error():
    branching = CompiledUpdate(
        lambda record, **_: Record.objects.filter(pk=record),
        lambda priority, **_: {"priority": 5 if priority else 0},
        record=int,
        priority=int,
    )

    with pytest.raises(ValueError, match="priority"):
        branching.run(record=1, priority=3)
