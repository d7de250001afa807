"""The demo's own parts; its stations are the services that other tests cover."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django_q.conf import Conf

from annotation.models import Claim, Gold, Record, Review, Reviewer
from annotation.services import settling
from netft_site.demo import labeling, trust, waiting
from netft_site.demo.story import Story
from netft_site.demo_world import build_fresh, build_world, write_files, write_fresh
from netft_site.management.commands import demo
from tests.factories import (
    ProjectFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)


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
    project = labeling.open_project(world=build_world(7), slug="demo", user=None)

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
        "external_id,reviewer,severity,reason,disagreement\n"
        "INC1,dana,high,Core link.,SLIP\nINC2,dana,low,Spare.,\n",
        encoding="utf-8",
    )

    settled = labeling.adjudicate(project, path)

    assert settled == 1
    assert Record.objects.get(external_id="INC1").state == "SETTLED"


@pytest.fixture
def told(tmp_path, monkeypatch, transactional_db):
    """A story with nothing told yet, and the tables it shows."""
    monkeypatch.setattr(Conf, "SYNC", True)
    world = build_world()
    user, _ = demo._demo_user()
    shown = {}
    return (
        Story(
            project=labeling.open_project(world=world, slug="demo", user=user),
            world=world,
            files=write_files(world, tmp_path),
            fresh=write_fresh(build_fresh(world.seed, timezone.now()), tmp_path),
            show=lambda name, headers, rows, seconds: shown.update({name: rows}),
            progress=lambda done, total, label: None,
        ),
        shown,
    )


def test_the_demo_leaves_work_on_the_desk(told):
    story, shown = told

    labeling.fill_the_desk(story, "on the desk")

    records = Record.objects.of(story.project)
    assert story.counts["on the desk"] == {
        "first_review": 13,
        "second_review": 5,
        "adjudication": 6,
    }
    assert shown["on the desk"] == [
        ("first review", 13),
        ("second review", 5),
        ("adjudication", 6),
    ]
    assert records.count() == 24
    assert set(records.values_list("origin", flat=True)) == {"SYNTHETIC"}


def test_whoever_signs_in_to_the_demo_can_label_and_adjudicate(told, client):
    story, _ = told
    labeling.fill_the_desk(story, "on the desk")
    user = User.objects.get(username="demo")
    client.force_login(user)
    desk = reverse("admin:annotation_desk", args=["demo"])
    waiting_page = reverse("admin:annotation_adjudicate", args=["demo"])

    client.post(desk, {"action": "start"})
    claim = user.reviewer.claims.get()
    answer = {
        "action": "submit",
        "claim": claim.pk,
        "severity": "high",
        "confidence": 4,
    }
    client.post(desk, answer)
    contested = Record.objects.of(story.project).contested().first()
    decision = {
        "severity": "high",
        "reason": "A whole floor waits.",
        "disagreement": "SLIP",
    }
    decide = reverse("admin:annotation_adjudicate_record", args=["demo", contested.pk])
    client.post(decide, decision)

    assert Review.objects.get(reviewer=user.reviewer).record == claim.record
    contested.refresh_from_db()
    assert contested.state == "SETTLED"
    assert labeling.count_the_desk(story.project)["adjudication"] >= 5
    assert client.get(waiting_page).status_code == 200


def test_the_pages_to_look_at_carry_the_address_that_is_served():
    pages = dict(demo.pages("demo-2", "127.0.0.1:9000"))

    assert list(pages) == ["dashboard", "label desk", "adjudication", "comparison"]
    assert all(url.startswith("http://127.0.0.1:9000/") for url in pages.values())
    assert pages["label desk"].endswith("/desk/demo-2/")


def test_the_demo_ends_by_saying_who_signs_in_and_where_to_look():
    out = StringIO()
    command = demo.Command(stdout=out)
    command._password, command._bind = "opensesame", "127.0.0.1:8000"

    command.render({"seconds": {"import": 1.5}, "project": "demo"})

    assert "Sign in as demo with the password opensesame" in out.getvalue()
    assert "http://127.0.0.1:8000/admin/annotation/review/desk/demo/" in out.getvalue()


def test_waiting_ends_with_words_when_nothing_moves(monkeypatch):
    monkeypatch.setattr(waiting, "STALLED_SECONDS", 0.2)
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0.1)
    patience = waiting.Patience("import")
    patience.watch(1)
    time.sleep(0.2)

    with pytest.raises(waiting.DemoStopped) as stopped:
        patience.watch(1)

    assert stopped.value.message.startswith("import: nothing has moved")


def test_the_demo_puts_its_engineers_to_the_test(told):
    story, shown = told
    engineers = [
        ReviewerFactory(name=one.username, grade=one.grade.value)
        for one in story.world.reviewers
    ]
    long_ago = timezone.now() - timedelta(days=60)
    for ticket in story.world.history[:20]:
        record = RecordFactory(
            project=story.project, external_id=ticket.external_id, state="SETTLED"
        )
        for engineer in engineers[:2]:
            ReviewFactory(record=record, reviewer=engineer, submitted_at=long_ago)
        VerdictFactory(
            record=record, method="ADJUDICATED", adjudicated_by=engineers[-1]
        )

    trust.slip_in(story, "gold and repeats")

    purposes = Counter(Review.objects.values_list("purpose", flat=True))
    assert Gold.objects.count() == trust.GOLD
    assert purposes["GOLD"] == trust.SEATS * (len(engineers) - 2)
    assert purposes["REPEAT"] == trust.SEATS * 2
    assert shown["gold and repeats"][0] == ("gold records", trust.GOLD)
    assert Record.objects.settled().count() == 20
    assert not Claim.objects.filter(state="OPEN").exists()
