"""A frozen dataset over reviewed tickets, and a first comparison on it."""

from __future__ import annotations

import pytest

from annotation.models import Project
from tests.evaluation import worlds
from training.models import Dataset, ModelVersion


@pytest.fixture
def dataset(project: Project) -> Dataset:
    """60 reviewed tickets, 20 of them in TEST."""
    worlds.review_tickets(project, 60, reviewers=worlds.panel())
    shares = {"TRAIN": 0.5, "DEV": 0.1, "CALIBRATION": 0.1, "TEST": 0.3}
    return worlds.build(project, shares=shares)


@pytest.fixture
def later(project: Project, dataset: Dataset) -> Dataset:
    """A second version: 20 more tickets to learn from, the same test tickets."""
    worlds.review_tickets(project, 20, reviewers=worlds.panel_of(), start=100, seed=5)
    return worlds.build(project, test={"kept": True})


@pytest.fixture
def models(project: Project, dataset: Dataset) -> list[ModelVersion]:
    """Majority, TF-IDF, frozen embedding and tuned, scored on TEST."""
    return worlds.compared(project, dataset)
