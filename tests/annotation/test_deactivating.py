"""Who is deactivated gives seats back, keeps reviews, and is served no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from annotation.models import Claim, Draft, Project, Review
from annotation.services import people
from annotation.tasks import queueing as tasks
from tests.annotation.desk_seats import caller
from tests.factories import (
    ClaimFactory,
    MembershipFactory,
    ProjectFactory,
    RecordFactory,
    ReviewFactory,
)

pytestmark = pytest.mark.django_db


def _seat(reviewer, project, **more) -> Claim:
    return ClaimFactory(
        record=RecordFactory(project=project), reviewer=reviewer, **more
    )


def test_open_seats_come_back_and_answers_stay(project, alice, carol, reviewer_of):
    reviewer = reviewer_of(carol)
    here, there = _seat(reviewer, project), _seat(reviewer, ProjectFactory())
    done = ClaimFactory(
        record=RecordFactory(project=project), reviewer=reviewer, state="DONE"
    )
    review = ReviewFactory(record=done.record, reviewer=reviewer)
    draft = Draft.objects.create(
        claim=here,
        record=here.record,
        reviewer=reviewer,
        sealed=b"x",
        key_id="k",
        updated_at=timezone.now(),
    )

    returned = people.deactivate(reviewer=reviewer, by=alice, now=timezone.now())

    assert returned == 2
    states = dict(Claim.objects.values_list("pk", "state"))
    assert states == {here.pk: "RELEASED", there.pk: "RELEASED", done.pk: "DONE"}
    assert Review.objects.filter(pk=review.pk, is_current=True).exists()
    assert Draft.objects.filter(pk=draft.pk).exists()


def test_deactivating_again_returns_nothing(project, alice, carol, reviewer_of):
    reviewer = reviewer_of(carol)
    _seat(reviewer, project)
    people.deactivate(reviewer=reviewer, by=alice, now=timezone.now())

    assert people.deactivate(reviewer=reviewer, by=alice, now=timezone.now()) == 0


def test_nobody_deactivates_themselves(alice, reviewer_of):
    with pytest.raises(people.PersonRefused) as refusal:
        people.deactivate(reviewer=reviewer_of(alice), by=alice, now=timezone.now())

    assert refusal.value.code == "yourself"
    assert reviewer_of(alice).is_active


def test_the_desk_is_closed_until_reactivated(
    project, alice, carol, reviewer_of, browser_of
):
    desk = reverse("admin:annotation_desk", args=[project.slug])
    reviewer, browser = reviewer_of(carol), browser_of(carol)
    people.deactivate(reviewer=reviewer, by=alice, now=timezone.now())
    closed = browser.get(desk).status_code

    people.reactivate(reviewer=reviewer, by=alice, now=timezone.now())

    assert closed == 403
    assert browser.get(desk).status_code == 200


def test_the_stock_form_returns_the_seats_and_says_how_many(
    project, alice, carol, reviewer_of, browser_of
):
    reviewer = reviewer_of(carol)
    seat = _seat(reviewer, project)
    url = reverse("admin:annotation_reviewer_change", args=[reviewer.pk])

    answer = browser_of(alice).post(url, {"name": "carol c", "grade": "ENGINEER"})

    seat.refresh_from_db()
    reviewer.refresh_from_db()
    assert seat.state == "RELEASED"
    assert (reviewer.name, reviewer.grade) == ("carol c", "ENGINEER")
    assert not reviewer.is_active
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert said[0] == ("1 seat was returned; reviews and drafts of carol c are kept.")


def test_the_stock_form_lets_somebody_back_in(
    project, alice, carol, reviewer_of, browser_of
):
    reviewer = reviewer_of(carol)
    people.deactivate(reviewer=reviewer, by=alice, now=timezone.now())
    url = reverse("admin:annotation_reviewer_change", args=[reviewer.pk])

    browser_of(alice).post(url, {"name": "carol", "grade": "JUNIOR", "is_active": "on"})

    assert reviewer_of(carol).is_active


def test_the_stock_form_refuses_ones_own_deactivation(alice, reviewer_of, browser_of):
    url = reverse("admin:annotation_reviewer_change", args=[reviewer_of(alice).pk])

    answer = browser_of(alice).post(url, {"name": "alice", "grade": "PRINCIPAL"})

    assert reviewer_of(alice).is_active
    assert "Ask another lead" in str(next(iter(get_messages(answer.wsgi_request))))


def test_the_sweep_returns_the_seats_of_closed_accounts(
    project, bob, carol, reviewer_of
):
    later = timezone.now() + timedelta(hours=1)
    gone = _seat(reviewer_of(carol), project, expires_at=later)
    there = _seat(reviewer_of(bob), project, expires_at=later)
    carol.is_active = False
    carol.save()

    tasks.release_expired()
    tasks.release_expired()

    gone.refresh_from_db()
    there.refresh_from_db()
    assert (gone.state, there.state) == ("RELEASED", "OPEN")


def test_the_sweep_returns_a_seat_taken_beside_the_deactivation(
    project, alice, carol, reviewer_of
):
    reviewer = reviewer_of(carol)
    people.deactivate(reviewer=reviewer, by=alice, now=timezone.now())
    # Asked for before, and stored after the seats were returned.
    late = _seat(reviewer, project, expires_at=timezone.now() + timedelta(hours=1))

    tasks.release_expired()

    late.refresh_from_db()
    assert late.state == "RELEASED"


def test_the_reviewer_page_links_no_account_that_one_may_not_open(
    project, alice, carol, reviewer_of, browser_of, admin_client
):
    url = reverse("admin:annotation_reviewer_change", args=[reviewer_of(carol).pk])
    account = reverse("admin:auth_user_change", args=[carol.pk])

    led = browser_of(alice).get(url).content.decode()
    administered = admin_client.get(url).content.decode()

    assert account not in led
    assert carol.username in led
    assert account in administered


def test_what_a_deactivated_person_sends_to_a_closed_project_is_not_stored(
    project, alice, carol, reviewer_of, browser_of
):
    seat, call = _seat(reviewer_of(carol), project), caller(carol)
    people.deactivate(reviewer=reviewer_of(carol), by=alice, now=timezone.now())
    open_reply = call("POST", "api-desk-answers", {"claim": seat.pk})
    Project.objects.update(is_active=False)

    sent = {"claim": seat.pk, "severity": "high", "response": "Reseat the optic."}
    closed_reply = call("POST", "api-desk-answers", sent)
    desk = reverse("admin:annotation_desk", args=[project.slug])
    page = browser_of(carol).post(desk, {"action": "submit", **sent})

    assert "A lead can make you active again." in open_reply.json()["error"]["message"]
    assert "nothing was stored" in closed_reply.json()["error"]["message"]
    assert (page.status_code, "kept as your draft" in page.content.decode()) == (
        409,
        False,
    )
    assert not Draft.objects.exists()


def test_a_seat_is_kept_or_left_through_its_own_project_alone(project, carol):
    claim = _seat(carol.reviewer, project)
    other = ProjectFactory(slug="other")
    MembershipFactory(user=carol, project=other, role="REVIEWER")
    call, before = caller(carol), Claim.objects.get().expires_at

    kept = call("POST", "api-desk-seat", project="other", seat=claim.pk)
    left = call("DELETE", "api-desk-seat", project="other", seat=claim.pk)

    assert (kept.status_code, left.status_code) == (410, 204)
    assert kept.json() == {"expires_at": None, "taken_away": False}
    stands = Claim.objects.get()
    assert (stands.state, stands.expires_at) == ("OPEN", before)
