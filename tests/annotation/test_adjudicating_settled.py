"""A senior's word on tickets that reviewers settled without one makes them gold."""

from __future__ import annotations

import itertools

import pytest
from django.urls import resolve

from annotation.models import Record, Review, Verdict
from annotation.services import adjudicating, settling, weighing
from tests.factories import (
    ProjectFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)
from tests.training.worlds import settle_many
from training.domain.gold import Gold, authority
from training.domain.recipe import Recipe
from training.domain.validation import ADJUDICATION_PAGE
from training.services.datasets.facts import load_facts
from training.services.datasets.previewing import preview

PAGE = "/admin/annotation/verdict/adjudicate/noc/"
DECISION = {"severity": "high", "reason": "Core link."}
HEADING = "Settled without a senior: "


def reviewed(project, *severities: str, grade: str = "ENGINEER", **record: object):
    """A record with one answer each, settled or contested by them."""
    made = RecordFactory(project=project, **record)
    for severity in severities:
        reviewer = ReviewerFactory(grade=grade)
        ReviewFactory(record=made, reviewer=reviewer, severity=severity)
    settling.settle_records(project=project)
    return made


def authority_of(record: Record) -> Gold:
    facts = load_facts(project=record.project, recipe=Recipe())
    return next(authority(one.ruling) for one in facts if one.id == record.pk)


def test_a_senior_opens_a_settled_ticket_and_makes_its_verdict_gold(
    project, bob, browser_of
):
    record = reviewed(project, "high", "high")
    before = authority_of(record)
    browser = browser_of(bob)

    page = browser.get(f"{PAGE}{record.pk}/")
    answer = browser.post(f"{PAGE}{record.pk}/", DECISION)

    assert page.status_code == 200
    assert record.title in page.content.decode()
    assert answer.url == PAGE
    assert Verdict.objects.current().get(record=record).adjudicated_by.user == bob
    assert (before, authority_of(record)) == (Gold.INSUFFICIENT, Gold.ADJUDICATED)


def test_settled_tickets_are_offered_one_by_one_when_nothing_is_contested(
    project, bob, browser_of
):
    first, second = (reviewed(project, "high", "high") for _ in range(2))
    browser = browser_of(bob)

    before = browser.get(PAGE)
    after = browser.post(f"{PAGE}{first.pk}/", DECISION, follow=True)
    done = browser.post(f"{PAGE}{second.pk}/", DECISION, follow=True)

    assert before.context["record"] == first
    assert f"{HEADING}2" in before.content.decode()
    assert after.context["record"] == second
    assert f"{HEADING}1" in after.content.decode()
    assert "Nothing is contested" in done.content.decode()


def test_contested_tickets_always_come_first(project, bob, browser_of):
    settled = reviewed(project, "high", "high", priority=9)
    contested = reviewed(project, "high", "low")
    browser = browser_of(bob)

    page = browser.get(PAGE)

    assert page.context["record"] == contested
    assert page.context["waiting_count"] == 1
    assert HEADING not in page.content.decode()
    assert browser.get(f"{PAGE}{settled.pk}/").status_code == 200


def test_juniors_see_and_decide_nothing_of_it(project, carol, browser_of, reviewer_of):
    record = reviewed(project, "high", "high")
    browser = browser_of(carol)

    pages = [browser.get(PAGE), browser.get(f"{PAGE}{record.pk}/")]
    answer = browser.post(f"{PAGE}{record.pk}/", DECISION)

    assert [page.status_code for page in pages] == [403, 403]
    assert not any(record.title in page.content.decode() for page in pages)
    assert answer.status_code == 403
    with pytest.raises(adjudicating.AdjudicationRefused) as refusal:
        adjudicating.decide(record=record, reviewer=reviewer_of(carol), **DECISION)
    assert refusal.value.code == "not_senior"
    assert not Verdict.objects.adjudicated().exists()


