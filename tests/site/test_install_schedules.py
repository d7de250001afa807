from __future__ import annotations

import pytest
from django.core.management import call_command
from django.utils.module_loading import import_string
from django_q.models import Schedule

from netft_site.management.commands.install_schedules import DAILY, EVERY_MINUTES


@pytest.mark.parametrize("name", [*EVERY_MINUTES, *DAILY])
def test_every_scheduled_name_is_a_task_that_takes_nothing(name):
    task = import_string(name)

    assert callable(task)
    assert task.__code__.co_argcount == 0


@pytest.mark.django_db
def test_installing_twice_changes_nothing(capsys):
    call_command("install_schedules")
    before = list(Schedule.objects.order_by("name").values())

    call_command("install_schedules")

    assert list(Schedule.objects.order_by("name").values()) == before
    assert {schedule["func"] for schedule in before} == {*EVERY_MINUTES, *DAILY}


@pytest.mark.django_db
def test_a_sweep_that_is_no_more_is_removed_and_others_stay(capsys):
    Schedule.objects.create(name="old", func="training.tasks.jobs.gone")
    Schedule.objects.create(name="theirs", func="somebody.elses.task")

    call_command("install_schedules")

    names = set(Schedule.objects.values_list("name", flat=True))
    assert "old" not in names
    assert "theirs" in names
