"""The stations of the demo, one after another.

Tickets come in sanitized, reviews become verdicts, a dataset is frozen, baselines and
a LoRA fine-tune run, all stand in one comparison; then more of what was rare is
labeled, and the second model meets the first on the same frozen test tickets. Every
step goes through the services, the queue and the child process that a team would use;
no figure is written by hand.
"""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils import timezone

from annotation.models import Project, Record, Reviewer, Sanitization
from annotation.services import adjudicating, importing, projects
from annotation.services.review_import import ReviewFile, import_reviews
from evaluation.services import evaluating, lineup, reporting
from evaluation.services.reporting import Comparison
from netft_site.demo import waiting
from netft_site.demo.tables import (
    PAIR_HEADERS,
    SLICE_HEADERS,
    SYSTEM_HEADERS,
    pair_rows,
    slice_rows,
    system_rows,
)
from netft_site.demo_world.entities import World
from netft_site.demo_world.export import WorldFiles
from training.models import Dataset, ModelVersion, TrainingRun
from training.services import base_models, runs
from training.services.datasets import building

DATASET = "triage"
# Sized for a laptop without a GPU; the page of a run shows and explains each of them.
MAX_LENGTH = 96
HYPERPARAMETERS = {"epochs": 3, "max_length": MAX_LENGTH}

Rows = Sequence[Sequence[object]]
Show = Callable[[str, Sequence[str], Rows, float], None]


@dataclass
class Story:
    """The demo's progress: what exists so far, and how to tell about it."""

    project: Project
    world: World
    files: WorldFiles
    show: Show
    progress: waiting.Progress
    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    datasets: list[Dataset] = field(default_factory=list)

    @contextmanager
    def station(self, name: str) -> Iterator[list[tuple[Sequence[str], Rows]]]:
        """Time a station; what it appends is shown as its table."""
        tables: list[tuple[Sequence[str], Rows]] = []
        started = time.monotonic()
        yield tables
        self.seconds[name] = round(time.monotonic() - started, 1)
        for headers, rows in tables:
            self.show(name, headers, rows, self.seconds[name])


def tell(story: Story) -> dict[str, Any]:
    """Run every station; return the figures in their public shape."""
    files = story.files
    _import_tickets(story, "import", [files.history, files.later])
    _show_sanitizing(story)
    _import_reviews(
        story,
        "reviews",
        [files.reviews_history, files.reviews_later],
        files.adjudications,
    )
    _show_verdicts(story, "verdicts")
    first = _build(story, "dataset v1")
    baselines = _train_baselines(story, first)
    tuned = _fine_tune(story, "fine-tune v1", first)
    before = _compare(story, "comparison", first, [*baselines, tuned])
    _show_weak(story, before)
    _import_tickets(story, "more wireless", [files.wireless])
    _import_reviews(
        story,
        "wireless reviews",
        [files.reviews_wireless],
        files.adjudications_wireless,
    )
    second = _build(story, "dataset v2")
    better = _fine_tune(story, "fine-tune v2", second)
    after = _compare(story, "v1 against v2", second, [*baselines, tuned, better])
    return _figures(story, before, after)


def open_project(*, world: World, slug: str, user: Any) -> Project:
    """Create the demo's project, marked as synthetic."""
    project = projects.create(
        slug=slug,
        name="Demo: network operations (synthetic)",
        root_causes=world.root_causes,
        guidelines=(
            "Severity follows impact and urgency as the ticket tells them.\n"
            "critical: a site or many customers are down and it cannot wait.\n"
            "high: a large group is hit, or a small one hard.\n"
            "medium: work goes on with trouble.\nlow: no one is held up."
        ),
        is_synthetic=True,
        user=user,
    )
    projects.set_production_mix(project=project, mix=world.production_mix)
    return project


def _import_tickets(story: Story, name: str, paths: Sequence[Path]) -> None:
    with story.station(name) as tables:
        rows = []
        for path in paths:
            with path.open("rb") as stream:
                batch = importing.receive(
                    project=story.project,
                    stream=stream,
                    file_name=path.name,
                    source="UPLOAD",
                    origin=Record.Origin.SYNTHETIC,
                )
            importing.start(batch=batch, now=timezone.now())
            batch = waiting.for_import(batch, story.progress)
            rows.append(
                (path.name, batch.imported, batch.duplicate, batch.held, batch.rejected)
            )
        story.counts[name] = {
            row[0]: dict(zip(_IMPORTED, row[1:], strict=True)) for row in rows
        }
        tables.append((("file", *_IMPORTED), rows))


