"""Datasets built to the end, and what their files hold."""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone

from annotation.models import Project
from training.models import Dataset
from training.services.datasets import building, folders

EASY = {"min_per_class": 1}


def build(project: Project, name: str = "triage", **recipe: Any) -> Dataset:
    dataset = building.start(
        project=project, name=name, recipe={**EASY, **recipe}, in_background=False
    )
    return building.build_to_end(dataset_id=dataset.pk, clock=timezone.now)


def read(dataset: Dataset, split: str) -> list[dict]:
    path = folders.split_path(dataset, split)
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def ids(dataset: Dataset, split: str) -> set[str]:
    """The records that stand in a split, copies counted with their origin."""
    return {row.get("copy_of", row["id"]) for row in read(dataset, split)}
