"""The wizard, projects, people and tokens in the admin."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from annotation.models import ApiToken, Membership, Project, Reviewer
from tests.factories import MembershipFactory, ReviewerFactory, UserFactory

pytestmark = pytest.mark.django_db
WIZARD = "/admin/annotation/project/wizard/"


@pytest.fixture
def root(db) -> User:
    return UserFactory(username="root", is_superuser=True)


def wishes(**more) -> dict:
    return {
        "name": "Core Network",
        "levels": "p1\np2\np3\n",
        "reviews_wanted": 3,
        "own_grade": "SENIOR",
        "invited": "Bob Stone, senior\nCarol\n",
        **more,
    }


def test_the_wizard_opens_a_project_with_its_people(browser_of, root):
    known = ReviewerFactory(name="Dana")
    browser = browser_of(root)

    answer = browser.post(WIZARD, wishes(reviewers=[known.pk]))
    ready = browser.get(answer["Location"]).content.decode()

    project = Project.objects.get()
    assert (project.slug, project.scale.keys) == ("core-network", ("p1", "p2", "p3"))
    assert project.reviews_wanted == 3
    roles = {m.user.username: m.role for m in Membership.objects.all()}
    assert roles == {
        "root": "LEAD",
        known.user.username: "REVIEWER",
        "bob-stone": "SENIOR",
        "carol": "REVIEWER",
    }
    assert Reviewer.objects.get(name="Bob Stone").grade == "SENIOR"
    assert Reviewer.objects.get(name="Carol").grade == "ENGINEER"
    assert Reviewer.objects.get(user=root).grade == "SENIOR"
    assert "set a password for bob-stone" in ready
    assert f"{reverse('admin:annotation_importbatch_upload')}?project=" in ready


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"levels": "only"}, "two levels"),
        ({"levels": "a\na"}, "repeated"),
        ({"slug": "noc"}, "exists already"),
        ({"invited": "Bob, chief"}, "Grades"),
        ({"reviews_wanted": 0}, "greater than or equal to 1"),
        ({"name": ""}, "required"),
    ],
)
def test_what_the_wizard_cannot_do_it_says_beside_the_field(
    browser_of, root, project, wish, words
):
    answer = browser_of(root).post(WIZARD, wishes(**wish))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Project.objects.count() == 1
    assert not User.objects.filter(username="bob-stone").exists()


@pytest.mark.parametrize("name", ["alice", "bob", "erin", "frank", "grace", "mallory"])
def test_only_those_who_may_add_projects_see_the_wizard(request, browser_of, name):
    browser = browser_of(request.getfixturevalue(name))

    assert browser.get(WIZARD).status_code == 403


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("alice", {"project": 200, "reviewer": 200, "guidelines": 200}),
        ("bob", {"project": 200, "reviewer": 403, "guidelines": 200}),
        ("erin", {"project": 200, "reviewer": 200, "guidelines": 200}),
        ("frank", {"project": 200, "reviewer": 403, "guidelines": 403}),
        ("grace", {"project": 200, "reviewer": 200, "guidelines": 200}),
    ],
)
def test_who_sees_which_table(request, browser_of, name, codes):
    browser = browser_of(request.getfixturevalue(name))

    for table, code in codes.items():
        url = reverse(f"admin:annotation_{table}_changelist")
        assert (table, browser.get(url).status_code) == (table, code)


def test_a_lead_changes_root_causes_and_people_but_never_levels(
    browser_of, alice, bob, project
):
    url = reverse("admin:annotation_project_change", args=[project.pk])
    members = list(project.memberships.order_by("pk"))
    data = {
        "name": "NOC",
        "causes": "bad optic\nfiber cut\nbad optic\n",
        "reviews_wanted": 3,
        "lease_minutes": 20,
        "later_facts": "NEVER",
        "random_share": "0.2",
        "gold_share": "0.1",
        "repeat_share": "0",
        "repeat_after_days": 30,
        "shows_suggestions": "on",
        "is_active": "on",
        "levels": "[]",
        "memberships-TOTAL_FORMS": len(members),
        "memberships-INITIAL_FORMS": len(members),
    }
    for place, member in enumerate(members):
        data |= {
            f"memberships-{place}-id": member.pk,
            f"memberships-{place}-project": project.pk,
            f"memberships-{place}-user": member.user_id,
            f"memberships-{place}-role": "ML" if member.user == bob else member.role,
        }

    answer = browser_of(alice).post(url, data)

    project.refresh_from_db()
    assert answer.status_code == 302
    assert project.root_causes == ["bad optic", "fiber cut"]
    assert project.reviews_wanted == 3
    assert (project.later_facts, project.repeat_after_days) == ("NEVER", 30)
    shares = (project.random_share, project.gold_share, project.repeat_share)
    assert shares == (0.2, 0.1, 0)
    assert (project.shows_suggestions, project.shows_similar) == (True, False)
    assert len(project.levels) == 4
    assert project.memberships.get(user=bob).role == "ML"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"random_share": "1.5"}, "A fraction from 0 to 1."),
        ({"gold_share": "0.6"}, "A fraction from 0 to 0.5."),
        ({"repeat_share": "-0.1"}, "A fraction from 0 to 0.5."),
        ({"random_share": "0.9", "gold_share": "0.2"}, "more than all seats"),
        ({"lease_minutes": "0"}, "At least 1."),
        ({"later_facts": "SOMETIMES"}, "Select a valid choice"),
        ({"random_share": "nan"}, "Enter a number."),
    ],
)
def test_a_lead_is_told_which_setting_of_the_desk_cannot_be(
    browser_of, alice, project, given, words
):
    url = reverse("admin:annotation_project_change", args=[project.pk])
    settings = {
        "lease_minutes": 10,
        "later_facts": "OFFERED",
        "random_share": "0.1",
        "gold_share": "0.05",
        "repeat_share": "0.03",
        "repeat_after_days": 14,
    }
    form = {
        "name": "NOC",
        "reviews_wanted": 2,
        "is_active": "on",
        "memberships-TOTAL_FORMS": 0,
        "memberships-INITIAL_FORMS": 0,
    }

    browser = browser_of(alice)
    answer = browser.post(url, form | settings | given)
    page = browser.get(url).content.decode()

    project.refresh_from_db()
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert project.random_share == 0.0
    assert "Share of seats given at gold records." in page
    assert "Label desk</h2>" in page


def test_a_reader_only_looks(browser_of, grace, project):
    url = reverse("admin:annotation_project_change", args=[project.pk])

    browser = browser_of(grace)

    assert browser.get(url).status_code == 200
    assert browser.post(url, {"name": "Mine"}).status_code == 403


def test_a_lead_elsewhere_cannot_change_this_project(browser_of, bob, project):
    MembershipFactory(user=bob, role="LEAD")
    url = reverse("admin:annotation_project_change", args=[project.pk])

    assert browser_of(bob).post(url, {"name": "Mine"}).status_code == 403


def test_a_lead_grades_their_own_people_only(browser_of, alice, bob, mallory):
    own = reverse("admin:annotation_reviewer_change", args=[bob.reviewer.pk])
    other = reverse("admin:annotation_reviewer_change", args=[mallory.reviewer.pk])
    browser = browser_of(alice)

    browser.post(own, {"name": "bob", "grade": "PRINCIPAL", "is_active": "on"})
    away = browser.post(other, {"name": "mallory", "grade": "JUNIOR"})

    bob.reviewer.refresh_from_db()
    assert bob.reviewer.grade == "PRINCIPAL"
    assert away.status_code == 302
    mallory.reviewer.refresh_from_db()
    assert mallory.reviewer.grade == "PRINCIPAL"


def test_a_token_is_shown_once_and_works(browser_of, frank, project, client):
    browser = browser_of(frank)
    url = reverse("admin:annotation_apitoken_add")

    shown = browser.post(url, {"name": "itsm", "days": 30, "user": frank.pk})
    secret = re.search(r"netft_[\w-]{20,}", shown.content.decode())[0]
    listed = browser.get(reverse("admin:annotation_apitoken_changelist"))
    answer = client.get(
        "/api/v1/projects/noc/records/",
        headers={"authorization": f"Bearer {secret}"},
    )

    assert answer.status_code == 200
    assert secret not in listed.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert secret not in str(ApiToken.objects.values().get())


def test_nobody_issues_or_revokes_tokens_of_others(browser_of, frank, alice):
    browser_of(alice).post(
        reverse("admin:annotation_apitoken_add"),
        {"name": "mine", "days": 30, "user": alice.pk},
    )
    browser = browser_of(frank)

    refused = browser.post(
        reverse("admin:annotation_apitoken_add"),
        {"name": "theirs", "days": 30, "user": alice.pk},
    )
    browser.post(
        reverse("admin:annotation_apitoken_changelist"),
        {"action": "revoke", "_selected_action": [ApiToken.objects.get().pk]},
    )

    assert refused.status_code == 422
    assert ApiToken.objects.get().revoked_at is None


def test_a_token_is_revoked_by_its_owner(browser_of, alice):
    browser = browser_of(alice)
    browser.post(
        reverse("admin:annotation_apitoken_add"),
        {"name": "mine", "days": 30, "user": alice.pk},
    )

    browser.post(
        reverse("admin:annotation_apitoken_changelist"),
        {"action": "revoke", "_selected_action": [ApiToken.objects.get().pk]},
    )

    assert ApiToken.objects.get().revoked_at is not None
