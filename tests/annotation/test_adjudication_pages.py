"""The adjudication pages as seniors meet them: no names first, nothing lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Record, Review, Verdict
from annotation.services import adjudicating, weighing
from tests.annotation.adjudication import DECISION, PAGE, WHY, answered
from tests.factories import ProjectFactory, ReviewerFactory, ReviewFactory

CAST = ["alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory"]
SENIORS_ONLY = [200, 200, 403, 200, 403, 403, 403, 404]
READERS_TOO = [200, 200, 403, 200, 200, 403, 200, 404]


@pytest.fixture
def decided(project) -> Record:
    record = answered(project, "high", "low")
    senior = ReviewerFactory(grade="SENIOR")
    adjudicating.decide(record=record, reviewer=senior, **DECISION)
    return record


@pytest.mark.parametrize(("who", "status"), list(zip(CAST, SENIORS_ONLY, strict=True)))
def test_seniors_alone_see_answers_and_who_gave_them(
    request, browser_of, decided, who, status
):
    browser = browser_of(request.getfixturevalue(who))
    record = answered(decided.project, "high", "low")

    for path in (PAGE, f"{PAGE}{record.pk}/", f"{PAGE}{decided.pk}/decided/"):
        assert browser.get(path).status_code == status
    answer = browser.post(f"{PAGE}{record.pk}/", DECISION)
    assert answer.status_code == (302 if status == 200 else status)


@pytest.mark.parametrize(("who", "status"), list(zip(CAST, READERS_TOO, strict=True)))
def test_readers_of_verdicts_and_seniors_see_why_people_disagree(
    request, browser_of, decided, who, status
):
    browser = browser_of(request.getfixturevalue(who))

    assert browser.get(WHY).status_code == status
    assert browser.get(f"{WHY}export/").status_code == status


def test_no_name_and_no_grade_is_on_the_page_before_the_decision(
    project, dana, carol, browser_of
):
    record = answered(project, "high", "low")
    zoe = ReviewerFactory(name="zoe-quartz", grade="PRINCIPAL")
    zoe.user.first_name, zoe.user.username = "Zoe", "zquartz"
    zoe.user.save()
    ReviewFactory(record=record, reviewer=zoe, response="reseat the optic")
    ReviewFactory(record=record, reviewer=carol.reviewer, status="SKIPPED", severity="")

    page = browser_of(dana).get(f"{PAGE}{record.pk}/").content.decode()

    assert "reseat the optic" in page
    assert "Answer D" in page
    names = [r.reviewer.name for r in Review.objects.select_related("reviewer")]
    for hidden in [*names, "zquartz", "Zoe", "Principal", "Junior", "Engineer"]:
        assert hidden not in page


def test_deciding_leads_on_and_then_tells_who_said_what(project, dana, browser_of):
    first, second = (answered(project, "high", "low") for _ in range(2))
    browser = browser_of(dana)

    page = browser.post(f"{PAGE}{first.pk}/", DECISION, follow=True)
    told = browser.get(f"{PAGE}{first.pk}/decided/").content.decode()

    assert page.context["record"] == second
    assert f"Who said what on {first.external_id}" in page.content.decode()
    for review in Review.objects.filter(record=first):
        assert review.reviewer.name in told
    assert "A reviewer slipped" in told
    assert f'href="{PAGE}"' in told


def test_a_decided_record_leads_to_who_said_what(decided, dana, browser_of):
    answer = browser_of(dana).get(f"{PAGE}{decided.pk}/")

    assert answer.url == f"{PAGE}{decided.pk}/decided/"


def test_undo_takes_the_decision_back_and_shows_the_ticket_again(
    project, dana, browser_of
):
    record = answered(project, "high", "low")
    browser = browser_of(dana)
    browser.post(f"{PAGE}{record.pk}/", DECISION)

    page = browser.post(f"{PAGE}{record.pk}/decided/", follow=True)

    assert page.context["record"] == record
    assert "is taken back" in page.content.decode()
    assert not Verdict.objects.current().exists()


def test_nobody_undoes_anothers_decision(decided, dana, browser_of):
    page = browser_of(dana).post(f"{PAGE}{decided.pk}/decided/", follow=True)

    assert "Another senior took this decision." in page.content.decode()
    assert Verdict.objects.adjudicated().exists()


def test_looking_changes_nothing(decided, dana, browser_of):
    browser = browser_of(dana)
    before = list(Verdict.objects.values())

    for path in ("", f"{decided.pk}/decided/", f"?after={decided.pk}", "?after=x"):
        assert browser.get(f"{PAGE}{path}").status_code == 200

    assert list(Verdict.objects.values()) == before


def test_a_ticket_decided_meanwhile_shows_both_decisions(project, dana, browser_of):
    record = answered(project, "high", "low")
    seen = weighing.hear(record=record).seen
    other = ReviewerFactory(name="zoe-quartz", grade="SENIOR")
    theirs = {**DECISION, "reason": "Spare path only."}
    adjudicating.decide(record=record, reviewer=other, **theirs)
    browser = browser_of(dana)
    mine = {**DECISION, "severity": "low", "reason": "Nobody noticed.", "seen": seen}

    answer = browser.post(f"{PAGE}{record.pk}/", mine)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Spare path only." in page
    assert "Nobody noticed." in page
    assert 'value="low" checked' in page
    assert "zoe-quartz" not in page
    again = {**mine, "seen": answer.context["hearing"].seen}
    assert browser.post(f"{PAGE}{record.pk}/", again).status_code == 302
    assert Verdict.objects.current().get().reason == "Nobody noticed."


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"severity": "gone"}, 422, "not one of the available choices"),
        ({"severity": ""}, 422, "Choose a severity."),
        ({"disagreement": ""}, 422, "Say what kind of disagreement it is."),
        ({"disagreement": "MOOD"}, 422, "not one of the available choices"),
        ({"root_cause": "gremlins"}, 422, "not one of the available choices"),
        ({"seen": "0.0.0"}, 409, "The answers have changed"),
    ],
)
def test_a_decision_that_cannot_be_taken_keeps_what_was_typed(
    project, dana, browser_of, change, status, words
):
    record = answered(project, "high", "low")
    project.root_causes = ["optics"]
    project.save()

    answer = browser_of(dana).post(
        f"{PAGE}{record.pk}/", {**DECISION, "reason": "typed with care", **change}
    )

    assert answer.status_code == status
    assert words in answer.content.decode()
    assert "typed with care" in answer.content.decode()
    assert not Verdict.objects.exists()


def test_a_ticket_excluded_meanwhile_says_so_and_keeps_what_was_typed(
    project, dana, browser_of
):
    record = answered(project, "high", "low")
    Record.objects.filter(pk=record.pk).update(state="EXCLUDED")

    answer = browser_of(dana).post(f"{PAGE}{record.pk}/", DECISION)

    assert answer.status_code == 409
    assert "has been excluded" in answer.content.decode()
    assert "Core link." in answer.content.decode()


def test_a_project_closed_meanwhile_says_so_and_keeps_what_was_typed(
    project, dana, mallory, browser_of
):
    record = answered(project, "high", "low")
    project.is_active = False
    project.save()

    answer = browser_of(dana).post(f"{PAGE}{record.pk}/", DECISION)

    assert answer.status_code == 409
    assert "NOC is closed" in answer.content.decode()
    assert "Core link." in answer.content.decode()
    assert record.title not in answer.content.decode()
    assert browser_of(mallory).get(PAGE).status_code == 404


def test_what_one_answered_is_marked_and_counted(project, dana, browser_of):
    record = answered(project, "high", "low")
    ReviewFactory(record=record, reviewer=dana.reviewer, severity="high")
    browser = browser_of(dana)

    page = browser.get(PAGE).content.decode()
    browser.post(f"{PAGE}{record.pk}/", DECISION)

    assert "you answered this one" in page
    assert "answered the ticket, too" in (
        browser.get(f"{PAGE}{record.pk}/decided/").content.decode()
    )
    assert "1 by a senior who had answered the ticket" in (
        browser.get(WHY).content.decode()
    )


def test_what_became_known_later_is_there_and_folded(project, dana, browser_of):
    thread = [{"text": "fibre cut found", "at": "2026-01-05T09:00:00Z", "role": "noc"}]
    answered(project, "high", "low", resolution="It was DNS", thread=thread)

    page = browser_of(dana).get(PAGE).content.decode()

    folded = page.partition('<details class="card"')[2].partition("</details>")[0]
    assert "Known later" in folded
    assert "It was DNS" in folded
    assert "fibre cut found" in folded
    assert "It was DNS" not in page.replace(folded, "")


@pytest.mark.parametrize("rows", [1, 20])
def test_the_pages_need_the_same_few_queries_however_many_records(
    project, dana, browser_of, django_assert_max_num_queries, rows
):
    for _ in range(rows):
        done, _waits = (answered(project, "high", "low") for _ in range(2))
        gap = {**DECISION, "disagreement": "GUIDELINE_GAP"}
        adjudicating.decide(record=done, reviewer=dana.reviewer, **gap)
    browser = browser_of(dana)
    paths = [PAGE, f"{PAGE}{done.pk}/decided/", WHY, f"{WHY}export/"]

    for path in paths:
        browser.get(path)
        with django_assert_max_num_queries(20):
            b"".join(browser.get(path))


def test_another_projects_records_are_not_there(project, dana, browser_of):
    record = answered(ProjectFactory(), "high", "low")
    browser = browser_of(dana)

    for path in ("", "decided/"):
        assert browser.get(f"{PAGE}{record.pk}/{path}").status_code == 404
    assert browser.post(f"{PAGE}{record.pk}/", DECISION).status_code == 404


def test_after_an_hour_there_is_no_undo(decided, dana, browser_of):
    Verdict.objects.update(
        adjudicated_by=dana.reviewer, created_at=timezone.now() - timedelta(hours=2)
    )
    browser = browser_of(dana)

    page = browser.get(f"{PAGE}{decided.pk}/decided/").content.decode()
    answer = browser.post(f"{PAGE}{decided.pk}/decided/", follow=True)

    assert "Undo my decision" not in page
    assert "for an hour only" in answer.content.decode()
