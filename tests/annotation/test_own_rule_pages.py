"""A project's own rules in the admin: preview, saving, new versions, withdrawing."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import SanitizingRule
from annotation.services import importing, own_rules
from tests.factories import (
    MembershipFactory,
    ProjectFactory,
    RecordFactory,
    SanitizingRuleFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
LIST = reverse("admin:annotation_sanitizingrule_changelist")
ADD = reverse("admin:annotation_sanitizingrule_add")


def page_of(rule) -> str:
    return reverse("admin:annotation_sanitizingrule_change", args=[rule.pk])


def send(browser, project, action="save", **more):
    given = {
        "project": project.pk,
        "name": "contract",
        "span_type": "circuit",
        "pattern": r"\bCTR-\d{6}\b",
        "must": "see CTR-123456\nCTR-654321 too\n",
        "must_not": "CTR-12 is a part",
        "action": action,
    }
    return browser.post(ADD, {**given, **more})


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("alice", 200),
        ("bob", 403),
        ("carol", 403),
        ("erin", 403),
        ("frank", 403),
        ("grace", 403),
    ],
)
@pytest.mark.parametrize("page", [LIST, ADD])
def test_only_leads_see_the_rules(request, browser_of, page, who, code):
    browser = browser_of(request.getfixturevalue(who))

    assert browser.get(page).status_code == code


@pytest.mark.parametrize("who", ["bob", "erin", "frank", "grace"])
def test_others_neither_preview_nor_save_nor_withdraw(
    request, browser_of, project, who
):
    rule = SanitizingRuleFactory(project=project)
    browser = browser_of(request.getfixturevalue(who))

    codes = [
        send(browser, project).status_code,
        send(browser, project, action="preview").status_code,
        browser.post(
            LIST,
            {"action": "withdraw", "_selected_action": [rule.pk], "confirmed": "yes"},
        ).status_code,
        browser.get(page_of(rule)).status_code,
    ]

    assert codes == [403] * 4
    assert list(SanitizingRule.objects.in_force()) == [rule]


def test_an_empty_list_says_what_a_rule_is_for(browser_of, alice):
    page = browser_of(alice).get(LIST).content.decode()

    assert "No rules of your own yet" in page
    assert f'href="{ADD}"' in page


def test_a_rule_is_saved_and_its_numbers_are_shown(browser_of, alice, project):
    RecordFactory(project=project, body="one CTR-111111 in it")
    browser = browser_of(alice)

    answer = send(browser, project)
    rule = SanitizingRule.objects.get()
    page = browser.get(answer["Location"]).content.decode()
    listed = browser.get(LIST).content.decode()

    assert answer["Location"] == page_of(rule)
    assert (rule.must, rule.must_not) == (
        ["see CTR-123456", "CTR-654321 too"],
        ["CTR-12 is a part"],
    )
    assert rule.created_by == alice
    assert "The rule contract is in force." in page
    assert f"{rule.measured['recall']:.1%}" in page
    assert f"0 of {rule.measured['clean']}" in page
    assert f"{rule.measured['ms_per_mb']:,.1f} ms" in listed
    assert "Circuit or contract number" in listed


@pytest.mark.parametrize(
    ("wish", "field", "words"),
    [
        ({"pattern": "("}, "pattern", "RE2 cannot read it"),
        ({"must": "CTR-123456\nCTR-1"}, "must", "Line 2 of the lines that must match"),
        ({"must_not": "CTR-123456"}, "must_not", "Line 1 of the lines that must not"),
        ({"must": ""}, "must", "required"),
        ({"name": ""}, "name", "required"),
        ({"span_type": "ipv4"}, "span_type", ""),
        ({"span_type": "x"}, "span_type", "valid choice"),
        ({"pattern": r"\w+"}, "pattern", "would no longer be found"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    browser_of, alice, project, wish, field, words
):
    answer = send(browser_of(alice), project, **{"must_not": "", **wish})

    assert answer.status_code == 422
    assert any(words in error for error in answer.context["form"].errors[field])
    assert words in answer.content.decode()
    assert not SanitizingRule.objects.exists()


def test_a_preview_highlights_what_would_go_and_saves_nothing(
    browser_of, alice, project
):
    importing.add(
        project=project,
        rows=[
            {"external_id": "A", "body": "ask jane.doe@example.org of CTR-111111 <b>"}
        ],
        now=timezone.now(),
    )

    answer = send(browser_of(alice), project, action="preview", name="", must="")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<mark>CTR-111111</mark> &lt;b&gt;" in page
    assert "1 place in 1 of the newest 1 record" in page
    assert 'class="chip chip-mail' in page
    assert "jane.doe" not in page
    assert not SanitizingRule.objects.exists()


def test_a_preview_without_matches_or_records_says_so(browser_of, alice, project):
    browser = browser_of(alice)

    none = send(browser, project, action="preview").content.decode()
    RecordFactory(project=project)
    nothing = send(browser, project, action="preview").content.decode()

    assert "no sanitized text yet" in none
    assert "Nothing in them" in nothing


def test_a_bad_pattern_is_told_in_a_preview_too(browser_of, alice, project):
    answer = send(browser_of(alice), project, action="preview", pattern="[")

    assert answer.status_code == 422
    assert "RE2 cannot read it" in answer.content.decode()


def test_no_rule_is_written_for_a_project_of_others(browser_of, alice):
    other = ProjectFactory(slug="secret", name="Secret team")
    RecordFactory(project=other, body="CTR-111111 of somebody")
    browser = browser_of(alice)

    saved = send(browser, other)
    shown = send(browser, other, action="preview")

    assert (saved.status_code, shown.status_code) == (422, 422)
    assert "of somebody" not in shown.content.decode()
    assert "Secret team" not in saved.content.decode()


def test_rules_of_other_projects_cannot_be_seen_or_copied(browser_of, alice, project):
    other = SanitizingRuleFactory(project=ProjectFactory(), name="hidden rule")
    MembershipFactory(user=alice, project=other.project, role="READER")
    SanitizingRuleFactory(project=project, name="known rule")
    browser = browser_of(alice)

    listed = browser.get(LIST).content.decode()
    copied = browser.get(ADD, {"like": other.pk}).content.decode()

    assert "known rule" in listed
    assert "hidden rule" not in listed
    assert "hidden rule" not in copied


def test_a_new_version_begins_with_the_old_one_and_takes_its_place(
    browser_of, alice, project
):
    send(browser_of(alice), project)
    old = SanitizingRule.objects.get()
    browser = browser_of(alice)

    page = browser.get(page_of(old)).content.decode()
    begun = browser.get(ADD, {"like": old.pk})
    send(browser, project, pattern=r"\bCTR-\d{6,9}\b")

    assert f"{ADD}?like={old.pk}" in page
    assert begun.context["form"].initial["must"] == "see CTR-123456\nCTR-654321 too"
    old.refresh_from_db()
    assert old.withdrawn_at is not None
    assert SanitizingRule.objects.in_force().get().pattern == r"\bCTR-\d{6,9}\b"


@pytest.mark.parametrize("like", ["abc", "²", "1" * 30, "0"])
def test_a_version_of_no_rule_is_an_empty_form(browser_of, alice, like):
    answer = browser_of(alice).get(ADD, {"like": like})

    assert answer.status_code == 200
    assert answer.context["form"].initial == {}


def test_a_rule_is_withdrawn_after_a_question_and_never_edited(
    browser_of, alice, project
):
    rule = SanitizingRuleFactory(project=project)
    browser = browser_of(alice)
    chosen = {"action": "withdraw", "_selected_action": [rule.pk]}

    asked = browser.post(LIST, chosen).content.decode()
    edited = browser.post(page_of(rule), {"pattern": "x"})
    browser.post(LIST, {**chosen, "confirmed": "yes"})

    assert rule.name in asked
    assert edited.status_code == 403
    assert not SanitizingRule.objects.in_force().exists()


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_costs_the_same_queries_at_any_length(
    browser_of, alice, project, django_assert_max_num_queries, count
):
    SanitizingRuleFactory.create_batch(
        count, project=project, created_by=UserFactory(), measured={"recall": 0.995}
    )
    browser = browser_of(alice)

    with django_assert_max_num_queries(12):
        page = browser.get(LIST)

    assert page.content.decode().count("99.5%") == count


@pytest.mark.parametrize("count", [1, 40])
def test_a_preview_costs_the_same_queries_at_any_length(
    project, django_assert_num_queries, count
):
    RecordFactory.create_batch(count, project=project, body="one CTR-111111 in it")

    with django_assert_num_queries(1):
        shown = own_rules.preview(
            project=project, span_type="circuit", pattern=r"CTR-\d{6}"
        )

    assert shown.changed == count
