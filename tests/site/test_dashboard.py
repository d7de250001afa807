"""The dashboard: stations, one next step for each role, few queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.models import Project, Verdict
from netft_site.dashboard import ProjectBoard, build_dashboard
from tests.factories import (
    DatasetFactory,
    EvaluationFactory,
    ModelVersionFactory,
    ProjectFactory,
    RecordFactory,
    ReviewFactory,
    TrainingRunFactory,
    VerdictFactory,
)

PAGE = "/admin/"


def board_of(user: User) -> ProjectBoard:
    """Return the only board of a fresh look by `user`."""
    fresh = User.objects.get(pk=user.pk)
    (board,) = build_dashboard(fresh, now=timezone.now()).projects
    return board


def settle(project: Project, n: int) -> None:
    for record in RecordFactory.create_batch(n, project=project, state="SETTLED"):
        VerdictFactory(record=record)


def freeze(project: Project):
    return DatasetFactory(project=project, frozen=True)


def test_an_empty_project_asks_its_lead_for_tickets(alice):
    board = board_of(alice)

    assert board.next_step.title == "Import the first tickets"
    assert [s.count for s in board.stations] == [0] * 6
    assert board.stations[0].state == "current"
    assert {s.state for s in board.stations[1:]} == {"waiting"}


def test_who_may_not_import_is_told_to_wait(bob):
    step = board_of(bob).next_step

    assert step.is_waiting
    assert step.url == ""
    assert "lead imports" in step.reason


def test_a_labeler_is_sent_to_the_desk(project, carol):
    RecordFactory.create_batch(3, project=project)

    step = board_of(carol).next_step

    assert step.station == "Label desk"
    assert step.reason.startswith("A few tickets")


def test_who_has_answered_everything_is_not_sent_to_the_desk(
    project, carol, reviewer_of
):
    ReviewFactory(record=RecordFactory(project=project), reviewer=reviewer_of(carol))

    step = board_of(carol).next_step

    assert step.is_waiting


def test_contested_records_come_first_for_seniors_only(project, bob, carol):
    RecordFactory(project=project, state="CONTESTED")
    RecordFactory(project=project)

    assert board_of(bob).next_step.title == "Settle a few contested tickets"
    assert board_of(carol).next_step.station == "Label desk"


def test_a_lead_is_told_of_held_records(project, alice):
    RecordFactory.create_batch(2, project=project, state="HELD", title="", body="")

    board = board_of(alice)

    assert board.next_step.title == "Decide on 2 held tickets"
    assert board.stations[0].detail == "records, 2 held"


def test_verdicts_become_a_dataset(project, erin):
    settle(project, 2)

    step = board_of(erin).next_step

    assert (step.station, step.title) == ("Datasets", "Build a dataset")
    assert step.reason == "2 new verdicts and no dataset yet."


def test_only_verdicts_since_the_freeze_ask_for_a_new_version(project, erin):
    settle(project, 2)
    dataset = freeze(project)
    TrainingRunFactory(project=project, dataset=dataset)
    hour = timedelta(hours=1)
    Verdict.objects.update(created_at=dataset.frozen_at - hour)
    before = board_of(erin).next_step

    settle(project, 1)

    after = board_of(erin).next_step
    assert before.is_waiting
    assert after.title == "Build the next version"
    assert after.reason == "1 new verdict since the last frozen dataset."


def test_a_frozen_dataset_asks_for_a_run_and_a_model_for_an_evaluation(project, erin):
    RecordFactory(project=project, state="EXCLUDED")
    dataset = freeze(project)
    untrained = board_of(erin).next_step
    run = TrainingRunFactory(project=project, dataset=dataset)
    model = ModelVersionFactory(project=project, run=run)
    unevaluated = board_of(erin).next_step
    EvaluationFactory(
        model_version=model,
        dataset=dataset,
        status="DONE",
        finished_at=dataset.frozen_at,
    )

    assert untrained.station == "Runs"
    assert unevaluated.title == "Evaluate 1 model"
    assert board_of(erin).next_step.title == "Read the comparison"


def test_a_reader_is_offered_nothing_to_change(project, grace):
    RecordFactory.create_batch(2, project=project)
    settle(project, 2)
    freeze(project)

    step = board_of(grace).next_step

    assert step.is_waiting
    assert step.button == ""


def test_a_stranger_sees_no_project(project, mallory):
    RecordFactory(project=project)

    boards = build_dashboard(mallory, now=timezone.now()).projects

    assert [board.project.slug for board in boards] == ["elsewhere"]


def test_who_belongs_nowhere_reads_whom_to_ask(db, browser_of):
    visitor = User.objects.create_user("visitor", is_staff=True)

    html = browser_of(visitor).get(PAGE).content.decode()

    assert "Ask a project lead to add you." in html
    assert "Create a project" not in html


def test_the_first_superuser_is_invited_to_create_a_project(admin_client):
    html = admin_client.get(PAGE).content.decode()

    assert "Create your first project" in html


def test_a_synthetic_project_says_so(project, alice, browser_of):
    Project.objects.update(is_synthetic=True)

    html = browser_of(alice).get(PAGE).content.decode()

    assert "Synthetic data" in html


@pytest.mark.parametrize("who", ["alice", "bob", "erin", "grace"])
def test_every_link_of_the_dashboard_opens(who, project, browser_of, request):
    user = request.getfixturevalue(who)
    RecordFactory.create_batch(2, project=project)
    RecordFactory(project=project, state="CONTESTED")
    RecordFactory(project=project, state="HELD", title="", body="")
    settle(project, 2)
    freeze(project)
    browser = browser_of(user)
    board = board_of(user)

    links = [station.url for station in board.stations] + [board.next_step.url]
    answers = {url: browser.get(url, follow=True).status_code for url in links if url}

    assert answers
    assert set(answers.values()) == {200}, answers


def test_the_stations_are_a_list_in_order_with_their_state_in_words(
    project, alice, browser_of
):
    RecordFactory(project=project)

    html = browser_of(alice).get(PAGE).content.decode()

    places = [
        html.index(f">{name}<", html.index('class="river"'))
        for name in ("Records", "Verdicts", "Datasets", "Runs", "Comparison")
        if f">{name}<" in html[html.index('class="river"') :]
    ]
    assert places == sorted(places)
    assert "(not begun)" in html
    assert html.count("<main") == 1


def test_twelve_projects_cost_as_many_queries_as_one(
    alice, django_assert_num_queries, django_user_model
):
    from django.db import connection

    boss = django_user_model.objects.create_superuser("boss")
    with CaptureQueriesContext(connection) as one:
        build_dashboard(boss, now=timezone.now())
    for project in ProjectFactory.create_batch(15):
        RecordFactory(project=project)
        settle(project, 1)

    boss = django_user_model.objects.get(pk=boss.pk)
    with django_assert_num_queries(len(one)):
        board = build_dashboard(boss, now=timezone.now())

    assert len(board.projects) == 12
    assert board.hidden_projects == 4
    assert len(one) == 13
