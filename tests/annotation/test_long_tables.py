"""Stock tables with many rows: a capped count, light filters, search by beginnings."""

from __future__ import annotations

import pytest

from annotation.admin import long_tables
from tests.factories import (
    START,
    ProjectFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)

RECORDS, REVIEWS, VERDICTS = (
    f"/admin/annotation/{name}/" for name in ("record", "review", "verdict")
)


@pytest.fixture
def rows(project):
    """Three settled records with an answer and a verdict each."""
    anna = ReviewerFactory(name="anna")
    records = [
        RecordFactory(
            project=project, state="SETTLED", decided_at=START, external_id=f"INC{n}"
        )
        for n in range(3)
    ]
    for number, record in enumerate(records):
        level = "high" if number else "low"
        who = {"reviewer": anna} if number else {}
        ReviewFactory(record=record, severity=level, **who)
        VerdictFactory(record=record, severity=level)
    return records


def shown(browser, address: str, **query: str) -> str:
    answer = browser.get(address, query)
    assert answer.status_code == 200, answer.headers
    return answer.content.decode()


@pytest.mark.parametrize("address", [RECORDS, REVIEWS, VERDICTS])
def test_a_long_table_is_not_counted_to_its_end(
    rows, alice, browser_of, monkeypatch, address
):
    browser = browser_of(alice)
    whole = shown(browser, address)
    monkeypatch.setattr(long_tables, "COUNTED", 2)

    capped = shown(browser, address)

    assert "more than" not in whole
    assert "more than 2" in " ".join(capped.split())


@pytest.mark.parametrize("address", [RECORDS, REVIEWS, VERDICTS])
def test_the_newest_come_first(rows, alice, browser_of, address):
    page = shown(browser_of(alice), address)

    assert page.index("INC2") < page.index("INC1") < page.index("INC0")


@pytest.mark.parametrize("address", [RECORDS, REVIEWS, VERDICTS])
def test_the_beginning_of_an_id_finds_a_row(rows, alice, browser_of, address):
    page = shown(browser_of(alice), address, q="INC1")

    assert "INC1" in page
    assert "INC2" not in page


def test_a_name_finds_a_reviewer_s_answers(rows, alice, browser_of):
    page = shown(browser_of(alice), REVIEWS, q="ann")

    assert "INC1" in page
    assert "INC0" not in page


@pytest.mark.parametrize("address", [REVIEWS, VERDICTS])
def test_a_level_narrows(rows, alice, browser_of, address):
    page = shown(browser_of(alice), address, severity="low")

    assert "INC0" in page
    assert "INC1" not in page


@pytest.mark.parametrize("address", [RECORDS, REVIEWS, VERDICTS])
def test_another_team_s_rows_and_name_stay_unknown(rows, alice, browser_of, address):
    other = RecordFactory(
        project=ProjectFactory(name="Elsewhere"), state="SETTLED", external_id="INC99"
    )
    ReviewFactory(record=other)
    VerdictFactory(record=other)

    for query in ({}, {"q": "INC9"}):
        page = shown(browser_of(alice), address, **query)
        assert "INC99" not in page
        assert "Elsewhere" not in page


@pytest.mark.parametrize("address", [RECORDS, REVIEWS, VERDICTS])
@pytest.mark.parametrize("number", [1, 20])
def test_a_table_costs_the_same_for_few_and_many(
    project, alice, browser_of, django_assert_max_num_queries, address, number
):
    for _ in range(number):
        record = RecordFactory(project=project, state="SETTLED")
        ReviewFactory(record=record)
        VerdictFactory(record=record)
    browser = browser_of(alice)
    shown(browser, address)

    with django_assert_max_num_queries(14):
        shown(browser, address, q="INC")
