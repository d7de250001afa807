"""Categories rarer among labels than in production are served earlier."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.priority import (
    GUIDELINES,
    UNDER_REPRESENTED_MOST,
    under_represented,
)
from annotation.models import Record
from annotation.services.prioritising import prioritise
from annotation.tasks import queueing as tasks
from tests.factories import ProjectFactory, RecordFactory

CATEGORIES = ("wan", "wireless", "routing")
COUNTS = st.fixed_dictionaries({name: st.integers(0, 400) for name in CATEGORIES})
MIX = st.fixed_dictionaries(
    {name: st.floats(0.01, 1, allow_nan=False) for name in CATEGORIES}
)


@given(MIX, COUNTS)
def test_priorities_stay_in_three_steps_below_the_other_reasons(mix, labeled):
    found = under_represented(mix, labeled)

    assert set(found) == set(mix)
    assert set(found.values()) <= {0, 10, 20, UNDER_REPRESENTED_MOST}


@given(MIX, COUNTS)
def test_never_all_categories_at_once_and_more_labels_never_raise(mix, labeled):
    found = under_represented(mix, labeled)
    more = under_represented(mix, {**labeled, "wan": labeled["wan"] + 50})

    assert min(found.values()) == 0
    assert sum(labeled.values()) < 30 or more["wan"] <= found["wan"]


@given(MIX, COUNTS, st.floats(0.1, 10))
def test_a_mix_may_be_counts_or_shares(mix, labeled, factor):
    scaled = {name: share * factor for name, share in mix.items()}

    close = under_represented(mix, labeled), under_represented(scaled, labeled)

    assert close[0].keys() == close[1].keys()
    assert all(abs(close[0][c] - close[1][c]) <= 10 for c in mix)


@pytest.mark.parametrize(
    ("labeled", "wanted"),
    [
        ({"wan": 15, "wireless": 0}, 0),
        ({"wan": 30, "wireless": 0}, 30),
        ({"wan": 50, "wireless": 50}, 0),
        ({"wan": 75, "wireless": 25}, 20),
        ({"wan": 62, "wireless": 38}, 10),
        ({"wan": 22, "wireless": 18}, 0),
    ],
)
def test_what_half_of_the_traffic_gets(labeled, wanted):
    found = under_represented({"wan": 0.5, "wireless": 0.5}, labeled)

    assert found == {"wan": 0, "wireless": wanted}


@pytest.fixture
def mixed(db):
    """Half of the traffic is wireless; 40 labeled records are all of the WAN."""
    project = ProjectFactory(production_mix={"wan": 0.5, "wireless": 0.5})
    RecordFactory.create_batch(40, project=project, category="wan", state="SETTLED")
    return project


def _open(project, category="wireless", **more) -> Record:
    return RecordFactory(project=project, category=category, **more)


def test_a_rare_category_comes_early_with_its_reason(mixed):
    rare, common = _open(mixed), _open(mixed, "wan")
    settled = _open(mixed, state="EXCLUDED")

    changed = prioritise(project=mixed)

    assert changed == 1
    shown = Record.objects.in_bulk([rare.pk, common.pk, settled.pk])
    assert shown[rare.pk].priority == UNDER_REPRESENTED_MOST
    assert shown[rare.pk].queued_because == "wireless is under-represented"
    assert (shown[common.pk].priority, shown[common.pk].queued_because) == (0, "oldest")
    assert shown[settled.pk].priority == 0


def test_doing_it_again_changes_nothing(mixed, django_assert_num_queries):
    _open(mixed)
    prioritise(project=mixed)

    assert prioritise(project=mixed) == 0


def test_a_higher_priority_with_another_reason_stays(mixed):
    urgent = _open(mixed, priority=GUIDELINES, queued_because="guidelines changed")

    prioritise(project=mixed)

    urgent.refresh_from_db()
    assert urgent.priority == GUIDELINES
    assert urgent.queued_because == "guidelines changed"


def test_what_has_caught_up_goes_back_to_its_age(mixed):
    rare = _open(mixed)
    prioritise(project=mixed)
    RecordFactory.create_batch(40, project=mixed, category="wireless", state="SETTLED")

    prioritise(project=mixed)

    rare.refresh_from_db()
    assert (rare.priority, rare.queued_because) == (0, "oldest")


def test_projects_without_a_mix_and_other_projects_stay_as_they_are(mixed):
    plain = ProjectFactory()
    RecordFactory.create_batch(40, project=plain, category="wan", state="SETTLED")
    alone, elsewhere = _open(plain), _open(ProjectFactory())
    _open(mixed)

    assert tasks.prioritise() == 1
    for record in (alone, elsewhere):
        record.refresh_from_db()
        assert record.priority == 0


def test_one_update_a_category(mixed, django_assert_max_num_queries):
    for _ in range(20):
        _open(mixed)

    # Counting, and a savepoint around each of two updates.
    with django_assert_max_num_queries(7):
        assert prioritise(project=mixed) == 20
