"""Lineage of one record: where its examples came from, and where they went.

Back to the verdict, the reviews and the sanitizing behind them, as the example's
snapshot kept them at the freeze; forward to datasets, runs, models and evaluations.
The same facts say what overturning its verdict touches. What a dataset of an older
release did not keep is None here, never filled in from today's rows. Reads only; as
many queries for many runs as for one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotation.models import Project, Record, Review, Verdict
from evaluation.models import Evaluation, Prediction
from training.domain.recipe import Split
from training.domain.tasks import TASKS
from training.models import Dataset, Example, ModelVersion, TrainingRun

USES: Mapping[str, str] = {
    Split.TRAIN: "learned from it",
    Split.DEV: "was chosen and stopped by its score on it",
    Split.CALIBRATION: "kept it for calibrating; did not learn from it",
    Split.TEST: "never saw it",
}
"""What a run on a dataset did with an example of each split."""

NEEDED = ("training.view_example", "annotation.view_verdict")
"""Permissions without which nobody is shown a record's lineage."""


@dataclass(frozen=True)
class Appearance:
    """The record in one frozen dataset, with what the snapshot kept.

    task: what it teaches there. reviews: (review id, guideline version or None) of the
    labels at the freeze.
    ruleset: of the text at the freeze. verdict: its id. All None where the dataset was
    frozen before they were kept. rulesets: of the whole dataset, by its manifest.
    is_stale: the current verdict says otherwise, or there is none.
    """

    dataset: Dataset
    task: str
    split: str
    copies: int
    label: str
    grade: str
    method: str
    frozen_at: datetime
    is_stale: bool
    verdict: int | None
    reviews: tuple[tuple[int, int | None], ...] | None
    ruleset: str | None
    rulesets: tuple[str, ...]

    @property
    def guidelines(self) -> str:
        """The guideline versions of the labels at the freeze, in words."""
        if self.reviews is None:
            return "not kept"
        versions = {version for _, version in self.reviews}
        known = [f"version {v}" for v in sorted(v for v in versions if v is not None)]
        return ", ".join([*known, *(["none named"] if None in versions else [])]) or "-"

    @property
    def sanitizing(self) -> str:
        """The ruleset of the text at the freeze, in words."""
        if self.ruleset is not None:
            return self.ruleset
        if len(self.rulesets) == 1:
            return f"{self.rulesets[0]} (all of the dataset)"
        if self.rulesets:
            return f"not kept; the dataset holds {', '.join(self.rulesets)}"
        return "not kept"


@dataclass(frozen=True)
class RunTouched:
    """A run on a dataset with the record, and the models that came of it.

    rows: all that the record has in the dataset, of every task, with copies.
    """

    run: TrainingRun
    split: str
    rows: int
    models: tuple[str, ...]

    @property
    def use(self) -> str:
        """What the run did with it, in words."""
        rows = f" as {self.rows} rows" if self.rows > 1 else ""
        return f"{USES[self.split]}{rows}"


@dataclass(frozen=True)
class Scored:
    """An evaluation that scored a model on the record.

    answer: the model's. items: tickets that it scored. accuracy: the published one,
    None where undefined. It never changes; the methods say what it would be. current:
    the label of today's verdict, empty where there is none.
    """

    evaluation: Evaluation
    gold: str
    answer: str
    items: int
    accuracy: float | None
    current: str

    @property
    def was_right(self) -> bool:
        """Whether the answer counted as right."""
        return self.answer == self.gold

    def with_label(self, label: str) -> float | None:
        """The accuracy, were this label the gold; None where it is undefined."""
        if self.accuracy is None or not self.items:
            return None
        change = int(self.answer == label) - int(self.was_right)
        return self.accuracy + change / self.items

    @property
    def accuracy_now(self) -> float | None:
        """The accuracy with today's label; None where the gold still stands."""
        is_overturned = self.current and self.current != self.gold
        return self.with_label(self.current) if is_overturned else None

    @property
    def most_changed(self) -> float | None:
        """The accuracy at the farthest that overturning this one label can move it.

        A right answer becomes wrong by any other label; a wrong one becomes right only
        by the label that the model gave.
        """
        return self.with_label("" if self.was_right else self.answer)


@dataclass(frozen=True)
class Lineage:
    """Everything before and behind one record.

    verdicts: the newest first. measured: finished evaluations of models that learned
    from it, on whichever tickets; how far a label moves those is not known without
    training again.
    """

    record: Record
    verdicts: tuple[Verdict, ...]
    appearances: tuple[Appearance, ...]
    runs: tuple[RunTouched, ...]
    scored: tuple[Scored, ...]
    learned: tuple[str, ...]
    measured: tuple[Evaluation, ...]

    @property
    def verdict(self) -> Verdict | None:
        """The current one."""
        return next((one for one in self.verdicts if one.is_current), None)

    @property
    def stale(self) -> tuple[Appearance, ...]:
        """The datasets whose label is no longer that of the verdict."""
        return tuple(one for one in self.appearances if one.is_stale)


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
