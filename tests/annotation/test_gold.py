"""Gold records: chosen where the answer is sure, retired, flagged, and kept secret."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from annotation.models import Gold
from annotation.services import gold
from tests.factories import (
    GoldFactory,
    ProjectFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)

pytestmark = pytest.mark.django_db
LIST = "admin:annotation_gold_changelist"
CHOOSE = "admin:annotation_gold_choose"
CAST = ["alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory"]


def _known(project, **more):
    """A settled record on which a senior agreed."""
    record = RecordFactory(project=project, state="SETTLED")
    return VerdictFactory(record=record, **more).record


def _add(project, by, *records, reason=""):
    return gold.add(
        project=project,
        record_ids=[record.pk for record in records],
        by=by,
        now=timezone.now(),
        reason=reason,
    )


def test_severity_and_root_cause_are_the_verdicts(project, alice):
    record = _known(project, severity="low", root_cause="optics")

    [made] = _add(project, alice, record)

    assert (made.severity, made.root_cause) == ("low", "optics")
    assert made.reason == "2 reviewers agreed, a senior among them."


def test_a_seniors_decision_brings_its_reason(project, alice):
    record = _known(
        project,
        method="ADJUDICATED",
        adjudicated_by=ReviewerFactory(grade="SENIOR"),
        reason="Two sites lose voice.",
    )

    assert _add(project, alice, record)[0].reason == "Two sites lose voice."


@pytest.mark.parametrize(
    "shaky",
    [
        {"grade": "ENGINEER"},
        {"method": "MAJORITY"},
        {"method": "SINGLE_SOURCE", "reviews_count": 1},
        {"reviews_count": 1},
        {"severity": "no such level"},
    ],
)
def test_a_shaky_answer_never_becomes_gold(project, alice, shaky):
    with pytest.raises(gold.GoldRefused) as refusal:
        _add(project, alice, _known(project, **shaky))

    assert refusal.value.code == "not_known"
    assert not Gold.objects.exists()


def test_open_foreign_and_golden_records_are_refused_and_nothing_is_made(
    project, alice
):
    fine = _known(project)
    golden = GoldFactory(record=_known(project)).record
    reopened = _known(project)
    reopened.state = "OPEN"
    reopened.save()

    for other in (golden, reopened, _known(ProjectFactory())):
        with pytest.raises(gold.GoldRefused):
            _add(project, alice, fine, other)
    assert Gold.objects.count() == 1


def test_a_typed_reason_passes_the_sanitizer(project, alice):
    [made] = _add(
        project, alice, _known(project), reason="Seen from 10.20.30.40 as well."
    )

    assert "10.20.30.40" not in made.reason


def test_a_gold_record_that_most_miss_is_flagged(project, alice, browser_of):
    row = GoldFactory(record=_known(project))
    for level in ("low", "low", "low", "high", "low"):
        ReviewFactory(record=row.record, purpose="GOLD", severity=level)

    page = browser_of(alice).get(reverse(LIST)).content.decode()

    assert "1 of 5 (4% to 62%)" in page
    assert "check the gold itself" in page


def test_first_answers_are_no_gold_answers_and_a_changed_verdict_shows(
    project, alice, browser_of
):
    row = GoldFactory(record=_known(project, severity="low"), severity="high")
    ReviewFactory(record=row.record, severity="low")

    page = browser_of(alice).get(reverse(LIST)).content.decode()

    assert "not answered yet" in page
    assert "the verdict has changed" in page


def test_retiring_can_be_undone(project, alice, browser_of):
    row = GoldFactory(record=_known(project))
    browser = browser_of(alice)

    def act(action: str) -> str:
        asked = {"action": action, "_selected_action": [row.pk]}
        answer = browser.post(reverse(LIST), asked)
        row.refresh_from_db()
        return str(list(get_messages(answer.wsgi_request))[-1])

    assert "Retired: 1" in act("retire")
    assert not row.is_active
    assert act("restore") == "In use again: 1."
    assert row.is_active


def test_a_record_whose_verdict_changed_is_not_used_again(project):
    row = GoldFactory(record=_known(project, severity="low"), is_active=False)

    with pytest.raises(gold.GoldRefused):
        gold.restore(gold=row)


def test_readers_see_gold_and_retire_nothing(project, grace, browser_of):
    row = GoldFactory(record=_known(project))

    browser_of(grace).post(
        reverse(LIST), {"action": "retire", "_selected_action": [row.pk]}
    )

    row.refresh_from_db()
    assert row.is_active


@pytest.mark.parametrize("name", CAST)
def test_who_sees_gold_and_who_chooses_it(request, project, browser_of, name):
    GoldFactory(record=_known(project))
    browser = browser_of(request.getfixturevalue(name))
    listed = {"alice": 200, "erin": 200, "grace": 200, "mallory": 200}
    chosen = {"alice": 200, "mallory": 404}

    page = browser.get(reverse(LIST))

    assert page.status_code == listed.get(name, 403)
    if name == "mallory":
        assert not page.context["cl"].queryset.exists()
    url = reverse(CHOOSE, args=[project.slug])
    assert browser.get(url).status_code == chosen.get(name, 403)
    assert browser.post(url).status_code == {"alice": 422}.get(
        name, chosen.get(name, 403)
    )


@pytest.mark.parametrize(
    "asked", ["gold__isnull", "gold__is_active", "reviews__purpose", "claims__purpose"]
)
def test_no_filter_of_records_tells_a_reviewer_what_is_gold(
    project, carol, browser_of, asked
):
    GoldFactory(record=_known(project))
    url = reverse("admin:annotation_record_changelist")

    answer = browser_of(carol).get(url, {asked: "0"})

    assert answer.status_code == 400


def test_no_page_of_a_reviewer_names_gold(project, carol, reviewer_of, browser_of):
    golden, plain = GoldFactory(record=_known(project)).record, _known(project)
    browser = browser_of(carol)
    own = reverse(
        "admin:annotation_reviewer_quality",
        kwargs={"reviewer_id": reviewer_of(carol).pk, "slug": project.slug},
    )

    def page(record) -> str:
        url = reverse("admin:annotation_record_change", args=[record.pk])
        text = browser.get(url).content.decode()
        return text.replace(str(record.pk), "").lower()

    assert "gold" not in page(golden)
    assert "gold" not in page(plain)
    for url in (own, reverse("admin:annotation_progress", args=[project.slug])):
        text = browser.get(url).content.decode()
        assert golden.external_id not in text
        assert "admin/annotation/gold/" not in text


def test_ticked_records_become_gold(project, alice, browser_of):
    record, other = _known(project), _known(project)
    browser, url = browser_of(alice), reverse(CHOOSE, args=[project.slug])
    page = browser.get(url).content.decode()

    answer = browser.post(url, {"record": [record.pk], "reason": "A clear case."})

    assert record.external_id in page
    assert other.external_id in page
    assert answer.status_code == 302
    assert Gold.objects.get().record == record
    assert record.external_id not in browser.get(url).content.decode()


def test_what_was_ticked_stays_ticked_after_a_refusal(project, alice, browser_of):
    record = _known(project)
    url = reverse(CHOOSE, args=[project.slug])

    answer = browser_of(alice).post(url, {"record": [record.pk, "²", "99999"]})

    assert answer.status_code == 422
    assert f'value="{record.pk}"' in answer.content.decode()
    assert " checked>" in answer.content.decode()


@pytest.mark.parametrize("count", [1, 20])
def test_the_pages_cost_the_same_for_few_and_many(
    project, alice, browser_of, django_assert_max_num_queries, count
):
    for _ in range(count):
        GoldFactory(record=_known(project))
        _known(project)
    browser = browser_of(alice)

    with django_assert_max_num_queries(14):
        browser.get(reverse(LIST))
    with django_assert_max_num_queries(10):
        browser.get(reverse(CHOOSE, args=[project.slug]))
