"""The demo's own parts; its stations are the services that other tests cover."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import User

from annotation.models import Record, Reviewer
from annotation.services import settling
from netft_site.demo import story, waiting
from netft_site.demo_world import build_world
from netft_site.management.commands import demo
from tests.factories import ProjectFactory, RecordFactory, ReviewFactory


@pytest.mark.django_db
def test_an_earlier_demo_stays_as_it_was():
    for slug in ("demo", "demo-2"):
        ProjectFactory(slug=slug)

    assert demo._free_slug() == "demo-3"


@pytest.mark.django_db
def test_the_demo_account_is_a_senior_reviewer_with_a_new_password_each_time():
    first_user, first = demo._demo_user()
    second_user, second = demo._demo_user()

    assert first_user == second_user
    assert first != second
    assert User.objects.get(username="demo").check_password(second)
    assert Reviewer.objects.get(user=first_user).grade == "PRINCIPAL"


@pytest.mark.django_db
def test_the_demo_project_says_that_it_is_synthetic():
    project = story.open_project(world=build_world(7), slug="demo", user=None)

    assert project.is_synthetic
    assert sum(project.production_mix.values()) == pytest.approx(1)
    assert project.guidelines.get().version == 1


def test_seniors_decide_from_the_file_and_held_tickets_are_passed_over(
    project, dana, tmp_path
):
    record = RecordFactory(project=project, external_id="INC1")
    ReviewFactory(record=record, severity="high")
    ReviewFactory(record=record, severity="low")
    settling.settle_records(project=project)
    RecordFactory(project=project, external_id="INC2", state="HELD", title="", body="")
    path = tmp_path / "adjudications.csv"
    path.write_text(
        "external_id,reviewer,severity,reason\n"
        "INC1,dana,high,Core link.\nINC2,dana,low,Spare.\n",
        encoding="utf-8",
    )

    settled = story._adjudicate(project, path)

    assert settled == 1
    assert Record.objects.get(external_id="INC1").state == "SETTLED"


def test_waiting_ends_with_words_when_nothing_moves(monkeypatch):
    monkeypatch.setattr(waiting, "STALLED_SECONDS", 0.2)
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0.1)
    patience = waiting.Patience("import")
    patience.watch(1)
    time.sleep(0.2)

    with pytest.raises(waiting.DemoStopped) as stopped:
        patience.watch(1)

    assert stopped.value.message.startswith("import: nothing has moved")
