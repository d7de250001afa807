"""A flag at the desk: out of the queue, first in the sanitizing review, and back."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotation.models import Claim, Record, Review, SanitizingEvent
from annotation.services import (
    flagging,
    leak_review,
    sending,
    settling,
    stored_texts,
)
from annotation.services.answers import AnswerRefused
from annotation.services.sanitizing_queue import waiting
from netft_site.dashboard.board import build_dashboard
from tests.annotation.desk_seats import DESK, NOW, answer, caller, seat, seated
from tests.annotation.reviewing_texts import add, sanitization
from tests.factories import (
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)

pytestmark = pytest.mark.django_db
REVIEW = "/admin/annotation/record/sanitizing/noc/"
WHAT = "a code word in the second line"


def _flag(claim: Claim, reason: str = WHAT) -> Record:
    return flagging.flag(
        claim_id=claim.pk, reviewer=claim.reviewer, reason=reason, now=NOW
    )


@pytest.fixture
def flagged(project, bob) -> Record:
    """A record that Bob has flagged, with text that was sanitized here."""
    add(project, body="The link flaps.\nopen sesame fritzbox42\nagain")
    return _flag(seat(project, bob.reviewer))


def test_a_flagged_record_is_served_to_nobody_and_its_seats_are_free(project):
    record = RecordFactory(project=project, reviews_wanted=3)
    colleague, me = ReviewerFactory(), ReviewerFactory()
    theirs = seat(project, colleague)

    _flag(seat(project, me))

    record.refresh_from_db()
    theirs.refresh_from_db()
    assert (record.state, record.queued_because) == ("EXCLUDED", flagging.FLAGGED)
    assert theirs.state == "RELEASED"
    for one in (me, colleague, ReviewerFactory()):
        assert seat(project, one) is None


def test_the_flag_is_a_skip_and_an_event_with_the_description(project, bob):
    record = RecordFactory(project=project)
    _flag(seat(project, bob.reviewer), "host 10.20.30.40 in the title")

    review, event = Review.objects.get(), SanitizingEvent.objects.get()
    assert review.status == "SKIPPED"
    assert (event.record, event.kind, event.by) == (record, "FLAGGED", bob)
    assert "in the title" in event.reason
    assert "10.20.30.40" not in event.reason


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_flag_says_what_was_seen(project, reason):
    RecordFactory(project=project)
    claim = seat(project, ReviewerFactory())

    with pytest.raises(AnswerRefused) as refusal:
        _flag(claim, reason)

    assert refusal.value.code == "no_reason"
    assert Record.objects.get().state == "OPEN"


def test_the_same_flag_twice_is_one(project):
    RecordFactory(project=project)
    claim = seat(project, ReviewerFactory())

    assert _flag(claim) == _flag(claim)
    assert SanitizingEvent.objects.count() == 1


def test_what_a_colleague_sends_meanwhile_is_kept_and_counts_afterwards(project):
    record = RecordFactory(project=project, reviews_wanted=1)
    RecordFactory.create_batch(1, project=project)
    Record.objects.filter(pk=record.pk).update(reviews_wanted=2)
    colleague, me = ReviewerFactory(), ReviewerFactory()
    theirs = seat(project, colleague)
    _flag(seat(project, me))

    answer(theirs, "low")
    Record.objects.filter(pk=record.pk).update(reviews_wanted=1)
    assert flagging.clear(record=record)

    record.refresh_from_db()
    assert record.state == "SETTLED"


def test_only_a_flagged_record_is_cleared(project):
    record = RecordFactory(project=project, state="EXCLUDED")

    assert not flagging.clear(record=record)
    record.refresh_from_db()
    assert record.state == "EXCLUDED"


@pytest.mark.parametrize(
    "because",
    ["asked for: a new customer", "guidelines v3", "contested so far"],
)
def test_what_it_was_queued_for_stands_again_once_the_flag_is_cleared(project, because):
    record = RecordFactory(project=project, priority=90, queued_because=because)
    _flag(seat(project, ReviewerFactory()))

    flagging.clear(record=record)

    record.refresh_from_db()
    assert (record.state, record.queued_because) == ("OPEN", because)


def test_a_question_to_the_seniors_outlives_a_flag(project, alice):
    record = RecordFactory(project=project, reviews_wanted=1)
    late = seat(project, ReviewerFactory())
    ReviewFactory(record=record)
    settling.settle_records(project=project)
    sending.send(
        project=project, record_ids=[record.pk], by=alice, reason="why", now=NOW
    )
    _flag(late)

    flagging.clear(record=record)

    record.refresh_from_db()
    assert record.state == "CONTESTED"
    assert record.queued_because == "sent to the seniors: why"


@pytest.mark.parametrize("method", ["ADJUDICATED", "UNANIMOUS"])
def test_a_settled_record_comes_back_settled(project, method):
    record = RecordFactory(project=project, state="EXCLUDED", reviews_wanted=1)
    Record.objects.update(queued_because=flagging.FLAGGED)
    ReviewFactory(record=record)
    senior = ReviewerFactory(grade="SENIOR") if method == "ADJUDICATED" else None
    VerdictFactory(record=record, method=method, adjudicated_by=senior)

    flagging.clear(record=record)

    record.refresh_from_db()
    assert record.state == "SETTLED"
    assert record.verdicts.current().count() == 1


def test_a_flag_comes_first_in_the_review_with_what_was_seen(
    project, alice, flagged, browser_of
):
    add(project, body="password rotated to: use Ab3dEf6hIj9k then. Ab3dEf6hIj9k.")
    browser = browser_of(alice)

    page = browser.get(REVIEW).content.decode()
    own = browser.get(f"{REVIEW}{flagged.pk}/").content.decode()
    found = waiting(project=project, by=alice, now=timezone.now())

    assert page.index("Flagged while labeling") < page.index("Held</h2>")
    assert WHAT in page
    assert WHAT in own
    assert "by bob" in own
    assert found.first_to_read() == flagged.pk
    assert (found.flagged_count, found.is_empty) == (1, False)


def test_confirming_it_as_clean_brings_it_back(project, alice, carol, flagged):
    version = stored_texts.version_of(sanitization(flagged))

    assert leak_review.confirm(record=flagged, version=version, by=alice)

    assert seat(project, carol.reviewer).record == flagged
    assert waiting(project=project, by=alice, now=timezone.now()).flags == []
    kinds = list(SanitizingEvent.objects.values_list("kind", flat=True))
    assert kinds == ["CONFIRMED", "FLAGGED"]


def test_the_page_says_that_it_can_be_served_again(alice, flagged, browser_of):
    version = stored_texts.version_of(sanitization(flagged))

    page = browser_of(alice).post(
        f"{REVIEW}{flagged.pk}/",
        {"action": "confirm", "version": version},
        follow=True,
    )

    assert "It was flagged at the desk and can be served again." in (
        page.content.decode()
    )


def test_reporting_what_was_missed_brings_it_back_without_the_value(
    project, alice, carol, flagged
):
    start = flagged.body.index("fritzbox42")
    leak_review.report_missed(
        record=flagged,
        field="body",
        start=start,
        end=start + len("fritzbox42"),
        span_type="cred",
        by=alice,
    )

    claim = seat(project, carol.reviewer)
    assert claim.record == flagged
    assert "fritzbox42" not in claim.record.body


def test_the_dashboard_asks_the_lead_to_look(project, alice, carol, flagged):
    steps = {
        user.username: build_dashboard(user, now=timezone.now()).projects[0].next_step
        for user in (alice, carol)
    }

    assert steps["alice"].title == "Look at 1 flagged ticket"
    assert steps["alice"].url == REVIEW
    assert "flagged" not in steps["carol"].title


def test_flagging_at_the_page_and_by_the_api(project, bob, carol, browser_of):
    RecordFactory.create_batch(2, project=project)
    browser = seated(browser_of, bob)
    form = {"action": "flag", "claim": Claim.objects.get().pk, "flag": WHAT}

    page = browser.post(DESK, form, follow=True).content.decode()
    theirs = seat(project, carol.reviewer)
    reply = caller(carol)("POST", "api-desk-flag", {"reason": WHAT}, seat=theirs.pk)

    assert "Nobody is served the ticket until its sanitizing was looked at." in page
    assert reply.json() == {"record": theirs.record_id, "state": "EXCLUDED"}
    assert SanitizingEvent.objects.count() == 2


def test_taking_a_flag_back_leaves_the_record_out_and_says_so(project, bob, browser_of):
    record = RecordFactory(project=project)
    browser = seated(browser_of, bob)
    form = {"action": "flag", "claim": Claim.objects.get().pk, "flag": WHAT}
    browser.post(DESK, form)

    page = browser.post(DESK, {"action": "undo"}, follow=True).content.decode()

    record.refresh_from_db()
    assert "The ticket itself stays out of the queue." in page
    assert "taken its last seat" not in page
    assert record.state == "EXCLUDED"


def test_a_flagged_record_settles_nothing_while_it_waits(project):
    record = RecordFactory(project=project, reviews_wanted=1)
    _flag(seat(project, ReviewerFactory()))
    ReviewFactory(record=record)

    settling.settle_records(project=project)

    record.refresh_from_db()
    assert record.state == "EXCLUDED"
