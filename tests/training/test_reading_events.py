"""The figures of a child are read once, whole, and however late."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.utils import timezone

from tests.training.supervised import kill, launched, reconciled, running
from tests.waiting import wait_until
from training.models import Job, Metric
from training.services.jobs.observing import take_in_events

pytestmark = pytest.mark.django_db


def test_figures_are_stored_once_however_often_they_are_read():
    job = running("train")
    wait_until(lambda: Path(job.run_dir, "events.jsonl").stat().st_size > 2000)
    stale = Job.objects.get(pk=job.pk)
    reconciled(job)
    seen = Metric.objects.filter(job=job).count()

    take_in_events(stale, timezone.now())
    Job.objects.filter(pk=job.pk).update(events_offset=0)
    fresh = Job.objects.get(pk=job.pk)
    take_in_events(fresh, timezone.now())

    rows = list(Metric.objects.filter(job=job).values_list("attempt", "seq", "name"))
    assert seen > 0
    assert len(rows) == len(set(rows))
    assert len(rows) >= seen


def test_a_reader_that_comes_late_does_not_turn_the_offset_back(monkeypatch):
    job = running("train")
    wait_until(lambda: Path(job.run_dir, "events.jsonl").stat().st_size > 2000)
    kill(job)
    Job.objects.filter(pk=job.pk).update(events_offset=0)
    late, early = Job.objects.get(pk=job.pk), Job.objects.get(pk=job.pk)
    while take_in_events(early, timezone.now()):
        pass

    monkeypatch.setattr("training.services.jobs.observing._CHUNK", 500)
    take_in_events(late, timezone.now())

    assert Job.objects.get(pk=job.pk).events_offset == early.events_offset > 2000


def test_a_line_that_is_still_being_written_is_left_for_the_next_read():
    job = launched("train")
    events = Path(job.run_dir) / "events.jsonl"
    kill(job)
    line = json.dumps(
        {
            "seq": 900,
            "attempt": 1,
            "time": 1.0,
            "kind": "metric",
            "data": {"step": 5, "values": {"late": 2.0}},
        }
    )
    whole = events.read_bytes() if events.exists() else b""
    whole = whole[: whole.rfind(b"\n") + 1]
    events.write_bytes(whole + line[:40].encode())
    job.refresh_from_db()

    while take_in_events(job, timezone.now()):
        pass
    before = job.metrics.filter(name="late").count()
    events.write_bytes(whole + line.encode() + b"\n")
    take_in_events(job, timezone.now())

    assert before == 0
    assert job.metrics.get(name="late").value == 2.0


def test_a_line_longer_than_a_whole_read_is_passed_over(monkeypatch):
    monkeypatch.setattr("training.services.jobs.observing._CHUNK", 64)
    job = launched("train")
    kill(job)
    (Path(job.run_dir) / "events.jsonl").write_bytes(b"x" * 1000 + b"\n")
    Job.objects.filter(pk=job.pk).update(events_offset=0)
    job.refresh_from_db()

    while take_in_events(job, timezone.now()):
        pass

    assert job.events_offset == 1001
