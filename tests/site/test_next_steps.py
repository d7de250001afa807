"""Every step of the dashboard leads to the page that it names."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import NoReverseMatch
from django.utils import timezone

from annotation.models import Membership, Record
from netft_site.dashboard import Step, build_dashboard, steps
from tests.factories import (
    DatasetFactory,
    EvaluationFactory,
    ModelVersionFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    TrainingRunFactory,
    UserFactory,
    VerdictFactory,
)

DESK = "/admin/annotation/review/desk/noc/"
NO_REVIEWER = "You are not set up as a reviewer."


def step_of(user: User) -> Step:
    fresh = User.objects.get(pk=user.pk)
    (board,) = build_dashboard(fresh, now=timezone.now()).projects
    assert board.next_step
    return board.next_step


def heading(html: str) -> str:
    """The text of the page's h1."""
    (found,) = re.findall(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", found).split())


def labeled(project):
    VerdictFactory(record=RecordFactory(project=project, state="SETTLED"))


def held(project):
    RecordFactory(project=project, state="HELD", title="", body="")


def contested(project):
    record = RecordFactory(project=project, state="CONTESTED")
    ReviewFactory(record=record, severity="high")
    ReviewFactory(record=record, severity="low")


def frozen(project):
    RecordFactory(project=project, state="EXCLUDED")
    return DatasetFactory(project=project, frozen=True)


def trained(project):
    dataset = frozen(project)
    run = TrainingRunFactory(project=project, dataset=dataset)
    return dataset, ModelVersionFactory(project=project, run=run)


def evaluated(project):
    dataset, model = trained(project)
    EvaluationFactory(
        model_version=model,
        dataset=dataset,
        status="DONE",
        finished_at=dataset.frozen_at,
    )


SCENES = {
    "Import the first tickets": ("alice", lambda project: None, "Import tickets"),
    "Settle a few contested tickets": ("bob", contested, "Adjudication"),
    "Label the next ticket": (
        "carol",
        lambda project: RecordFactory(project=project),
        "Label desk",
    ),
    "Train on the newest dataset": ("erin", frozen, "Train a model"),
    "Evaluate 1 model": ("erin", trained, "Comparison"),
    "Build a dataset": ("erin", labeled, "Build a dataset"),
    "Read the comparison": ("grace", evaluated, "Comparison"),
    "Decide on 1 held ticket": ("alice", held, "Sanitizing review"),
}


@pytest.mark.parametrize("title", SCENES)
def test_a_step_opens_the_page_it_names_for_whom_it_is_offered(
    project, browser_of, request, title
):
    who, prepare, page = SCENES[title]
    user = request.getfixturevalue(who)
    prepare(project)

    step = step_of(user)
    answer = browser_of(user).get(step.url)

    assert step.title == title
    assert answer.status_code == 200
    assert heading(answer.content.decode()) == page


def test_the_upload_page_is_opened_for_the_project(project, alice, browser_of):
    answer = browser_of(alice).get(step_of(alice).url)

    assert answer.context["form"].initial["project"] == project


def test_an_address_that_does_not_exist_is_an_error():
    for find in (steps.page_url, lambda name: steps.project_page(name, "noc")):
        with pytest.raises(NoReverseMatch):
            find("admin:training_run_start")


def test_held_tickets_lead_to_the_review_before_training(project, alice, erin):
    held(project)
    frozen(project)

    step = step_of(alice)

    assert step.title == "Decide on 1 held ticket"
    assert not step.is_waiting
    assert "kept encrypted and not labeled" in step.reason
    assert step_of(erin).title == "Train on the newest dataset"


def test_the_readmes_path_leads_a_superuser_to_the_desk(db, browser_of, tmp_path):
    boss = User.objects.create_superuser("boss")
    tickets = tmp_path / "tickets.csv"
    tickets.write_text("number,short_description\nINC1,uplink down\n")
    call_command("create_project", "noc", stdout=StringIO())
    options = {"project": "noc", "preset": "servicenow"}
    call_command(
        "import_records", str(tickets), stdout=StringIO(), stderr=StringIO(), **options
    )
    browser = browser_of(boss)

    refused = browser.get(DESK)
    step = step_of(boss)
    page = browser.get(step.url)
    ReviewerFactory(user=boss)

    assert refused.status_code == 403
    assert NO_REVIEWER in refused.content.decode()
    assert f'href="{step.url}"' in refused.content.decode()
    assert step.title == "Add reviewers"
    assert heading(page.content.decode()) == "Add reviewer"
    assert step_of(boss).title == "Label the next ticket"
    assert browser.get(step_of(boss).url).status_code == 200


def test_reviewers_of_elsewhere_are_given_a_role_on_the_projects_page(
    project, mallory, browser_of
):
    lead = UserFactory(username="lead", is_staff=True)
    project.memberships.create(user=lead, role=Membership.Role.LEAD)
    RecordFactory(project=project)

    step = step_of(lead)
    page = browser_of(lead).get(step.url)

    assert step.title == "Add reviewers"
    assert step.url == f"/admin/annotation/project/{project.pk}/change/"
    assert page.status_code == 200
    assert "memberships-0-role" in page.content.decode()


@pytest.mark.parametrize("who", ["carol", "alice"])
def test_nobody_is_asked_for_reviewers_where_some_can_label(project, who, request):
    request.getfixturevalue("bob")
    user = request.getfixturevalue(who)
    record = RecordFactory(project=project)
    ReviewFactory(record=record, reviewer=user.reviewer)

    assert step_of(user).title == "Nothing for you to do here now"


def test_accounts_that_an_import_made_do_not_count_as_reviewers(project, alice):
    alice.reviewer.delete()
    RecordFactory(project=project)
    named = UserFactory(is_active=False)
    ReviewerFactory(user=named)
    project.memberships.create(user=named, role=Membership.Role.REVIEWER)

    assert step_of(alice).url == "/admin/annotation/reviewer/add/"


def test_a_refusal_gives_its_reason_and_offers_only_what_one_may_open(
    project, carol, erin, browser_of
):
    carol.memberships.update(role="SENIOR")
    junior = browser_of(carol).get("/admin/annotation/verdict/adjudicate/noc/")
    carol.reviewer.delete()
    unknown = browser_of(carol).get(DESK).content.decode()
    reader = browser_of(erin).get(DESK).content.decode()

    assert "Only seniors adjudicate." in junior.content.decode()
    assert NO_REVIEWER in unknown
    assert "Ask a project lead" in unknown
    assert "/admin/annotation/reviewer/" not in unknown
    assert "Your role in this project does not include it." in reader


def test_the_import_does_not_promise_a_page_for_held_rows(project, tmp_path):
    path = tmp_path / "tickets.csv"
    path.write_text("id,text\n1,link \N{REPLACEMENT CHARACTER} down\n")
    out = StringIO()

    call_command("import_records", str(path), project="noc", stdout=out, stderr=out)

    assert Record.objects.held().count() == 1
    assert "kept encrypted and not labeled" in out.getvalue()
    assert "console" not in out.getvalue()
