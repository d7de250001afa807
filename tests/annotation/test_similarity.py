"""Similar tickets: by their words, after the answer, and never a test's verdict."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.similarity import most_similar
from annotation.services import similar
from tests.annotation.desk_seats import DESK, NOW
from tests.factories import (
    GoldFactory,
    ProjectFactory,
    RecordFactory,
    ReviewFactory,
    VerdictFactory,
)

word = st.sampled_from(
    ["uplink", "down", "optic", "power", "bgp", "session", "flaps", "vlan", "loop"]
)
text = st.lists(word, min_size=1, max_size=8).map(" ".join)
texts = st.dictionaries(st.integers(1, 99), text, min_size=1, max_size=8)


@given(text=text, others=texts)
def test_scores_are_cosines_and_come_best_first(text, others):
    found = most_similar(text, others, most=99, at_least=0.0)

    scores = [score for _, score in found]
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in scores)
    assert scores == sorted(scores, reverse=True)


@given(text=text, others=texts)
def test_a_text_is_most_like_itself(text, others):
    found = dict(most_similar(text, {**others, 0: text}, most=99, at_least=0.0))

    assert found[0] == pytest.approx(max(found.values()))
    assert found[0] == pytest.approx(1) or not any(found.values())


@given(text=text, others=texts, seed=st.randoms())
def test_the_order_of_the_candidates_changes_nothing(text, others, seed):
    shuffled = list(others.items())
    seed.shuffle(shuffled)

    first = most_similar(text, others)
    again = most_similar(text, dict(shuffled))

    assert [pk for pk, _ in first] == [pk for pk, _ in again]


@given(given_=st.text(), others=st.dictionaries(st.integers(), st.text(), max_size=5))
def test_any_text_may_come(given_, others):
    found = most_similar(given_, others, most=2)

    assert len(found) <= 2
    assert all(score >= 0.1 for _, score in found)


def test_a_text_without_words_is_like_none():
    assert most_similar("10.0.0.1 ??", {1: "uplink down", 2: ""}) == []


def test_rare_words_weigh_more_than_common_ones():
    texts = {1: "link down bgp", 2: "link down optic", 3: "link down vlan"}

    assert most_similar("link optic", texts)[0][0] == 2


# The service and its page.


@pytest.fixture
def answered(project, bob):
    record = RecordFactory(project=project, title="Uplink down", body="Optic is dark.")
    ReviewFactory(record=record, reviewer=bob.reviewer, source="DESK")
    return record


def _settled(project, **more):
    record = RecordFactory(
        project=project,
        state="SETTLED",
        title="Uplink down",
        body="Optic dark.",
        **more,
    )
    VerdictFactory(record=record, severity="medium")
    return record


def _found(record, user) -> list[str]:
    verdicts = similar.similar_settled(record=record, reviewer=user.reviewer)
    return [verdict.record.external_id for verdict in verdicts]


def test_settled_tickets_of_the_category_come_once_the_answer_is_in(
    project, bob, carol, answered
):
    like = _settled(project)
    _settled(project, category="wireless")
    _settled(ProjectFactory())
    RecordFactory(project=project, title="Uplink down", body="Optic dark.")

    assert _found(answered, bob) == [like.external_id]
    with pytest.raises(similar.SimilarRefused) as refusal:
        _found(answered, carol)
    assert refusal.value.code == "not_answered"


def test_gold_that_may_yet_come_is_left_out(project, bob, answered):
    gold = GoldFactory(record=_settled(project))

    assert _found(answered, bob) == []
    ReviewFactory(record=gold.record, reviewer=bob.reviewer, purpose="GOLD")
    assert _found(answered, bob) == [gold.record.external_id]


def test_ones_own_that_may_come_again_is_left_out_while_repeats_are_served(
    project, bob, answered
):
    project.repeat_share = 0.03
    project.save()
    answered.refresh_from_db()
    own = _settled(project)
    then = NOW - timedelta(days=1)
    ReviewFactory(record=own, reviewer=bob.reviewer, submitted_at=then)

    assert _found(answered, bob) == []
    project.repeat_share = 0
    project.save()
    answered.refresh_from_db()
    assert _found(answered, bob) == [own.external_id]


def test_the_page_shows_them_to_who_answered_and_to_nobody_else(
    project, bob, carol, answered, browser_of
):
    like = _settled(project)
    url = f"{DESK}similar/{answered.pk}/"

    page = browser_of(bob).get(url)

    assert like.external_id in page.content.decode()
    assert "Medium" in page.content.decode()
    assert browser_of(carol).get(url).status_code == 404
    project.shows_similar = False
    project.save()
    assert browser_of(bob).get(url).status_code == 404
