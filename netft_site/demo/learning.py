"""The stations at which a dataset is built, models are trained and compared."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.services import evaluating, lineup, reporting
from evaluation.services.reporting import Comparison
from netft_site.demo import waiting
from netft_site.demo.story import Story
from netft_site.demo.tables import (
    PAIR_HEADERS,
    SLICE_HEADERS,
    SYSTEM_HEADERS,
    pair_rows,
    slice_rows,
    system_rows,
)
from training.models import Dataset, ModelVersion, TrainingRun
from training.services import base_models, runs
from training.services.datasets import building

DATASET = "triage"
# Sized for a laptop without a GPU; the page of a run shows and explains each of them.
MAX_LENGTH = 80
HYPERPARAMETERS = {"epochs": 3, "max_length": MAX_LENGTH}


def build(story: Story, name: str) -> Dataset:
    recipe = {
        "gold_rule": "STRICT",
        "test": {"from": story.world.test_opens_at.isoformat()},
        "upsampling": {"weights": {"SENIOR": 1.2, "PRINCIPAL": 1.6}, "cap": 2},
        "formats": ["classification", "openai_chat"],
    }
    with story.station(name) as tables:
        dataset = building.start(project=story.project, name=DATASET, recipe=recipe)
        dataset = waiting.for_dataset(dataset)
        story.datasets.append(dataset)
        rows = [
            (split, found["examples"], found["rows"], found["sha256"][:12])
            for split, found in dataset.manifest["splits"].items()
        ]
        tables.append((("split", "tickets", "rows with copies", "sha256"), rows))
    return dataset


def train_baselines(story: Story, dataset: Dataset) -> list[ModelVersion]:
    with story.station("baselines") as tables:
        queued = [_queue_baseline(dataset, name) for name in base_models.BASELINES]
        done = waiting.for_runs(queued, story.progress)
        models = [run.model_version for run in done]
        tables.append(
            (("baseline", "model"), [(lineup.kind_of(m), m.name) for m in models])
        )
    return models


def _queue_baseline(dataset: Dataset, name: str) -> TrainingRun:
    """The base model reads as much of a ticket as the tuned one will."""
    reads_tokens = name == "embedding-lr"
    return runs.queue(
        dataset=dataset,
        base_model=base_models.resolve_base_model(name),
        hyperparameters={"max_length": MAX_LENGTH} if reads_tokens else {},
    )


def fine_tune(story: Story, name: str, dataset: Dataset) -> ModelVersion:
    with story.station(name) as tables:
        run = runs.queue(
            dataset=dataset,
            base_model=base_models.resolve_base_model(base_models.EMBEDDED),
            hyperparameters=HYPERPARAMETERS,
        )
        (run,) = waiting.for_runs([run], story.progress)
        best = run.job.result["best"]
        tables.append(
            (
                ("model", "best epoch", "macro-F1 on DEV", "verdict on overfitting"),
                [
                    (
                        run.model_version.name,
                        best["epoch"],
                        best["dev_macro_f1"],
                        run.overfitting,
                    )
                ],
            )
        )
    return run.model_version


def compare(
    story: Story, name: str, dataset: Dataset, models: Sequence[ModelVersion]
) -> Comparison:
    with story.station(name) as tables:
        queued = [evaluating.start(model=model, dataset=dataset) for model in models]
        waiting.for_evaluations(queued, story.progress)
        comparison = reporting.compare(models=models, dataset=dataset)
        tables.append((SYSTEM_HEADERS, system_rows(comparison)))
        tables.append((PAIR_HEADERS, pair_rows(comparison)))
    return comparison


def show_weak(story: Story, comparison: Comparison) -> None:
    with story.station("failures") as tables:
        tables.append((SLICE_HEADERS, slice_rows(comparison)))
