"""New guidelines open what they touch for a new round, and it can be undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.domain import priority
from annotation.models import BulkAct, Claim, Guidelines, Record, Review, Verdict
from annotation.services import (
    adjudicating,
    bulk_undoing,
    rereviewing,
    seating,
    settling,
)
from annotation.services.bulk_orders import BulkRefused
from annotation.services.touching import Touched
from tests.annotation.adjudication import DECISION, answered
from tests.annotation.desk_seats import DESK, answer, seated
from tests.annotation.desk_seats import seat as desk_seat
from tests.factories import ReviewerFactory, ReviewFactory, VerdictFactory

AT = "/admin/annotation/guidelines/of/noc/"


@pytest.fixture
def version(project) -> Guidelines:
    return Guidelines.objects.create(project=project, version=3, markdown="rules")


def opened(version, by, **touched: object) -> BulkAct:
    touched = touched or {"categories": ("wan",)}
    return rereviewing.open_rereview(
        project=version.project,
        guidelines=version,
        touched=Touched(**touched),
        by=by,
        reason="A ring cut is high.",
        now=timezone.now(),
    )


def undone(act, by) -> BulkAct:
    return bulk_undoing.start(act_id=act.pk, by=by, now=timezone.now())


def facts(record: Record) -> tuple[object, ...]:
    row = Record.objects.values_list(
        "round", "state", "priority", "queued_because", "decided_at"
    ).get(pk=record.pk)
    current = [
        list(table.objects.filter(record=record, is_current=True).values_list("pk"))
        for table in (Review, Verdict)
    ]
    seats = list(Claim.objects.filter(record=record).values_list("pk", "state"))
    return (*row, *current, seats)


def seat(record: Record, review: Review, state: str = "DONE", **more: object) -> Claim:
    now = timezone.now()
    return Claim.objects.create(
        record=record, reviewer=review.reviewer, project=record.project, state=state,
        opened_at=now, expires_at=now + timedelta(minutes=5), **{"slot": 0, **more},
    )  # fmt: skip


def test_a_touched_record_begins_a_new_round(project, version, alice):
    record = answered(project, "high", "high", category="wan")
    other = answered(project, "high", "high", category="lan")
    before = facts(other)
    claim = seat(record, record.reviews.first())

    act = opened(version, alice)

    record.refresh_from_db()
    assert (record.round, record.state, record.decided_at) == (2, "OPEN", None)
    assert record.queued_because == "guidelines v3"
    assert record.priority == priority.GUIDELINES
    assert not Review.objects.independent_first_pass().filter(record=record).exists()
    assert Review.objects.filter(record=record).count() == 2
    assert Verdict.objects.filter(record=record, is_current=False).count() == 1
    claim.refresh_from_db()
    assert claim.state == "RELEASED"
    assert (act.kind, act.count, act.guidelines) == ("REREVIEW", 1, version)
    assert facts(other) == before


def test_new_answers_settle_it_anew_and_old_ones_do_not_count(project, version, alice):
    record = answered(project, "high", "high", category="wan")
    reviewers = [review.reviewer for review in record.reviews.all()]
    opened(version, alice)

    for reviewer in reviewers:
        ReviewFactory(record=record, reviewer=reviewer, severity="low", round=2)
    settling.settle_records(project=project)

    verdict = Verdict.objects.current().get(record=record)
    assert (verdict.severity, verdict.reviews_count) == ("low", 2)
    (found,) = rereviewing.rereviews_of(project=project)
    assert (found.answered, found.act.count) == (1, 1)


def test_undo_puts_everything_back(project, version, alice):
    records = [
        answered(project, "high", "high", category="wan", priority=90),
        answered(project, "high", "low", category="wan"),
        answered(project, "high", category="wan"),
    ]
    seat(records[0], records[0].reviews.first())
    before = [facts(record) for record in records]

    act = opened(version, alice)
    found = undone(act, alice)

    assert [facts(record) for record in records] == before
    assert (found.restored, found.left_alone) == (3, {})
    with pytest.raises(BulkRefused) as refusal:
        undone(act, alice)
    assert refusal.value.code == "undone"


def test_undo_leaves_alone_what_was_answered_or_is_being_answered(
    project, version, alice
):
    given, sat, free, gone = (
        answered(project, "high", "high", category="wan") for _ in range(4)
    )
    act = opened(version, alice)
    first = given.reviews.first()
    ReviewFactory(record=given, reviewer=first.reviewer, round=2)
    seat(sat, sat.reviews.first(), "OPEN", round=2)
    Record.objects.filter(pk=gone.pk).update(state="EXCLUDED")

    found = undone(act, alice)

    left = {"answered since": 2, "changed since": 1}
    assert (found.restored, found.left_alone) == (1, left)
    states = {r.pk: (r.round, r.state) for r in Record.objects.all()}
    assert states[free.pk] == (1, "SETTLED")
    assert states[given.pk] == states[sat.pk] == (2, "OPEN")
    assert states[gone.pk] == (2, "EXCLUDED")


def test_undo_outlives_a_sources_verdict_that_stood_in(project, version, alice):
    record = answered(project, "high", "high", category="wan")
    act = opened(version, alice)
    VerdictFactory(record=record, method="SINGLE_SOURCE", severity="low")

    undone(act, alice)

    assert Verdict.objects.current().get(record=record).method == "UNANIMOUS"


def test_what_seniors_decided_is_left_alone_unless_asked(project, version, alice):
    senior = ReviewerFactory(grade="SENIOR")
    decided = answered(project, "high", "low", category="wan")
    gap = {**DECISION, "disagreement": "GUIDELINE_GAP"}
    adjudicating.decide(record=decided, reviewer=senior, **gap)
    plain = answered(project, "high", "high", category="wan")

    found = rereviewing.preview(guidelines=version, touched=Touched(("wan",)))
    act = opened(version, alice)
    whole = opened(version, alice, gaps=True, with_adjudicated=True)

    assert (found.count, found.adjudicated, found.sample) == (1, 1, [plain])
    assert (act.count, whole.count) == (1, 1)
    decided.refresh_from_db()
    assert (decided.state, decided.round) == ("OPEN", 2)
    assert undone(whole, alice).restored == 1
    assert Verdict.objects.adjudicated().get().record == decided


@pytest.mark.parametrize(
    ("touched", "names"),
    [
        ({"levels": ("high",)}, "ab"),
        ({"root_causes": ("optics",)}, "b"),
        ({"categories": ("wan", "lan"), "levels": ("low",)}, "c"),
        ({"categories": ("wan", "lan")}, "abc"),
    ],
)
def test_what_is_touched_is_named_by_category_level_and_cause(
    project, version, alice, touched, names
):
    project.root_causes = ["optics"]
    project.save()
    answered(project, "high", "high", category="wan", external_id="a")
    optics = answered(project, "high", "high", category="lan", external_id="b")
    Verdict.objects.filter(record=optics).update(root_cause="optics")
    answered(project, "low", "low", category="lan", external_id="c")
    answered(project, category="wan", external_id="unanswered")

    found = rereviewing.preview(guidelines=version, touched=Touched(**touched))

    assert {record.external_id for record in found.sample} == set(names)


def test_answers_under_the_new_version_are_not_asked_again(project, version, alice):
    record = answered(project, "high", "high", category="wan")
    Review.objects.filter(record=record).update(guidelines=version)

    with pytest.raises(rereviewing.RereviewRefused) as refusal:
        opened(version, alice)

    assert refusal.value.code == "nothing_touched"


def test_an_answer_begun_under_the_old_version_counts_in_no_new_round(
    project, version, alice, bob, browser_of
):
    record = answered(project, "high", category="wan", reviews_wanted=2)
    browser = seated(browser_of, bob)
    claim = Claim.objects.get(reviewer=bob.reviewer)
    opened(version, alice)

    form = {"action": "submit", "claim": claim.pk, "severity": "low"}
    page = browser.post(DESK, form, follow=True).content.decode()

    review = Review.objects.get(reviewer=bob.reviewer)
    again = seating.open_seat(project=project, reviewer=bob.reviewer)
    assert (review.round, review.is_current) == (1, False)
    assert "opened again under new guidelines" in page
    assert (again.record, again.round) == (record, 2)
    assert answer(again, "low").guidelines == version


@pytest.mark.parametrize("purpose", ["GOLD", "REPEAT"])
def test_who_was_tested_on_a_record_answers_in_its_new_round(
    project, version, alice, purpose
):
    record = answered(project, "high", "high", category="wan")
    tested = record.reviews.first().reviewer
    if purpose == "GOLD":
        tested = ReviewerFactory()
    ReviewFactory(record=record, reviewer=tested, purpose=purpose)
    before = facts(record)

    act = opened(version, alice)
    claim = desk_seat(project, tested)
    seating.release(claim_id=claim.pk, reviewer=tested)
    undone(act, alice)

    assert (claim.record, claim.purpose, claim.round) == (record, "FIRST", 2)
    assert facts(record)[:-1] == before[:-1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "nothing_named"),
        ({"levels": ("gone",)}, "unknown_level"),
        ({"root_causes": ("gremlins",)}, "unknown_root_cause"),
    ],
)
def test_what_is_not_the_projects_words_is_refused(version, alice, change, code):
    with pytest.raises(rereviewing.RereviewRefused) as refusal:
        rereviewing.preview(guidelines=version, touched=Touched(**change))

    assert refusal.value.code == code


def test_an_older_version_asks_for_nothing(project, version, alice):
    answered(project, "high", "high", category="wan")
    Guidelines.objects.create(project=project, version=4, markdown="newer")

    with pytest.raises(rereviewing.RereviewRefused) as refusal:
        opened(version, alice)

    assert refusal.value.code == "old_version"


def test_the_page_counts_opens_and_undoes(project, version, alice, browser_of):
    record = answered(project, "high", "high", category="wan")
    browser = browser_of(alice)
    page = f"{AT}3/re-review/"
    asked = {"categories": "wan"}

    looked = browser.get(page, asked).content.decode()
    before = facts(record)
    done = browser.post(page, {**asked, "reason": "Ring cuts."}, follow=True)
    act = BulkAct.objects.get()
    history = f"/admin/annotation/bulkact/{act.pk}/"
    shown = browser.get(f"{history}change/").content.decode()
    back = browser.post(f"{history}undo/", follow=True)

    assert "Open 1 ticket for re-review" in looked
    assert before[0] == 1
    assert "1 ticket is open for re-review." in done.content.decode()
    assert "0 of 1" in done.content.decode()
    assert f'href="{history}change/"' in done.content.decode()
    assert "Opened for re-review, version 3" in shown
    assert "categories: wan" in shown
    assert "1 of 1 records are as they were." in back.content.decode()
    assert facts(record) == before


CAST = ["alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory"]


@pytest.mark.parametrize(
    ("who", "status"), list(zip(CAST, [302, *[403] * 6, 404], strict=True))
)
def test_leads_alone_open_and_undo(
    request, project, version, browser_of, who, status, django_user_model
):
    answered(project, "high", "high", category="wan")
    lead = django_user_model.objects.create(username="someone")
    answered(project, "high", "high", category="lan")
    act = opened(version, lead, categories=("lan",))
    browser = browser_of(request.getfixturevalue(who))

    first = browser.post(f"{AT}3/re-review/", {"categories": "wan", "reason": "x"})
    undo = f"/admin/annotation/bulkact/{act.pk}/undo/"
    second = browser.post(undo)

    # Who may not even read the history finds nothing there.
    reads = who in ("alice", "erin", "grace")
    assert first.status_code == status
    assert second.status_code == (status if reads else 404)
    assert browser.get(undo).status_code == 405
