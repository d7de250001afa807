"""The start page tells whoever labels no exact count that an answer moves."""

from __future__ import annotations

import pytest

from tests.factories import RecordFactory, VerdictFactory
from tests.site.test_dashboard import board_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def labeled(project):
    RecordFactory.create_batch(17, project=project, state="CONTESTED")
    RecordFactory.create_batch(23, project=project)
    VerdictFactory.create_batch(12, record__project=project, record__state="SETTLED")


def test_a_reviewer_reads_tens_and_a_lead_reads_counts(labeled, alice, carol):
    told, led = (board_of(user).stations for user in (carol, alice))

    assert [s.detail for s in told[:3]] == [
        "records, 20+ open",
        "reviews; at least 20 tickets to go",
        "settled, 10+ contested",
    ]
    assert (told[0].count_text, told[2].count_text) == ("52", "10+")
    assert [s.detail for s in led[:3]] == [
        "records, 23 open",
        "reviews; 23 tickets to go",
        "settled, 17 contested",
    ]
    assert led[2].count_text == "12"


def test_one_more_contested_ticket_changes_nothing_a_reviewer_reads(
    labeled, project, carol
):
    before = board_of(carol)
    one = project.records.filter(state="OPEN").first()
    one.state = "CONTESTED"
    one.save()

    after = board_of(carol)

    assert [(s.detail, s.count_text) for s in after.stations] == [
        (s.detail, s.count_text) for s in before.stations
    ]
    assert after.next_step == before.next_step
