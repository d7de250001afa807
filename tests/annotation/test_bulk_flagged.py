"""Bulk acts leave records alone that wait for a look at their sanitizing."""

from __future__ import annotations

import pytest

from annotation.domain.queue import FLAGGED
from annotation.domain.record_filter import RecordFilter
from annotation.models import Record
from annotation.services import bulk_acts, bulk_orders
from annotation.services.bulk_orders import Order
from tests.annotation.desk_seats import NOW, seat
from tests.factories import RecordFactory, ReviewerFactory

pytestmark = pytest.mark.django_db

WAN = RecordFilter(category="wan")
ORDERS = [
    Order("EXCLUDE", WAN),
    Order("REQUEUE", WAN),
    Order("REQUEUE", WAN, None, True),
    Order("OVERLAP", WAN, reviews_wanted=9),
]


@pytest.fixture
def flagged(project) -> Record:
    return RecordFactory(
        project=project, category="wan", state="EXCLUDED", queued_because=FLAGGED
    )


@pytest.mark.parametrize("order", ORDERS)
def test_a_flagged_record_is_left_alone_and_counted(project, alice, flagged, order):
    RecordFactory(project=project, category="wan")

    seen = bulk_orders.preview(project=project, by=alice, order=order, now=NOW)
    bulk_acts.start(
        project=project,
        by=alice,
        order=order,
        reason="test export",
        expected_count=seen.count,
        now=NOW,
    )

    facts = (seen.matched, seen.count, seen.held, seen.flagged, seen.already)
    assert facts == (2, 1, 0, 1, 0)
    flagged.refresh_from_db()
    assert (flagged.state, flagged.queued_because) == ("EXCLUDED", FLAGGED)
    served = seat(project, ReviewerFactory())
    assert served is None or served.record != flagged


def test_what_somebody_excluded_on_purpose_still_comes_back(project, alice):
    record = RecordFactory(project=project, category="wan", state="EXCLUDED")

    seen = bulk_orders.preview(project=project, by=alice, order=ORDERS[1], now=NOW)

    assert (seen.count, seen.flagged) == (1, 0)
    assert record.state == "EXCLUDED"


def test_the_confirmation_says_why_flagged_records_stay(
    project, alice, browser_of, flagged
):
    page = browser_of(alice).get(
        "/admin/annotation/record/search/noc/act/?category=wan&act=REQUEUE"
    )

    assert page.context["seen"].flagged == 1
    assert "Flagged for sanitizing" in page.content.decode()
