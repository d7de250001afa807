"""The label desk and the adjudication page as their visitors meet them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotation.models import Claim, Review, Verdict
from annotation.services import settling
from tests.factories import RecordFactory, ReviewerFactory, ReviewFactory

DESK = "/admin/annotation/review/desk/noc/"
ADJUDICATE = "/admin/annotation/verdict/adjudicate/noc/"


@pytest.mark.parametrize(
    ("who", "desk", "adjudication"),
    [
        ("alice", 200, 200),
        ("bob", 200, 200),
        ("carol", 200, 403),
        ("dana", 200, 200),
        ("erin", 403, 403),
        ("frank", 200, 403),
        ("grace", 403, 403),
        ("mallory", 404, 404),
    ],
)
def test_only_labelers_reach_the_desk_and_only_seniors_adjudicate(
    request, browser_of, project, who, desk, adjudication
):
    browser = browser_of(request.getfixturevalue(who))

    assert browser.get(DESK).status_code == desk
    assert browser.get(ADJUDICATE).status_code == adjudication


def test_a_stranger_is_sent_to_sign_in(client, project):
    assert client.get(DESK).url.startswith(reverse("admin:login"))


def _seated(browser_of, user, project):
    browser = browser_of(user)
    browser.post(DESK, {"action": "start"})
    return browser


def test_looking_at_the_desk_takes_no_seat(project, bob, browser_of):
    RecordFactory(project=project)

    answer = browser_of(bob).get(DESK)

    assert b"A few tickets wait for you" in answer.content
    assert not Claim.objects.exists()


def test_the_desk_never_shows_what_others_answered(project, bob, browser_of):
    record = RecordFactory(project=project, reviews_wanted=3, resolution="It was DNS")
    ReviewFactory(record=record, response="reseat the optic", root_cause="optics")

    page = _seated(browser_of, bob, project).get(DESK).content.decode()

    assert record.title in page
    for hidden in ("reseat the optic", "It was DNS", "reviewer"):
        assert hidden not in page.partition('class="desk"')[2].partition("guid")[0]


def test_saving_moves_on_to_the_next_ticket(project, bob, browser_of):
    RecordFactory.create_batch(2, project=project)
    browser = _seated(browser_of, bob, project)
    claim = Claim.objects.get(state="OPEN")

    answer = browser.post(
        DESK, {"action": "submit", "claim": claim.pk, "severity": "high"}, follow=True
    )

    assert b"Saved." in answer.content
    assert Review.objects.get().record == claim.record
    assert Claim.objects.get(state="OPEN").record != claim.record


def test_saving_without_a_severity_says_so_and_keeps_what_was_typed(
    project, bob, browser_of
):
    RecordFactory(project=project)
    browser = _seated(browser_of, bob, project)
    claim = Claim.objects.get()

    answer = browser.post(
        DESK, {"action": "submit", "claim": claim.pk, "response": "reseat the optic"}
    )

    assert answer.status_code == 422
    assert b"Choose a severity, or pass" in answer.content
    assert b"reseat the optic" in answer.content


@pytest.mark.parametrize(
    ("action", "status"), [("skip", "SKIPPED"), ("unsure", "UNSURE")]
)
def test_a_ticket_can_be_passed_on(project, bob, browser_of, action, status):
    RecordFactory(project=project)
    browser = _seated(browser_of, bob, project)
    claim = Claim.objects.get()

    browser.post(DESK, {"action": action, "claim": claim.pk, "reason": "no context"})

    assert Review.objects.get().status == status


def test_a_heartbeat_for_a_lost_seat_says_gone(project, bob, browser_of):
    RecordFactory(project=project)
    browser = _seated(browser_of, bob, project)
    claim = Claim.objects.get()
    Claim.objects.update(state="RELEASED")

    answer = browser.post(f"{DESK}seat/{claim.pk}/")

    assert answer.status_code == 410


def test_leaving_gives_the_seat_back(project, bob, browser_of):
    RecordFactory(project=project)
    browser = _seated(browser_of, bob, project)

    browser.post(DESK, {"action": "leave"})

    assert Claim.objects.get().state == "RELEASED"


def test_a_person_with_two_projects_chooses(project, bob, browser_of):
    from tests.factories import MembershipFactory

    MembershipFactory(user=bob, role="REVIEWER")

    answer = browser_of(bob).get(reverse("admin:annotation_label_desk"))

    assert b"Choose a project" in answer.content


def _contested(project, **record: object):
    made = RecordFactory(project=project, **record)
    ReviewFactory(record=made, severity="high", response="reseat the optic")
    ReviewFactory(record=made, severity="low")
    settling.settle_records(project=project)
    return made


def test_a_senior_sees_all_labels_and_settles(project, dana, browser_of):
    record = _contested(project)
    browser = browser_of(dana)

    page = browser.get(ADJUDICATE)
    decision = {"severity": "high", "reason": "Core link.", "disagreement": "SLIP"}
    browser.post(f"{ADJUDICATE}{record.pk}/", decision)

    assert b"reseat the optic" in page.content
    assert b"reviewers disagree" in page.content
    assert Verdict.objects.current().get(record=record).adjudicated_by.user == dana


def test_a_unanimous_critical_waits_for_confirmation_after_the_contested(
    project, dana, browser_of
):
    critical = RecordFactory(project=project)
    ReviewFactory.create_batch(2, record=critical, severity="critical")
    contested = _contested(project)

    page = browser_of(dana).get(ADJUDICATE).content.decode()

    assert page.index(f">{contested.external_id}</a>") < page.index(
        f">{critical.external_id}</a>"
    )
    assert "confirm critical" in page


def test_a_decision_without_a_reason_is_asked_for_one(project, dana, browser_of):
    record = _contested(project)

    answer = browser_of(dana).post(f"{ADJUDICATE}{record.pk}/", {"severity": "high"})

    assert answer.status_code == 422
    assert b"reviewers learn from it" in answer.content


@pytest.mark.parametrize("rows", [1, 20])
def test_the_pages_need_the_same_few_queries_however_many_records(
    project, dana, browser_of, django_assert_max_num_queries, rows
):
    for _ in range(rows):
        _contested(project)
    RecordFactory.create_batch(rows, project=project)
    browser = _seated(browser_of, dana, project)

    with django_assert_max_num_queries(14):
        assert browser.get(DESK).status_code == 200
    with django_assert_max_num_queries(17):
        assert browser.get(ADJUDICATE).status_code == 200


def test_a_deactivated_reviewer_is_turned_away(project, bob, browser_of):
    bob.reviewer.is_active = False
    bob.reviewer.save()

    assert browser_of(bob).get(DESK).status_code == 403


def test_the_form_is_made_for_keyboards_and_readers(project, bob, browser_of):
    ReviewerFactory()
    RecordFactory(project=project)

    page = _seated(browser_of, bob, project).get(DESK).content.decode()

    keys = [f'aria-keyshortcuts="{key}"' for key in "1234"]
    assert all(page.count(key) == 1 for key in keys)
    assert page.count("<main") == 1
    assert '<fieldset class="choices">' in page
    assert "<legend>Severity</legend>" in page
