"""An answer counts as independent only where its reviewer cannot have seen others'."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation.models import Claim, Membership, Record, Review
from annotation.services import (
    people,
    queueing,
    reviewing,
    seating,
    settling,
    taking_back,
    waiting,
)
from annotation.services.answers import Answer, AnswerRefused
from tests.factories import (
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)

NOW = timezone.now()
DESK = "/admin/annotation/review/desk/noc/"
ADJUDICATE = "/admin/annotation/verdict/adjudicate/noc/"
REVIEWS = "/admin/annotation/review/"


def _seat(user, project, now=NOW) -> Claim | None:
    return queueing.claim_next(project=project, reviewer=user.reviewer, now=now)


def _answer(user, project, severity="high", now=NOW, **more: object) -> Review:
    return reviewing.submit(
        claim_id=_seat(user, project, now).pk,
        reviewer=user.reviewer,
        answer=Answer(severity=severity, **more),
        now=now,
    )


def _at_the_desk(browser_of, user):
    """Return the person's browser, and the form of the seat just taken."""
    browser = browser_of(user)
    browser.post(DESK, {"action": "start"})
    return browser, {"action": "submit", "claim": Claim.objects.get().pk}


def _undo(user, project):
    return taking_back.undo_last(project=project, reviewer=user.reviewer, now=NOW)


def test_a_lead_reads_no_answer_to_an_undecided_record_and_stays_independent(
    project, alice, carol, browser_of
):
    record = RecordFactory(project=project)
    _answer(carol, project)
    row = record.reviews.get().pk

    before = browser_of(alice).get(REVIEWS).content.decode()
    direct = browser_of(alice).get(f"{REVIEWS}{row}/change/")
    review = _answer(alice, project)
    after = browser_of(alice).get(REVIEWS).content.decode()

    assert f">{record.external_id}<" not in before
    assert direct.status_code == 302
    assert review.independent
    assert after.count(f">{record.external_id}<") == 2


@pytest.mark.parametrize("who", ["alice", "grace", "erin"])
def test_nobody_reads_answers_to_an_undecided_record_whatever_their_role(
    request, project, carol, browser_of, who
):
    RecordFactory(project=project)
    _answer(carol, project)
    user = request.getfixturevalue(who)
    if hasattr(user, "reviewer"):
        people.deactivate(reviewer=user.reviewer, by=carol, now=NOW)

    rows = browser_of(user).get(REVIEWS).context["cl"].queryset

    assert not rows.exists()


@pytest.mark.parametrize("membership", ["changed", "given anew"])
def test_who_could_read_before_the_role_changed_is_not_independent(
    project, grace, carol, membership
):
    people.become_reviewer(user=grace, grade="ENGINEER")
    record = RecordFactory(project=project, reviews_wanted=1)
    _answer(carol, project)
    Record.objects.filter(pk=record.pk).update(state="OPEN", reviews_wanted=2)
    role = Membership.objects.get(user=grace, project=project)
    if membership == "changed":
        role.role = "REVIEWER"
        role.save()
    else:
        role.delete()
        Membership.objects.create(user=grace, project=project, role="REVIEWER")

    review = _answer(User.objects.get(pk=grace.pk), project)

    assert not review.independent


def test_a_lead_who_answers_first_stays_independent(project, alice, carol):
    record = RecordFactory(project=project)

    first, second = _answer(alice, project), _answer(carol, project)

    record.refresh_from_db()
    assert first.independent
    assert second.independent
    assert record.state == "SETTLED"


def test_a_lead_who_can_read_what_was_decided_once_is_not_independent(
    project, alice, bob, carol
):
    record = RecordFactory(project=project)
    _answer(bob, project)
    _answer(carol, project)
    _undo(carol, project)
    seating.release_all(project=project, reviewer=carol.reviewer)

    record.refresh_from_db()
    assert record.state == "OPEN"
    assert not _answer(alice, project).independent
    assert _answer(carol, project).independent


def test_what_a_tracker_reported_is_nobodys_answer(project, alice):
    record = RecordFactory(project=project)
    ReviewFactory(record=record, reviewer=ReviewerFactory(source=True))
    settling.settle_single_source(project=project)

    assert record.verdicts.exists()
    assert _answer(alice, project).independent


@pytest.mark.parametrize("who", ["bob", "carol", "dana", "frank"])
def test_who_may_not_read_reviews_stays_independent(request, project, erin, who):
    ReviewFactory(record=RecordFactory(project=project), reviewer=erin.reviewer)

    assert _answer(request.getfixturevalue(who), project).independent


def test_an_answer_that_does_not_count_leaves_its_seat_to_somebody_else(
    project, alice, carol, frank, dana
):
    record = RecordFactory(project=project, reviews_wanted=2)
    _answer(carol, project)
    _answer(frank, project)
    _undo(frank, project)
    seating.release_all(project=project, reviewer=frank.reviewer)
    _answer(alice, project)

    state = waiting.queue_state(project=project, reviewer=frank.reviewer, now=NOW)
    _answer(frank, project)

    record.refresh_from_db()
    assert state.servable == 1
    assert record.state == "SETTLED"
    verdict = record.verdicts.get(is_current=True)
    assert verdict.reviews_count == 2
    assert _seat(dana, project) is None


def test_a_senior_who_read_a_contested_record_and_took_back_is_not_independent(
    project, bob, carol, browser_of
):
    record = RecordFactory(project=project)
    _answer(carol, project, "high", response="reseat the optic")
    _answer(bob, project, "low")

    seen = browser_of(bob).get(ADJUDICATE)
    _undo(bob, project)
    again = _answer(bob, project, "high")

    record.refresh_from_db()
    assert b"reseat the optic" in seen.content
    assert not again.independent
    assert record.state == "OPEN"


