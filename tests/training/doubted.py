"""Datasets whose labels were judged, as a finished search leaves them."""

from __future__ import annotations

import json

from django.utils import timezone

from annotation.models import Record
from netft_site.base.files import sha256_of, write_atomic
from tests.factories import ExampleFactory, ReviewFactory
from tests.training.worlds import settle
from training.models import Dataset, Job, LabelCheck
from training.services.datasets import folders

FACTS = {
    "classifier": "words",
    "folds": 5,
    "groups": 60,
    "examples": {"high": 40, "low": 20},
    "not_judged": {"critical": 2},
    "accuracy": {"value": 0.9, "ci": [0.8, 0.95], "n": 60, "method": "m"},
    "thresholds": {"high": 0.8, "low": 0.7},
    "noise": 0.03,
    "doubted": 3,
}


def example(dataset: Dataset, name: str, label: str = "high", **record) -> Record:
    """An example whose record two people settled."""
    found = settle(
        dataset.project, len(name), external_id=name, severity=label, **record
    )
    for _ in range(2):
        ReviewFactory(record=found, severity=label)
    ExampleFactory(dataset=dataset, record=found, label=label)
    return found


def judged(dataset: Dataset, *names: str, **facts) -> LabelCheck:
    """A search that doubts these tickets, as a sweep leaves it."""
    lines = [
        {
            "id": name,
            "split": "TRAIN",
            "given": "high",
            "suggested": "low",
            "confidence": 0.1,
            "suggested_probability": 0.85,
        }
        for name in names
    ]
    path = folders.quality_folder(dataset) / "doubts.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, "".join(json.dumps(line) + "\n" for line in lines))
    job = Job.objects.create(
        kind="QUALITY", state="SUCCEEDED", exit_class="OK", finished_at=timezone.now()
    )
    return LabelCheck.objects.create(
        dataset=dataset,
        job=job,
        status="DONE",
        facts={**FACTS, "doubted": len(names), **facts},
        path=folders.relative(path),
        sha256=sha256_of(path),
        finished_at=timezone.now(),
    )
