"""Tell the queue what to do every minute, every few minutes and every day.

Every sweep takes no arguments, ends within seconds and may run twice. Installing again
changes nothing; a sweep that no longer exists is removed.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django_q.models import Schedule

EVERY_MINUTES = {
    "training.tasks.jobs.reconcile_jobs": 1,
    "evaluation.tasks.evaluations.sweep": 1,
    "training.tasks.datasets.sweep_datasets": 2,
    "annotation.tasks.importing.resume_stalled": 3,
    "annotation.tasks.bulk_acts.resume_stalled": 3,
    "annotation.tasks.queueing.release_expired": 5,
    "annotation.tasks.queueing.prioritise": 10,
    "annotation.tasks.importing.mark_new_records": 10,
    "annotation.tasks.resanitizing.resanitize_outdated": 10,
}
DAILY = (
    "annotation.tasks.importing.purge_expired",
    "annotation.tasks.queueing.purge_drafts",
)
_OURS = ("annotation.", "training.", "evaluation.", "netft_site.")


class Command(BaseCommand):
    help = "Install the sweeps of the task queue; safe to repeat."

    @transaction.atomic
    def handle(self, *_args: Any, **_options: Any) -> None:
        wanted = {
            **{
                name: {"schedule_type": Schedule.MINUTES, "minutes": minutes}
                for name, minutes in EVERY_MINUTES.items()
            },
            **{name: {"schedule_type": Schedule.DAILY} for name in DAILY},
        }
        for name, timing in wanted.items():
            Schedule.objects.update_or_create(
                name=name, defaults={"func": name, "repeats": -1, **timing}
            )
        for schedule in Schedule.objects.exclude(name__in=wanted):
            if schedule.func.startswith(_OURS):
                schedule.delete()
        self.stdout.write(f"{len(wanted)} sweeps are scheduled.")