def test_a_senior_whose_seat_ran_out_before_the_record_was_contested_is_not_independent(
    project, bob, carol, dana
):
    later = NOW + timedelta(minutes=31)
    RecordFactory(project=project)
    late = _seat(bob, project)
    _answer(carol, project, "high", now=later)
    _answer(dana, project, "low", now=later)

    review = reviewing.submit(
        claim_id=late.pk, reviewer=bob.reviewer, answer=Answer("high"), now=later
    )

    assert not review.independent


def test_a_junior_who_takes_back_has_seen_nothing_and_stays_independent(
    project, bob, carol
):
    RecordFactory(project=project)
    _answer(bob, project, "high")
    _answer(carol, project, "low")

    _undo(carol, project)

    assert _answer(carol, project, "high").independent


def test_a_senior_who_takes_back_before_anybody_else_answers_stays_independent(
    project, bob
):
    RecordFactory(project=project)
    _answer(bob, project, "low")

    _undo(bob, project)

    assert _answer(bob, project, "high").independent


@pytest.mark.parametrize(
    "change",
    [
        {"severity": "critical"},
        {"response": "Reseat the optic."},
        {"confidence": 5},
        {"severity": "", "status": "SKIPPED"},
    ],
)
def test_a_second_answer_that_says_something_else_is_refused(project, bob, change):
    RecordFactory(project=project)
    given = _answer(bob, project, "low")

    with pytest.raises(AnswerRefused) as refusal:
        reviewing.submit(
            claim_id=Claim.objects.get().pk,
            reviewer=bob.reviewer,
            answer=Answer(**{"severity": "low", **change}),
            now=NOW,
        )

    assert refusal.value.code == "answered"
    assert list(Review.objects.all()) == [given]


def test_the_same_answer_twice_is_one_even_where_its_text_was_sanitized(project, bob):
    RecordFactory(project=project)
    said = Answer("low", response="ssh to 10.20.30.40", reason="seen before")
    seat = _seat(bob, project)

    sent = {"claim_id": seat.pk, "reviewer": bob.reviewer, "answer": said, "now": NOW}
    first, second = reviewing.submit(**sent), reviewing.submit(**sent)

    assert first == second
    assert "10.20.30.40" not in first.response


@pytest.mark.parametrize("tickets", [1, 2])
def test_back_in_the_browser_and_another_answer_is_an_error_and_the_desk_goes_on(
    project, bob, browser_of, tickets
):
    RecordFactory.create_batch(tickets, project=project)
    browser, form = _at_the_desk(browser_of, bob)
    browser.post(DESK, {**form, "severity": "low"}, follow=True)

    answer = browser.post(DESK, {**form, "severity": "critical"}, follow=True)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "You have answered this ticket already" in page
    assert "Saved." not in page
    assert 'severity-4">Low' in page
    assert 'severity-1">Critical' in page
    assert Review.objects.get().severity == "low"
    desk = browser.get(DESK).content.decode()
    assert ("Save and next" in desk) is (tickets == 2)


def test_what_was_typed_for_one_ticket_never_shows_at_another(project, bob, browser_of):
    RecordFactory.create_batch(2, project=project)
    browser, form = _at_the_desk(browser_of, bob)
    browser.post(DESK, {**form, "severity": "low"})

    typed = {**form, "response": "Reseat."}
    page = browser.post(DESK, typed, follow=True).content.decode()

    assert "That seat is no longer yours; nothing was saved." in page
    assert "Reseat." not in page


@pytest.mark.parametrize("action", ["skip", "submit"])
def test_undo_shows_the_ticket_it_names(project, bob, browser_of, action):
    first, _ = RecordFactory.create_batch(2, project=project)
    browser, form = _at_the_desk(browser_of, bob)
    browser.post(DESK, {**form, "action": action, "severity": "low"})

    page = browser.post(DESK, {"action": "undo"}, follow=True).content.decode()

    assert f"Your answer to {first.external_id} is taken back." in page
    assert f"{first.external_id} · " in page
    assert Claim.objects.get(state="OPEN").record == first


def test_undo_of_a_skip_whose_seat_is_gone_says_so_and_keeps_the_other_seat(
    project, bob, carol, browser_of
):
    first, second = RecordFactory.create_batch(2, project=project, reviews_wanted=1)
    browser, form = _at_the_desk(browser_of, bob)
    browser.post(DESK, {**form, "action": "skip"})
    assert _seat(carol, project).record == first

    page = browser.post(DESK, {"action": "undo"}, follow=True).content.decode()

    assert "A colleague has taken its last seat." in page
    assert f"{second.external_id} · " in page


@pytest.mark.parametrize(("enabled", "shown"), [(True, "on"), (False, "off")])
def test_the_adjudication_page_heeds_who_turned_shortcuts_off(
    project, dana, browser_of, enabled, shown
):
    record = RecordFactory(project=project)
    for severity in ("high", "low"):
        ReviewFactory(record=record, severity=severity)
    settling.settle_records(project=project)
    reviewing.set_shortcuts(reviewer=dana.reviewer, enabled=enabled)

    page = browser_of(dana).get(ADJUDICATE).content.decode()

    assert f'data-shortcuts="{shown}"' in page


def test_after_new_guidelines_who_read_the_earlier_round_is_not_independent(
    project, alice, bob, carol, dana
):
    record = RecordFactory(project=project, reviews_wanted=4, round=2)
    ReviewFactory(record=record, reviewer=ReviewerFactory(), is_current=False)
    VerdictFactory(
        record=record,
        method="ADJUDICATED",
        adjudicated_by=dana.reviewer,
        is_current=False,
    )

    assert not _answer(alice, project).independent
    assert _answer(bob, project).independent
    assert _answer(carol, project).independent
    assert not _answer(dana, project).independent
