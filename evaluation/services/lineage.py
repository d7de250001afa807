"""Lineage of one record: where its examples came from, and where they went.

Back to the verdict, the reviews and the sanitizing behind them, as the example's
snapshot kept them at the freeze; forward to datasets, runs, models and evaluations.
The same facts say what overturning its verdict touches. What a dataset of an older
release did not keep is None here, never filled in from today's rows. Reads only; as
many queries for many runs as for one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from annotation.models import Project, Record, Review, Verdict
from evaluation.models import Evaluation, Prediction
from evaluation.services.lineage_parts import Appearance, Lineage, RunTouched, Scored
from training.domain.recipe import Split
from training.domain.tasks import TASKS
from training.models import Dataset, Example, ModelVersion, TrainingRun

NEEDED = ("training.view_example", "annotation.view_verdict")
"""Permissions without which nobody is shown a record's lineage."""


def may_trace(user: Any, project: Project) -> bool:
    """Whether a person may see the lineage of the project's records."""
    return all(user.has_perm(one, project) for one in NEEDED)


def trace(*, record: Record) -> Lineage:
    """Return where a record's examples came from and where they went."""
    verdicts = Verdict.objects.filter(record=record).select_related("adjudicated_by")
    ordered = tuple(verdicts.order_by("-id"))
    verdict = next((one for one in ordered if one.is_current), None)
    current = verdict.severity if verdict else ""
    appearances = tuple(_appearances(record, verdict))
    models = _models(record.project_id)
    runs = tuple(_runs(appearances, models))
    learned = _descent(models, {r.run.pk for r in runs if r.split == Split.TRAIN})
    return Lineage(
        record=record,
        verdicts=ordered,
        appearances=appearances,
        runs=runs,
        scored=tuple(_scored(record, current)),
        learned=tuple(one.name for one in learned),
        measured=tuple(_measured(learned)),
    )


def first_labels(record: Record) -> Any:
    """The first labels of a record with their guidelines, the newest last."""
    answers = Review.objects.answers().filter(
        record=record, purpose=Review.Purpose.FIRST
    )
    return answers.select_related("reviewer", "guidelines").order_by("id")


def _appearances(record: Record, verdict: Verdict | None) -> Iterable[Appearance]:
    examples = Example.objects.filter(
        record=record, dataset__status=Dataset.Status.FROZEN
    ).select_related("dataset__project")
    for example in examples.order_by("-dataset_id", "task_type", "id"):
        kept = example.snapshot
        sanitizing = kept.get("sanitizing")
        assert example.dataset.frozen_at is not None  # noqa: S101  # frozen: constraint
        yield Appearance(
            dataset=example.dataset,
            task=_task_of(example),
            split=example.split,
            copies=example.copies,
            label=example.label,
            grade=example.get_grade_display(),
            method=kept.get("method", ""),
            frozen_at=example.dataset.frozen_at,
            is_stale=_is_stale(example, verdict),
            verdict=kept.get("verdict"),
            reviews=_reviews_kept(kept.get("label_reviews")),
            ruleset=sanitizing and sanitizing["ruleset"],
            rulesets=tuple(
                example.dataset.manifest.get("sanitizing", {}).get("rulesets", ())
            ),
        )


def _is_stale(example: Example, verdict: Verdict | None) -> bool:
    """Whether the example tells a verdict that says otherwise now, or is gone."""
    task = TASKS[example.task_type]
    if example.review_id or not (task.says_level or task.says_cause):
        return False
    if verdict is None:
        return True
    cause = example.snapshot.get("root_cause", verdict.root_cause)
    other_level = task.says_level and example.label != verdict.severity
    return other_level or (task.says_cause and cause != verdict.root_cause)


def _task_of(example: Example) -> str:
    title = TASKS[example.task_type].title
    return f"{title}, by one review" if example.review_id else title


def _reviews_kept(kept: Any) -> tuple[tuple[int, int | None], ...] | None:
    if kept is None:
        return None
    return tuple((one["id"], one["guidelines"]) for one in kept)


def _models(project_id: int) -> list[ModelVersion]:
    """The project's models, each behind the one that it was tuned from."""
    found = ModelVersion.objects.filter(project=project_id).order_by("id")
    return list(found.only("id", "name", "run_id", "parent_id"))


def _runs(
    appearances: Sequence[Appearance], models: Sequence[ModelVersion]
) -> Iterable[RunTouched]:
    inside = {one.dataset.pk: one for one in reversed(appearances)}
    # A record may make several examples: of other tasks, or of every review.
    rows = Counter[int]()
    for one in appearances:
        rows[one.dataset.pk] += one.copies
    found = TrainingRun.objects.filter(dataset__in=inside).select_related(
        "job", "base_model"
    )
    for run in found.order_by("-id"):
        where = inside[run.dataset_id]
        run.dataset = where.dataset
        names = tuple(one.name for one in _descent(models, {run.pk}))
        yield RunTouched(run, where.split, rows[run.dataset_id], names)


def _descent(models: Sequence[ModelVersion], runs: set[int]) -> list[ModelVersion]:
    """The models of these runs, and what was tuned further from them."""
    found: dict[int, ModelVersion] = {}
    for model in models:
        if model.run_id in runs or model.parent_id in found:
            found[model.pk] = model
    return list(found.values())


def _scored(record: Record, current: str) -> Iterable[Scored]:
    """Finished evaluations with an answer to the record, the newest first."""
    answers = Prediction.objects.filter(
        record=record, sample=0, evaluation__status=Evaluation.Status.DONE
    ).select_related("evaluation__model_version", "evaluation__dataset")
    for one in answers.order_by("-evaluation_id"):
        report = one.evaluation.report
        yield Scored(
            evaluation=one.evaluation,
            gold=one.gold,
            answer=one.severity,
            items=report.get("n_items", 0),
            accuracy=report.get("accuracy", {}).get("value"),
            current=current,
        )


def _measured(models: Sequence[ModelVersion]) -> Iterable[Evaluation]:
    found = Evaluation.objects.done().filter(model_version__in=models)
    return found.select_related("model_version", "dataset").order_by("-id")