_IMPORTED = ("imported", "duplicate", "held", "rejected")


def _show_sanitizing(story: Story) -> None:
    with story.station("sanitize") as tables:
        found: Counter[str] = Counter()
        cleaned = Sanitization.objects.filter(record__project=story.project)
        for spans in cleaned.values_list("spans", flat=True).iterator():
            for marks in spans.values():
                found.update(mark[2] for mark in marks)
        story.counts["sanitized"] = dict(found.most_common())
        tables.append((("removed or replaced", "times"), found.most_common()))


def _import_reviews(
    story: Story, name: str, paths: Sequence[Path], adjudications: Path
) -> None:
    with story.station(name) as tables:
        rows = []
        for path in paths:
            with path.open("rb") as stream:
                found = import_reviews(
                    project=story.project,
                    file=ReviewFile(stream=stream, name=path.name),
                    now=timezone.now(),
                    create_reviewers=True,
                )
            rows.append((path.name, found.imported, found.rejected))
        settled = _adjudicate(story.project, adjudications)
        story.counts[name] = {
            "imported": sum(row[1] for row in rows),
            "adjudicated": settled,
        }
        tables.append((("file", "reviews", "rejected"), rows))
        tables.append((("adjudicated by seniors",), [(settled,)]))


def _adjudicate(project: Project, path: Path) -> int:
    """Take the seniors' decisions on what the reviewers could not settle."""
    with path.open(encoding="utf-8", newline="") as stream:
        decisions = list(csv.DictReader(stream))
    wanted = Record.objects.of(project).labelable().select_related("project")
    records = {record.external_id: record for record in wanted}
    reviewers = {reviewer.name: reviewer for reviewer in Reviewer.objects.people()}
    # A ticket that the sanitizer holds has no reviews to weigh.
    due = [one for one in decisions if one["external_id"] in records]
    for decision in due:
        adjudicating.decide(
            record=records[decision["external_id"]],
            reviewer=reviewers[decision["reviewer"]],
            severity=decision["severity"],
            reason=decision["reason"],
        )
    return len(due)


def _show_verdicts(story: Story, name: str) -> None:
    with story.station(name) as tables:
        states = Counter(
            Record.objects.of(story.project).values_list("state", flat=True)
        )
        story.counts["records"] = dict(states)
        rows = [(Record.State(state).label, n) for state, n in states.most_common()]
        tables.append((("state of records", "records"), rows))


def _build(story: Story, name: str) -> Dataset:
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


def _train_baselines(story: Story, dataset: Dataset) -> list[ModelVersion]:
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


def _fine_tune(story: Story, name: str, dataset: Dataset) -> ModelVersion:
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


def _compare(
    story: Story, name: str, dataset: Dataset, models: Sequence[ModelVersion]
) -> Comparison:
    with story.station(name) as tables:
        queued = [evaluating.start(model=model, dataset=dataset) for model in models]
        waiting.for_evaluations(queued, story.progress)
        comparison = reporting.compare(models=models, dataset=dataset)
        tables.append((SYSTEM_HEADERS, system_rows(comparison)))
        tables.append((PAIR_HEADERS, pair_rows(comparison)))
    return comparison


def _show_weak(story: Story, comparison: Comparison) -> None:
    with story.station("failures") as tables:
        tables.append((SLICE_HEADERS, slice_rows(comparison)))


def _figures(story: Story, before: Comparison, after: Comparison) -> dict[str, Any]:
    shape = after.as_dict()
    return {
        "synthetic": True,
        "project": story.project.slug,
        "seconds": story.seconds,
        "counts": story.counts,
        "datasets": [
            {
                "name": dataset.name,
                "version": dataset.version,
                "sha256": dataset.sha256,
                "splits": {
                    split: {"tickets": found["examples"], "rows": found["rows"]}
                    for split, found in dataset.manifest["splits"].items()
                },
            }
            for dataset in story.datasets
        ],
        "same_test_tickets": before.gold.sha256 == after.gold.sha256,
        "reference": shape["reference"],
        "agreement": shape["agreement"],
        "human_ceiling": shape["human_ceiling"],
        "systems": shape["systems"],
        "pairs": shape["pairs"],
        "weak_slices": [
            {"model": comparison.focus, **found.as_dict()}
            for comparison in (before, after)
            for found in comparison.weak
        ],
    }
