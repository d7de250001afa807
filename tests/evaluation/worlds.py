"""Reviewed tickets, frozen datasets over them, and models with known answers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from annotation.models import Project, Record, Review, Reviewer, Verdict
from evaluation.models import Evaluation, Prediction
from evaluation.services import evaluating, scoring
from evaluation.services.gold import Gold, read_gold
from netft_site.base.files import sha256_of
from tests.factories import (
    START,
    EvaluationFactory,
    JobFactory,
    ModelVersionFactory,
    RecordFactory,
    ReviewerFactory,
    TrainingRunFactory,
)
from tests.training.worlds import distinct_text
from training.domain.formats import Row
from training.models import Dataset, Job, ModelVersion
from training.services import base_models
from training.services.datasets import building

LEVELS = ("critical", "high", "medium", "low")
CATEGORIES = ("switching", "wireless", "routing", "firewall", "wan")
GRADES = ("JUNIOR", "ENGINEER", "ENGINEER", "SENIOR", "PRINCIPAL")
TELLING = {
    "critical": "the whole site is down and nobody can work",
    "high": "a department lost its uplink and calls in",
    "medium": "one closet flaps now and then, users notice delays",
    "low": "please rename a label, no users are affected",
}
Answer = Callable[[Row], str]


def panel() -> list[Reviewer]:
    """Five engineers of four grades."""
    return [
        ReviewerFactory(name=f"engineer {n}", grade=grade)
        for n, grade in enumerate(GRADES, 1)
    ]


def panel_of() -> list[Reviewer]:
    """The engineers of the panel that is there already."""
    return list(Reviewer.objects.filter(name__startswith="engineer ").order_by("id"))


def review_tickets(
    project: Project,
    count: int,
    *,
    reviewers: Sequence[Reviewer],
    seed: int = 1,
    start: int = 0,
    **values: Any,
) -> list[Record]:
    """Settled tickets; every reviewer but the last is right three times in four."""
    rng = random.Random(seed)
    truth = [rng.choice(LEVELS) for _ in range(count)]
    records = Record.objects.bulk_create(
        RecordFactory.build(
            **{
                "project": project,
                "external_id": f"INC{number:05d}",
                "title": f"Ticket {number}",
                "body": f"{TELLING[level]} {distinct_text(number)}",
                "category": CATEGORIES[number % 5],
                "state": "SETTLED",
                **values,
            }
        )
        for number, level in enumerate(truth, start)
    )
    labels = list(zip(records, truth, strict=True))
    Verdict.objects.bulk_create(
        Verdict(
            record=record,
            severity=level,
            method="ADJUDICATED",
            grade="PRINCIPAL",
            reviews_count=len(reviewers),
            adjudicated_by=reviewers[-1],
        )
        for record, level in labels
    )
    Review.objects.bulk_create(
        _review(record, reviewer, level, rng)
        for record, level in labels
        for reviewer in reviewers[:-1]
    )
    return records


def _review(
    record: Record, reviewer: Reviewer, truth: str, rng: random.Random
) -> Review:
    place = LEVELS.index(truth)
    if rng.random() > 0.75:
        place = min(3, max(0, place + rng.choice((-1, 1))))
    return Review(
        record=record,
        reviewer=reviewer,
        grade=reviewer.grade,
        severity=LEVELS[place],
        submitted_at=START,
    )


def build(project: Project, name: str = "triage", **recipe: Any) -> Dataset:
    """Freeze a dataset through the real services."""
    dataset = building.start(
        project=project,
        name=name,
        recipe={"min_per_class": 1, **recipe},
        in_background=False,
    )
    return building.build_to_end(dataset_id=dataset.pk, clock=timezone.now)


def trained(dataset: Dataset, base: str, name: str = "", **values: Any) -> ModelVersion:
    """A model as a finished run on the dataset would leave it, without its files."""
    base_model = base_models.resolve_base_model(base)
    classical = base_model.architecture == "CLASSICAL"
    run = TrainingRunFactory(
        dataset=dataset,
        base_model=base_model,
        objective="BASELINE" if classical else "CLASSIFY",
        tuning="NONE" if classical else "LORA",
        method=base_models.BASELINES[base].value if classical else "",
    )
    values = {"artifact_path": "/gone", "artifact_sha256": "a" * 64, **values}
    return ModelVersionFactory(
        run=run, name=name or f"{dataset.name}-v{dataset.version}-{base}-1", **values
    )


def answer_job(evaluation: Evaluation, lines: Sequence[dict[str, Any]]) -> Path:
    """End the evaluation's job as a child that wrote these lines; return its file."""
    job = evaluation.job
    folder = Path(settings.DATA_DIR) / "runs" / str(job.pk)
    folder.mkdir(parents=True)
    answers = folder / "predictions.jsonl"
    answers.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    job.run_dir = str(folder)
    job.result = {
        "attempt": 1,
        "fence": 1,
        "predictions": {"path": answers.name, "sha256": sha256_of(answers)},
        "rows": len(lines),
        "truncated": 0,
        "seconds": 0.1,
        "libraries": {},
    }
    end(job, "SUCCEEDED", "OK")
    return answers


