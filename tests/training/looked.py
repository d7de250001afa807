"""Runs looked at before they start, and what keeps one from starting."""

from __future__ import annotations

from annotation.domain.queue import FLAGGED
from annotation.models import Record
from tests.factories import ExampleFactory, RecordFactory
from training.services import looking_ahead


def look(dataset, base, seconds=None, **more):
    report, _ = looking_ahead.look_ahead(
        dataset=dataset, base_model=base, seconds=seconds, **more
    )
    return report


def withhold(dataset, because=FLAGGED, state="EXCLUDED") -> Record:
    record = RecordFactory(project=dataset.project)
    ExampleFactory(dataset=dataset, record=record, split="TRAIN")
    blank = {"title": "", "body": "", "resolution": ""} if state == "HELD" else {}
    Record.objects.filter(pk=record.pk).update(
        state=state, queued_because=because, **blank
    )
    return record
