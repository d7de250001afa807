"""Which end of the queue a record comes from: priority, chance, gold, own old ones."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.queue import Door, Shares, Wish, door
from annotation.models import Claim, Involvement, Record, Verdict
from annotation.services import drafting, pausing, waiting
from tests.annotation.desk_seats import DESK, NOW, answer, caller, seat, seated
from tests.factories import (
    ClaimFactory,
    GoldFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)

GOLD, REPEAT, RANDOM, PRIORITY = 0.01, 0.06, 0.1, 0.9
LONG_AGO = NOW - timedelta(days=15)
share = st.floats(0, 1 / 3, allow_nan=False)


@given(draw=st.floats(0, 1, exclude_max=True), shares=st.builds(Shares, share, share))
def test_a_door_opens_for_its_own_share_of_all_draws(draw, shares):
    way = door(draw, shares)

    edges = {
        Door.GOLD: (0, shares.gold),
        Door.REPEAT: (shares.gold, shares.gold + shares.repeat),
        Door.PRIORITY: (shares.gold + shares.repeat, 1),
    }
    low, high = edges[way]
    assert low <= draw < high


@given(shares=st.builds(Shares, share, share, share), n=st.just(2000))
def test_each_door_opens_as_often_as_its_share_says(shares, n):
    ways = [door((place + 0.5) / n, shares) for place in range(n)]

    for way, wanted in (
        (Door.GOLD, shares.gold),
        (Door.REPEAT, shares.repeat),
        (Door.RANDOM, shares.random),
    ):
        assert abs(ways.count(way) / n - wanted) <= 1.5 / n


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
odd = anything | st.lists(anything, max_size=2) | st.dictionaries(st.text(), anything)


@given(st.dictionaries(st.sampled_from(["category", "vendor", "batch", "x"]), odd))
def test_reading_a_wish_never_fails_and_reads_itself_again(given_):
    wish = Wish.parse(given_)

    assert Wish.parse(vars(wish)) == wish
    assert set(wish.as_lookups()) <= {"category", "vendor", "batch"}
    assert bool(wish) == bool(wish.shape)


@pytest.fixture
def project(project):
    """The project with the shares that the draws above are made for."""
    project.gold_share, project.repeat_share, project.random_share = 0.05, 0.03, 0.1
    project.save()
    return project


def test_gold_comes_for_its_share_and_takes_no_slot(project):
    gold = GoldFactory(record__project=project).record
    open_ = RecordFactory(project=project)
    one, other = ReviewerFactory(), ReviewerFactory()

    slipped, usual = seat(project, one, GOLD), seat(project, other, PRIORITY)

    assert (slipped.record, slipped.purpose, slipped.slot) == (gold, "GOLD", None)
    assert (usual.record, usual.purpose, usual.slot) == (open_, "FIRST", 1)


def test_gold_is_given_once_and_never_to_who_answered_or_worked_it(project):
    record = GoldFactory(record__project=project).record
    answered, worked, fresh = ReviewerFactory.create_batch(3)
    ReviewFactory(record=record, reviewer=answered)
    Involvement.objects.create(record=record, reviewer=worked)

    assert seat(project, answered, GOLD) is None
    assert seat(project, worked, GOLD) is None
    answer(seat(project, fresh, GOLD))
    assert seat(project, fresh, GOLD) is None


def test_retired_gold_is_not_served(project):
    GoldFactory(record__project=project, is_active=False)

    assert seat(project, ReviewerFactory(), GOLD) is None


def _settled_by(project, reviewer, at=LONG_AGO, **more):
    record = RecordFactory(project=project, state="SETTLED", **more)
    ReviewFactory(record=record, reviewer=reviewer, submitted_at=at)
    VerdictFactory(record=record)
    return record


def test_ones_own_old_record_comes_back_once_after_the_days_set(project):
    me = ReviewerFactory()
    record = _settled_by(project, me)
    yesterday = NOW - timedelta(days=1)
    _settled_by(project, me, at=yesterday)

    claim = seat(project, me, REPEAT)
    answer(claim, "low")

    assert (claim.record, claim.purpose, claim.slot) == (record, "REPEAT", None)
    assert seat(project, me, REPEAT) is None
    assert seat(project, ReviewerFactory(), REPEAT) is None


def test_an_empty_door_leads_to_the_next_by_priority(project):
    record = RecordFactory(project=project)

    claims = [seat(project, ReviewerFactory(), draw) for draw in (GOLD, REPEAT)]

    assert [claim.record for claim in claims] == [record, record]
    assert {claim.purpose for claim in Claim.objects.all()} == {"FIRST"}


def test_the_random_order_is_the_same_for_everybody(project):
    RecordFactory.create_batch(6, project=project, reviews_wanted=9)
    RecordFactory(project=project, reviews_wanted=9, priority=9, lot=2**31 - 1)
    people = ReviewerFactory.create_batch(2)
    served = []
    for one in people:
        mine = []
        while claim := seat(project, one, RANDOM):
            assert (claim.sampling, claim.because) == ("RANDOM", "random sample")
            mine.append(claim.record)
            answer(claim)
        served.append(mine)

    lots = [record.lot for record in served[0]]
    assert served[0] == served[1]
    assert lots == sorted(lots)


@pytest.mark.parametrize(("draw", "purpose"), [(GOLD, "GOLD"), (REPEAT, "REPEAT")])
def test_a_test_looks_like_any_other_seat(project, bob, browser_of, draw, purpose):
    hidden = _settled_by(project, bob.reviewer, queued_because="contested: reviewers")
    if purpose == "GOLD":
        hidden.reviews.all().delete()
        GoldFactory(record=hidden)
    RecordFactory(project=project)
    call = caller(bob)

    claim = seat(project, bob.reviewer, draw)
    page = seated(browser_of, bob).get(DESK).content.decode()
    tested = call("GET", "api-desk").json()["seat"]
    answer(claim)
    usual = seat(project, bob.reviewer, PRIORITY)
    plain = call("GET", "api-desk").json()["seat"]
    other = browser_of(bob).get(DESK).content.decode()

    assert (claim.purpose, usual.purpose) == (purpose, "FIRST")
    assert tested.keys() == plain.keys()
    assert tested["record"].keys() == plain["record"].keys()
    assert tested["because"] in (plain["because"], "random sample")
    for word in ("gold", "repeat", "contested"):
        assert page.lower().count(word) == other.lower().count(word)


@pytest.mark.parametrize("draw", [GOLD, REPEAT])
def test_an_answer_to_a_test_settles_nothing(project, draw):
    me = ReviewerFactory()
    record = _settled_by(project, me)
    if draw == GOLD:
        record.reviews.all().delete()
        GoldFactory(record=record)
    before = Verdict.objects.get()

    review = answer(seat(project, me, draw), "low")

    record.refresh_from_db()
    assert not review.settles
    assert record.state == "SETTLED"
    assert Verdict.objects.get() == before


@pytest.mark.parametrize("draw", [GOLD, REPEAT, RANDOM, PRIORITY])
def test_a_paused_project_serves_through_no_door_but_a_held_seat(project, draw):
    me, other = ReviewerFactory.create_batch(2)
    _settled_by(project, me)
    GoldFactory(record__project=project)
    RecordFactory(project=project)
    held = seat(project, other)
    pausing.pause(project=project, because="Guidelines first.", now=NOW)

    assert seat(project, me, draw) is None
    assert seat(project, other, draw) == held


def test_a_draft_waits_with_its_record_in_the_count(project):
    me = ReviewerFactory()
    records = RecordFactory.create_batch(3, project=project)
    left = ClaimFactory(record=records[1], reviewer=me, state="RELEASED")
    drafting.save(claim=left, fields={"response": "Reseat."}, version=0, now=NOW)

    state = waiting.queue_state(project=project, reviewer=me, now=NOW)

    assert (state.servable, state.drafts) == (3, 1)


@pytest.mark.parametrize("draw", [GOLD, REPEAT])
@pytest.mark.parametrize(
    "wish", [Wish(category="wireless"), Wish(category="wireless", vendor="aruba")]
)
def test_a_wish_holds_for_gold_and_repeats(project, draw, wish):
    """One that does not fit would be known for what it is."""
    me = ReviewerFactory()

    def settled(**more: str) -> Record:
        record = _settled_by(project, me, **more)
        if draw == GOLD:
            record.reviews.all().delete()
            GoldFactory(record=record)
        return record

    settled(category="wan", vendor="aruba")
    usual = RecordFactory(project=project, category="wireless", vendor="aruba")
    without = seat(project, me, draw, wish=wish)
    answer(without)
    fitting = settled(category="wireless", vendor="aruba")
    claim = seat(project, me, draw, wish=wish)

    assert (without.record, without.purpose) == (usual, "FIRST")
    assert (claim.record, claim.slot) == (fitting, None)


def test_what_was_wished_for_counts_as_no_random_draw(project):
    """Neither in what is stored, nor in the reason shown, gold or not."""
    project.random_share = 0.9
    project.save()
    RecordFactory(project=project, lot=1, priority=1, queued_because="asked for: WAN")
    GoldFactory(record__project=project, record__lot=2, record__category="switching")
    wish = Wish(category="switching")

    drawn = seat(project, ReviewerFactory(), RANDOM, wish=wish)
    gold = seat(project, ReviewerFactory(), GOLD, wish=wish)

    assert (drawn.purpose, drawn.sampling) == ("FIRST", "PRIORITY")
    assert gold.purpose == "GOLD"
    assert drawn.because == gold.because == "asked for: WAN"


def test_a_wish_holds_for_priority_and_chance(project):
    RecordFactory.create_batch(3, project=project)
    wanted = RecordFactory(project=project, category="wireless")
    wish = Wish(category="wireless")

    for draw in (RANDOM, PRIORITY):
        claim = seat(project, ReviewerFactory(), draw, wish=wish)
        assert claim.record == wanted
    assert seat(project, ReviewerFactory(), PRIORITY, wish=wish) is None
    assert Record.objects.of(project).wished_for(wish).get() == wanted
