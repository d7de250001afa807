"""A query made once answers as the queryset does, whatever the values and threads."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.db.models import Exists, OuterRef
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.domain.queue import Door
from annotation.models import Claim, Record
from annotation.services.queueing import next_servable
from netft_site.base.compiled import CompiledQuery
from tests.factories import (
    START,
    ClaimFactory,
    ProjectFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
)


def _claims(reviewer, state, since):
    return (
        Claim.objects.filter(reviewer=reviewer, state=state, expires_at__gt=since)
        .select_related("record", "project")
        .order_by("pk")
    )


def _kinds() -> dict[str, type]:
    return {"reviewer": int, "state": str, "since": type(START)}


@pytest.mark.django_db
def test_it_gives_what_the_queryset_gives_with_what_was_selected_along():
    claims = ClaimFactory.create_batch(3)
    ClaimFactory(state="RELEASED", reviewer=claims[0].reviewer)
    query = CompiledQuery(_claims, **_kinds())

    for claim in claims:
        for state in ("OPEN", "RELEASED", "", "it's"):
            for since in (START, START + timedelta(hours=1)):
                asked = {
                    "reviewer": claim.reviewer_id,
                    "state": state,
                    "since": since,
                }
                found = query.rows(**asked)
                assert found == list(_claims(**asked))
    [one] = query.rows(reviewer=claims[0].reviewer_id, state="OPEN", since=START)
    assert one.record.title == claims[0].record.title
    assert one.expires_at == claims[0].expires_at


@pytest.mark.django_db
def test_a_related_row_that_was_selected_costs_no_query(django_assert_num_queries):
    claim = ClaimFactory()
    query = CompiledQuery(_claims, **_kinds())
    asked = {"reviewer": claim.reviewer_id, "state": "OPEN", "since": START}
    query.rows(**asked)

    with django_assert_num_queries(1):
        [found] = query.rows(**asked)
        assert found.record.project_id == found.project.pk


@pytest.mark.django_db
def test_no_row_is_none_and_the_first_is_the_first():
    query = CompiledQuery(
        lambda project: Record.objects.filter(project=project).order_by("-pk")[:1],
        project=int,
    )
    project = ProjectFactory()

    assert query.first(project=project.pk) is None
    *_, last = RecordFactory.create_batch(3, project=project)
    assert query.first(project=project.pk) == last


@pytest.mark.django_db
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9))
def test_a_text_is_a_value_never_sql(words):
    query = CompiledQuery(
        lambda category: Record.objects.filter(category=category), category=str
    )

    assert query.rows(category=words) == list(Record.objects.filter(category=words))


@pytest.mark.django_db
def test_values_within_subqueries_find_their_places():
    record = RecordFactory()
    review = ReviewFactory(record=record)
    reviews = type(review).objects.filter(record=OuterRef("pk"))
    query = CompiledQuery(
        lambda reviewer, project: Record.objects.filter(
            Exists(reviews.filter(reviewer=reviewer)), project=project
        ),
        reviewer=int,
        project=int,
    )

    assert query.rows(reviewer=review.reviewer_id, project=record.project_id) == [
        record
    ]
    assert not query.rows(reviewer=record.project_id + 99, project=record.project_id)


@pytest.mark.django_db
def test_a_value_that_is_no_parameter_is_an_error_at_the_first_run():
    branching = CompiledQuery(
        lambda project, limit: Record.objects.filter(project=project)[: limit and 3],
        project=int,
        limit=int,
    )

    with pytest.raises(ValueError, match="limit"):
        branching.rows(project=1, limit=5)


@pytest.mark.django_db
def test_a_value_left_out_is_an_error():
    query = CompiledQuery(
        lambda project: Record.objects.filter(project=project), project=int
    )

    with pytest.raises(KeyError):
        query.rows()


@pytest.mark.django_db(transaction=True)
def test_many_threads_share_one_query_and_each_gets_its_own_rows():
    records = RecordFactory.create_batch(4)
    query = CompiledQuery(
        lambda project: Record.objects.filter(project=project).select_related(
            "project"
        ),
        project=int,
    )

    def ask(place: int) -> bool:
        record = records[place % 4]
        try:
            [found] = query.rows(project=record.project_id)
            return found == record and found.project == record.project
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(200)))


@pytest.mark.django_db
@pytest.mark.parametrize("way", [Door.PRIORITY, Door.RANDOM])
def test_the_next_record_is_the_first_of_the_servable_ones(way):
    project, me = ProjectFactory(), ReviewerFactory()
    for priority in (0, 5, 3):
        RecordFactory(project=project, priority=priority, category="wireless")
    RecordFactory(project=project, priority=9)
    rows = Record.objects.of(project).servable_to(me, START)
    rows = rows.filter(category="wireless")
    ordered = rows.by_priority() if way is Door.PRIORITY else rows.in_random_order()

    with transaction.atomic():
        found = next_servable(way, ("category",), 12).first(
            project=project.pk,
            reviewer=me.pk,
            now=START,
            category="wireless",
        )

    assert found == ordered.first()


@pytest.mark.django_db
def test_a_plan_with_a_term_is_made_anew_after_it_and_others_are_kept():
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL keeps plans")
    claim = ClaimFactory()
    short = CompiledQuery(_claims, plan_seconds=0.5, **_kinds())
    usual = CompiledQuery(lambda pk: Claim.objects.filter(pk=pk), pk=int)

    for _ in range(2):
        for _ in range(12):
            asked = {"reviewer": claim.reviewer_id, "state": "OPEN", "since": START}
            assert short.rows(**asked) == [claim]
            assert usual.rows(pk=claim.pk) == [claim]
        time.sleep(1)

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        prepared = [statement for (statement,) in cursor.fetchall()]
    claims = [text for text in prepared if 'FROM "annotation_claim"' in text]
    assert sum('"expires_at" >' in text for text in claims) >= 2
    assert sum("expires_at" not in text.split("WHERE")[1] for text in claims) == 1