@pytest.mark.parametrize("kind", ["gold", "open", "held", "elsewhere"])
def test_what_needs_no_senior_has_no_such_page(project, bob, browser_of, kind):
    makers = {
        "gold": lambda: reviewed(project, "high", "high", grade="SENIOR"),
        "open": lambda: reviewed(project, "high"),
        "held": lambda: RecordFactory(project=project, state="HELD", title="", body=""),
        "elsewhere": lambda: reviewed(ProjectFactory(), "high", "high"),
    }
    record = makers[kind]()

    answer = browser_of(bob).get(f"{PAGE}{record.pk}/")

    assert answer.status_code == 404


def test_the_page_offers_exactly_what_the_gold_rule_leaves_out(project):
    """The rule is written twice: as a query here, and in `training.domain.gold`."""
    senior = ReviewerFactory(grade="SENIOR")
    cases = itertools.product(
        ["UNANIMOUS", "MAJORITY", "WEIGHTED", "ADJUDICATED"],
        ["JUNIOR", "ENGINEER", "SENIOR", "PRINCIPAL"],
        [1, 2, 3],
        ["high", "critical"],
        [None, "critical"],
    )
    for method, grade, count, severity, dissent in cases:
        record = RecordFactory(project=project, state="SETTLED")
        VerdictFactory(
            record=record, method=method, grade=grade, reviews_count=count,
            severity=severity,
            adjudicated_by=senior if method == "ADJUDICATED" else None,
        )  # fmt: skip
        ReviewFactory(record=record, reviewer=senior, severity=dissent or severity)

    offered = set(weighing.open_to_a_senior(project=project))
    waiting = set(weighing.waiting_for_a_senior(project=project))
    settled = set(weighing.settled_without_a_senior(project=project))

    facts = load_facts(project=project, recipe=Recipe())
    left_out = {f.id for f in facts if authority(f.ruling) is Gold.INSUFFICIENT}
    assert {record.pk for record in offered} == left_out
    assert waiting | settled == offered
    assert not waiting & settled


def test_the_advice_about_an_empty_test_split_leads_to_test_tickets(
    project, bob, browser_of
):
    recipe = {"min_per_class": 1, "shares": {"TRAIN": 0.5, "TEST": 0.5}}
    records = settle_many(project, 40)
    Verdict.objects.update(grade="ENGINEER")
    for record in records:
        severity = record.verdicts.get().severity
        ReviewFactory.create_batch(2, record=record, severity=severity)
    browser = browser_of(bob)

    before = preview(project=project, recipe=recipe)
    for _ in records:
        page = browser.get(ADJUDICATION_PAGE, follow=True)
        browser.post(f"{PAGE}{page.context['record'].pk}/", DECISION)
    after = preview(project=project, recipe=recipe)

    (finding,) = (f for f in before.findings if f.item == "TEST")
    assert (finding.rule, finding.severity) == ("split_empty", "W")
    assert ADJUDICATION_PAGE in finding.fix
    assert resolve(ADJUDICATION_PAGE).url_name == "annotation_adjudication"
    assert not {"split_empty", "gold_waiting"} & {
        f.rule for f in after.findings if f.item == "TEST" or f.rule == "gold_waiting"
    }
    assert Review.objects.count() == 80


@pytest.mark.parametrize("rows", [1, 20])
def test_the_page_needs_the_same_few_queries_however_many_are_settled(
    project, bob, browser_of, django_assert_max_num_queries, rows
):
    for _ in range(rows):
        reviewed(project, "high", "high")
    browser = browser_of(bob)
    browser.get(PAGE)

    with django_assert_max_num_queries(20):
        assert browser.get(PAGE).status_code == 200


@pytest.mark.parametrize(("who", "shown"), [("bob", True), ("carol", False)])
def test_the_list_of_verdicts_leads_seniors_to_adjudication(
    project, request, browser_of, who, shown
):
    person = request.getfixturevalue(who)
    person.memberships.update(role="LEAD")

    page = browser_of(person).get("/admin/annotation/verdict/")

    link = 'href="/admin/annotation/verdict/adjudicate/"'
    assert (link in page.content.decode()) is shown
