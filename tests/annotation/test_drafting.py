"""Drafts: kept by version, sealed, for their writer only, gone after a month."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from annotation.models import Claim, Draft, Project, Review
from annotation.services import drafting
from annotation.services.vault import VaultRefused
from annotation.tasks import queueing as tasks
from tests.annotation.desk_seats import DESK, NOW, answer, seat, seated
from tests.factories import ClaimFactory, RecordFactory, ReviewerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def record(project):
    return RecordFactory(project=project)


def _seat_at(record, reviewer) -> Claim:
    """A seat given back: what was typed at it stays."""
    return Claim.objects.filter(record=record, reviewer=reviewer).first() or (
        ClaimFactory(record=record, reviewer=reviewer, state="RELEASED")
    )


def _save(record, reviewer, version=0, now=NOW, **fields: str) -> int:
    claim = _seat_at(record, reviewer)
    return drafting.save(claim=claim, fields=fields, version=version, now=now)


def _load(record, reviewer) -> drafting.Typed:
    return drafting.load(claim=_seat_at(record, reviewer))


def test_nothing_typed_is_version_0(record):
    assert _load(record, ReviewerFactory()) == drafting.Typed()


def test_what_was_typed_comes_back_with_its_version(record):
    me = ReviewerFactory()

    first = _save(record, me, response="Reseat.")
    second = _save(record, me, first, response="Reseat the optic.", severity="high")

    typed = _load(record, me)
    assert (first, second, typed.version) == (1, 2, 2)
    assert typed.fields["response"] == "Reseat the optic."
    assert set(typed.fields) == set(drafting.FIELDS)


def test_a_stale_version_is_refused_with_what_is_stored(record):
    me = ReviewerFactory()
    _save(record, me, response="one")
    _save(record, me, 1, response="two")

    for version in (0, 1, 7):
        with pytest.raises(drafting.DraftConflict) as conflict:
            _save(record, me, version, response="three")
        assert conflict.value.stored.fields["response"] == "two"
    assert _load(record, me).fields["response"] == "two"


def test_the_same_words_from_two_tabs_are_no_conflict(record):
    me = ReviewerFactory()
    _save(record, me, response="one")

    assert _save(record, me, response="one") == 1


def test_a_draft_is_its_writers_alone(record):
    me, other = ReviewerFactory(), ReviewerFactory()
    _save(record, me, response="one")

    assert _load(record, other).version == 0
    assert _save(record, other, response="theirs") == 1


def test_the_database_holds_no_word_of_it(record):
    me = ReviewerFactory()
    _save(record, me, response="Reseat the optic.")

    assert b"optic" not in bytes(Draft.objects.get().sealed)


def test_what_is_sealed_for_one_opens_for_nobody_else(record):
    me, other = ReviewerFactory(), ReviewerFactory()
    _save(record, me, response="one")
    Draft.objects.update(reviewer=other, claim=_seat_at(record, other))

    with pytest.raises(VaultRefused):
        _load(record, other)


@pytest.mark.parametrize("letter", ["x", "я", "網"])
def test_any_script_may_fill_a_draft_and_not_overfill_it(record, letter):
    me = ReviewerFactory()

    assert _save(record, me, response=letter * 20_000) == 1
    with pytest.raises(drafting.DraftRefused) as refusal:
        _save(record, me, 1, response=letter * (drafting.LONGEST + 1))
    assert refusal.value.code == "too_long"


def test_an_answer_takes_its_draft_away_and_undo_does_not_need_it(project, record):
    me = ReviewerFactory()
    claim = seat(project, me)
    _save(record, me, response="one")

    answer(claim)

    assert not Draft.objects.exists()


def test_the_daily_sweep_deletes_what_nobody_touched_for_a_month(record):
    old, young = ReviewerFactory.create_batch(2)
    _save(record, old, now=NOW - timedelta(days=31), response="old")
    _save(record, young, now=NOW - timedelta(days=29), response="young")

    assert tasks.purge_drafts() == 1
    assert tasks.purge_drafts() == 0
    assert Draft.objects.get().reviewer == young


def test_a_draft_survives_a_reload_and_a_seat_given_back(record, bob, browser_of):
    browser = seated(browser_of, bob)
    url = f"{DESK}seat/{bob.reviewer.claims.get().pk}/draft/"
    typed = {"version": 0, "fields": {"response": "Reseat the optic."}}

    saved = browser.post(url, json.dumps(typed), "application/json")
    browser.post(DESK, {"action": "leave"})
    browser.post(DESK, {"action": "start"})
    page = browser.get(DESK).content.decode()

    assert saved.json() == {"version": 1}
    assert "Reseat the optic." in page
    assert 'data-draft-version="1"' in page


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"version": -1, "fields": {}}',
        b'{"version": "1", "fields": {}}',
        b'{"version": 0, "fields": []}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"version": 0, "fields": {"response": "' + b"x" * 200_000 + b'"}}',
    ],
)
def test_what_is_no_draft_is_a_clear_400(record, bob, browser_of, body):
    browser = seated(browser_of, bob)
    url = f"{DESK}seat/{bob.reviewer.claims.get().pk}/draft/"

    reply = browser.post(url, body, "application/json")

    assert reply.status_code == 400
    assert reply.json()["error"]["code"] in ("bad_draft", "too_long")
    assert not Draft.objects.exists()


def test_a_blind_repeat_shows_nothing_typed_at_the_first_seat(project, bob, browser_of):
    """Neither an answer that was refused as a second one, nor a late draft of a tab."""
    Project.objects.update(repeat_share=0.5)
    RecordFactory(project=project, reviews_wanted=1)
    browser = seated(browser_of, bob)
    first = Claim.objects.get()
    sent = {"action": "submit", "claim": first.pk, "severity": "high"}
    browser.post(DESK, sent)
    conflict = browser.post(DESK, {**sent, "response": "Reseat the optic."})
    Review.objects.update(submitted_at=NOW - timedelta(days=15))

    repeat = seat(Project.objects.get(), bob.reviewer, draw=0.1)
    page = browser.get(DESK).content.decode()

    assert (conflict.status_code, repeat.purpose) == (409, "REPEAT")
    assert drafting.load(claim=first).fields["response"] == "Reseat the optic."
    assert drafting.load(claim=repeat) == drafting.Typed()
    assert "Reseat the optic." not in page
    assert "Draft restored" not in page


def test_a_new_round_shows_nothing_typed_in_the_round_before(record):
    me = ReviewerFactory()
    _save(record, me, response="one")
    later = ClaimFactory(record=record, reviewer=me, round=2)

    assert drafting.load(claim=later) == drafting.Typed()
    assert drafting.save(claim=later, fields={}, version=0, now=NOW) == 1


def test_a_draft_goes_with_its_seat_into_a_new_round(record):
    """Whoever sits there when a re-review begins goes on with what they have typed."""
    me = ReviewerFactory()
    version = _save(record, me, response="one")
    Claim.objects.update(round=2)

    assert _save(record, me, version, response="two") == 2
    assert _load(record, me).fields["response"] == "two"