def end(job: Job, state: str, exit_class: str, message: str = "") -> None:
    """Leave the job in a state that supervision would leave it in."""
    job.state, job.exit_class, job.message = state, exit_class, message
    job.finished_at = timezone.now()
    job.save()


def lines_for(dataset: Dataset, answer: Answer, split: str = "TEST") -> list[dict]:
    """One answer to each ticket of the split, as the child writes them."""
    rows = read_gold(dataset=dataset, split=split).rows
    return [
        {
            "id": row.id,
            "label": (label := answer(row)),
            "probabilities": {one: 1.0 * (one == label) for one in LEVELS},
            "latency_ms": 0.5,
        }
        for row in rows
    ]


def scored(
    model: ModelVersion, dataset: Dataset, answer: Answer, split: str = "TEST"
) -> Evaluation:
    """A finished evaluation in which the model gave these answers."""
    gold = read_gold(dataset=dataset, split=split)
    given = [answer(row) for row in gold.rows]
    evaluation = EvaluationFactory(
        model_version=model,
        dataset=dataset,
        split=split,
        gold_sha256=gold.sha256,
        job=JobFactory(kind="PREDICT"),
        status="DONE",
        finished_at=START,
        report=scoring.score_alone(
            rows=gold.rows,
            answers=given,
            levels=dataset.manifest["levels"],
            reference=evaluating.reference_of(dataset, split),
        ),
    )
    _predictions(evaluation, gold, given)
    return evaluation


def _predictions(evaluation: Evaluation, gold: Gold, given: list[str]) -> None:
    records = dict(
        Record.objects.of(evaluation.dataset.project).values_list("external_id", "id")
    )
    Prediction.objects.bulk_create(
        Prediction(
            evaluation=evaluation,
            record_id=records[row.id],
            item_key=row.id,
            gold=row.label,
            severity=label,
            probabilities={level: 0.7 if level == label else 0.1 for level in LEVELS},
        )
        for row, label in zip(gold.rows, given, strict=True)
    )


def right(share: float, seed: int = 1, *, but_in: str = "") -> Answer:
    """Answers that are right so often; in the category `but_in` only half as often."""
    rng = random.Random(seed)

    def answer(row: Row) -> str:
        chance = share / 2 if but_in and row.category == but_in else share
        if rng.random() < chance:
            return row.label
        place = LEVELS.index(row.label)
        return LEVELS[place - 1 if place else 1]

    return answer


def compared(project: Project, dataset: Dataset) -> list[ModelVersion]:
    """The four systems of a first comparison, the tuned one weak in wireless."""
    systems = {
        "majority": lambda _row: "high",
        "tfidf-lr": right(0.6, 2),
        "embedding-lr": right(0.65, 3),
        "all-minilm-l6-v2": right(0.85, 4, but_in="wireless"),
    }
    models = []
    for base, answer in systems.items():
        model = trained(dataset, base)
        scored(model, dataset, answer)
        models.append(model)
    return models
