"""A tiny frozen dataset, a queued run on it, and no process left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from annotation.models import Project
from tests.training.frozen import frozen_dataset
from tests.training.supervised import end_all_children
from training.models import Dataset, TrainingRun
from training.services import base_models, runs


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    end_all_children()


@pytest.fixture
def dataset(project: Project) -> Dataset:
    return frozen_dataset(project)


@pytest.fixture
def run(dataset: Dataset) -> TrainingRun:
    return runs.queue(
        dataset=dataset,
        base_model=base_models.resolve_base_model("all-minilm-l6-v2"),
    )
