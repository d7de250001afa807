"""A model's suggestions: sent by the API, shown where wished, never independent."""

from __future__ import annotations

import pytest
from django.db.models import Q

from annotation.models import Claim, Review, Suggestion
from annotation.services import reviewing, seating, suggesting
from annotation.services.suggesting import Suggested
from tests.annotation.desk_seats import CAST, DESK, NOW, answer, caller, seat, seated
from tests.factories import ProjectFactory, RecordFactory, ReviewerFactory

pytestmark = pytest.mark.django_db
SOURCE = "triage-v3"


def _suggest(record, severity="medium", source=SOURCE, **probabilities: float) -> int:
    row = Suggested(record.external_id, severity, probabilities)
    return suggesting.suggest(
        project=record.project, source=source, rows=[row], now=NOW
    )


@pytest.fixture
def shown(project):
    """The project, with suggestions switched on."""
    project.shows_suggestions = True
    project.save()
    return project


def test_off_by_default_the_page_and_the_api_never_show_one(project, bob, browser_of):
    _suggest(RecordFactory(project=project))

    page = seated(browser_of, bob).get(DESK).content.decode()
    held = caller(bob)("GET", "api-desk").json()["seat"]
    review = answer(seating.open_seat(project=project, reviewer=bob.reviewer))

    assert "A model suggests" not in page
    assert SOURCE not in page
    assert held["suggestion"] is None
    assert (review.suggested, review.independent) == (False, True)
    assert "suggestion" not in review.visible


def test_switched_on_both_show_it_and_the_answer_says_so(shown, bob, browser_of):
    _suggest(RecordFactory(project=shown), medium=0.75)

    page = seated(browser_of, bob).get(DESK).content.decode()
    held = caller(bob)("GET", "api-desk").json()["seat"]
    review = answer(seating.open_seat(project=shown, reviewer=bob.reviewer))

    assert "A model suggests" in page
    assert "counts for no agreement" in page
    assert held["suggestion"] == {
        "source": SOURCE,
        "severity": "medium",
        "probabilities": {"medium": 0.75},
    }
    assert (review.suggested, review.independent) == (True, False)
    assert review.visible == [*reviewing.OPENING, "suggestion"]


def test_a_record_without_a_suggestion_is_answered_independently(shown):
    RecordFactory(project=shown)

    review = answer(seat(shown, ReviewerFactory()))

    assert (review.suggested, review.independent) == (False, True)


def test_such_answers_settle_for_training_and_count_for_no_agreement(shown):
    record = RecordFactory(project=shown, reviews_wanted=2)
    _suggest(record)
    for _ in range(2):
        answer(seat(shown, ReviewerFactory()), "medium")

    record.refresh_from_db()
    verdict = record.verdicts.get()
    assert record.state == "SETTLED"
    assert (verdict.severity, verdict.reviews_count) == ("medium", 0)
    assert not Review.objects.independent_first_pass().exists()
    assert Review.objects.settling().count() == 2


def test_a_verdict_counts_only_its_independent_answers(shown):
    record = RecordFactory(project=shown, reviews_wanted=2)
    answer(seat(shown, ReviewerFactory()), "medium")
    _suggest(record)
    answer(seat(shown, ReviewerFactory()), "medium")

    assert record.verdicts.get().reviews_count == 1


def test_what_was_seen_from_a_seat_given_back_is_not_forgotten(shown):
    _suggest(RecordFactory(project=shown))
    me = ReviewerFactory()
    seating.release(claim_id=seat(shown, me).pk, reviewer=me)
    shown.shows_suggestions = False
    shown.save()

    again = seat(shown, me)

    assert suggesting.suggestion_for(again) is None
    assert not answer(again).independent


def test_switching_off_takes_it_off_an_open_page_too(shown, bob, browser_of):
    _suggest(RecordFactory(project=shown))
    browser = seated(browser_of, bob)
    type(shown).objects.update(shows_suggestions=False)

    assert "A model suggests" not in browser.get(DESK).content.decode()
    assert Claim.objects.get().suggested


def test_the_newest_of_several_is_shown_and_the_same_source_replaces(shown, bob):
    record = RecordFactory(project=shown)
    _suggest(record, "low", source="old")
    _suggest(record, "low")
    _suggest(record, "high")

    assert Suggestion.objects.count() == 2
    claim = seat(shown, bob.reviewer)
    assert suggesting.suggestion_for(claim).severity == "high"


def test_the_database_takes_no_independent_answer_with_a_suggestion(project):
    constraints = {c.name: c for c in Review._meta.constraints}

    found = constraints["review_suggested_not_independent"].condition

    assert found == ~Q(suggested=True, independent=True)


# The route.


def _post(user, *rows, source=SOURCE):
    body = {"source": source, "suggestions": list(rows)}
    return caller(user)("POST", "api-suggestions", body)


@pytest.mark.parametrize("name", CAST)
def test_who_may_send_suggestions(request, project, name):
    record = RecordFactory(project=project)
    row = {"external_id": record.external_id, "severity": "low"}
    allowed = {"alice": 201, "erin": 201, "frank": 201, "mallory": 404}

    reply = _post(request.getfixturevalue(name), row)

    assert reply.status_code == allowed.get(name, 403)
    assert Suggestion.objects.exists() is (reply.status_code == 201)


def test_a_thousand_at_once_cost_few_queries(
    project, erin, django_assert_max_num_queries
):
    records = RecordFactory.create_batch(1000, project=project)
    rows = [
        {"external_id": r.external_id, "severity": "low", "probabilities": {"low": 0.9}}
        for r in records
    ]

    with django_assert_max_num_queries(20):
        reply = _post(erin, *rows)

    assert reply.json() == {"stored": 1000}
    assert _post(erin, *rows, rows[0]).status_code == 400


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"severity": "urgent"}, "unknown_level"),
        ({"probabilities": {"urgent": 0.5}}, "unknown_level"),
        ({"probabilities": {"low": 1.5}}, "bad_probability"),
        ({"probabilities": {"low": float("nan")}}, "bad_probability"),
        ({"external_id": "nowhere"}, "unknown_record"),
        ({"severity": ""}, "suggestions"),
        ({"probabilities": {"low": "much"}}, "suggestions"),
    ],
)
def test_one_bad_row_stores_nothing(project, erin, more, told):
    good, bad = RecordFactory.create_batch(2, project=project)
    row = {"external_id": bad.external_id, "severity": "low", **more}

    reply = _post(erin, {"external_id": good.external_id, "severity": "low"}, row)

    found = reply.json()
    assert reply.status_code == 400
    assert (
        told in found
        or found.get("error", {}).get("code") == told
        or ("nan" in str(more) and "detail" in found)
    )
    assert not Suggestion.objects.exists()


@pytest.mark.parametrize("source", ["", "<script>", "x" * 121, "a\nb"])
def test_a_source_is_a_plain_name(project, erin, source):
    record = RecordFactory(project=project)
    row = {"external_id": record.external_id, "severity": "low"}

    assert "source" in _post(erin, row, source=source).json()


def test_a_record_of_another_project_is_unknown_here(project, erin):
    foreign = RecordFactory(project=ProjectFactory())

    reply = _post(erin, {"external_id": foreign.external_id, "severity": "low"})

    assert reply.json()["error"]["code"] == "unknown_record"
