"""Score a model on a split: queue the predictions, take them in, freeze the report.

The model answers in a child process (a PREDICT job); whoever sweeps afterwards takes
its answers in. Both steps may run twice and change nothing the second time. A model
that has trained on a ticket of the split is refused.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from evaluation.models import Evaluation, Prediction
from evaluation.services.gold import Gold, read_gold
from evaluation.services.scoring import score_alone
from netft_site.base.refusals import Refused
from training.domain import run_files
from training.domain.job_spec import Artifact, DataFile, PredictSpec
from training.domain.recipe import Split
from training.domain.rows import SEVERITY
from training.domain.strict_json import SpecError, dump, load
from training.models import Dataset, ModelVersion, TrainingRun
from training.services import artifacts, base_models, jobs, runs
from training.services.run_kinds import refuse_other_tasks

logger = logging.getLogger(__name__)

CHUNK = 1000


def start(
    *,
    model: ModelVersion,
    dataset: Dataset,
    split: str = "TEST",
    user: User | None = None,
) -> Evaluation:
    """Queue the scoring of a model, or return the one that stands.

    Raises Refused: ``other_project``, ``no_artifact``, ``level_not_taught``,
    ``labels_differ``, ``trained_on_it``, and those of `read_gold`.
    """
    gold = read_gold(dataset=dataset, split=split)
    _check(model, dataset, gold)
    spec = _spec(model, dataset, gold)
    standing = Evaluation.objects.standing().filter(
        model_version=model, dataset=dataset, split=split, gold_sha256=gold.sha256
    )
    try:
        with transaction.atomic():
            return standing.first() or Evaluation.objects.create(
                model_version=model,
                dataset=dataset,
                split=split,
                gold_sha256=gold.sha256,
                job=jobs.queue_job(spec=spec),
                created_by=user,
            )
    except IntegrityError:
        # Somebody asked for the same at the same moment; theirs is as good.
        return standing.get()


def wait_for(
    *,
    evaluation: Evaluation,
    progress: Callable[[int, int, str], None] | None = None,
) -> Evaluation:
    """Supervise an evaluation until it is over, without any worker."""
    jobs.wait_for(job_id=evaluation.job_id, progress=progress)
    sweep(now=timezone.now())
    return Evaluation.objects.get(pk=evaluation.pk)


def sweep(*, now: datetime) -> int:
    """Take in every evaluation whose job is over; return how many ended."""
    waiting = Evaluation.objects.with_finished_job()
    return sum(finish(evaluation=evaluation, now=now) for evaluation in waiting)


def _spec(model: ModelVersion, dataset: Dataset, gold: Gold) -> PredictSpec:
    labels = tuple(dataset.manifest["levels"])
    items = DataFile(str(gold.path), gold.file_sha256)
    run = model.run
    if run is None:
        return PredictSpec(
            labels=labels,
            items=items,
            artifact=None,
            base_model=runs.writing_files(model.base_model),
            wording=runs.wording_of(dataset),
        )
    files = runs.writing_files if run.writes else base_models.files_of
    return PredictSpec(
        labels=labels,
        items=items,
        artifact=Artifact(model.artifact_path, model.artifact_sha256),
        base_model=files(model.base_model),
        # A model that writes is asked in the words that it was taught in.
        wording=runs.wording_of(run.dataset) if run.writes else None,
    )


def _check(model: ModelVersion, dataset: Dataset, gold: Gold) -> None:
    if model.project_id != dataset.project_id:
        raise Refused("other_project", "Model and dataset are of different projects.")
    refuse_other_tasks(dataset)
    run = model.run
    if run is None:
        return
    if not model.artifact_path:
        raise Refused("no_artifact", f"{model} has no artifact that could answer.")
    if run.writes and not _learned_levels(run):
        raise Refused(
            "level_not_taught",
            f"{model} was not taught to name a level. Train it (sft) on a dataset with "
            "the task severity.",
        )
    if run.dataset.manifest.get("levels") != dataset.manifest["levels"]:
        raise Refused(
            "labels_differ",
            f"{model} was trained on other severity levels than {dataset} has.",
        )
    shared = _trained_on(run, gold)
    if shared:
        raise Refused(
            "trained_on_it",
            f"{model} was trained on {shared} of these {len(gold.rows)} tickets; its "
            "score on them would say nothing.",
        )


def _learned_levels(run: TrainingRun) -> bool:
    tasks = run.dataset.manifest.get("tasks") or {SEVERITY}
    return run.objective == TrainingRun.Objective.SFT and SEVERITY in tasks


def _trained_on(run: TrainingRun, gold: Gold) -> int:
    """How many of the tickets the run trained on, under this id or another one."""
    examples = run.dataset.examples.in_split(Split.TRAIN)
    known = examples.values_list("record__external_id", "text_sha256")
    ids, texts = {one for one, _ in known}, {text for _, text in known}
    return sum(row.id in ids or _sha256(row.text) in texts for row in gold.rows)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def finish(*, evaluation: Evaluation, now: datetime) -> bool:
    """End an evaluation whose job is over; whether it was this call that ended it."""
    job = evaluation.job
    if job.state != job.State.SUCCEEDED:
        return _fail(evaluation, job.message or job.get_exit_class_display(), now)
    try:
        gold = read_gold(dataset=evaluation.dataset, split=evaluation.split)
        answers = _read_answers(evaluation)
        return _take_in(evaluation, gold, answers, now)
    except (Refused, SpecError, OSError) as error:
        reason = error.message if isinstance(error, Refused) else type(error).__name__
        logger.error("evaluation %s: %s", evaluation.pk, type(error).__name__)
        return _fail(evaluation, f"The answers cannot be used: {reason}", now)


def _read_answers(evaluation: Evaluation) -> dict[str, run_files.Prediction]:
    job = evaluation.job
    result = load(run_files.PredictResult, dump(job.result))
    folder = Path(job.run_dir)
    if not artifacts.is_intact(folder, result.predictions):
        raise Refused("answers_damaged", "the file of answers was changed or removed.")
    with (folder / result.predictions.path).open("rb") as stream:
        answers = [load(run_files.Prediction, line) for line in stream]
    return {answer.id: answer for answer in answers}


def _take_in(
    evaluation: Evaluation,
    gold: Gold,
    answers: dict[str, run_files.Prediction],
    now: datetime,
) -> bool:
    levels = evaluation.dataset.manifest["levels"]
    if {row.id for row in gold.rows} != set(answers):
        raise Refused("answers_incomplete", "they are not one answer to each ticket.")
    given = [answers[row.id].label for row in gold.rows]
    if not set(given) <= set(levels):
        raise Refused("level_unknown", "one of them is no level of the dataset.")
    report = score_alone(
        rows=gold.rows,
        answers=given,
        levels=levels,
        reference=reference_of(evaluation.dataset, evaluation.split),
    )
    with transaction.atomic():
        won = Evaluation.objects.filter(
            pk=evaluation.pk, status=Evaluation.Status.RUNNING
        ).update(status=Evaluation.Status.DONE, report=report, finished_at=now)
        if won:
            Prediction.objects.bulk_create(
                _predictions(evaluation, gold, answers), batch_size=CHUNK
            )
    return bool(won)


def _predictions(
    evaluation: Evaluation, gold: Gold, answers: dict[str, run_files.Prediction]
) -> list[Prediction]:
    examples = evaluation.dataset.examples.in_split(evaluation.split)
    records = dict(examples.values_list("record__external_id", "record_id"))
    return [
        Prediction(
            evaluation=evaluation,
            record_id=records.get(row.id),
            item_key=row.id,
            gold=row.label,
            severity=answers[row.id].label,
            probabilities=answers[row.id].probabilities,
            latency_ms=answers[row.id].latency_ms,
        )
        for row in gold.rows
    ]


def reference_of(dataset: Dataset, split: str) -> str:
    """Name the gold in words, for every figure measured against it."""
    kind = "single-source labels" if dataset.is_single_source else "gold verdicts"
    return f"{kind} of {dataset} {split}"


def _fail(evaluation: Evaluation, message: str, now: datetime) -> bool:
    return bool(
        Evaluation.objects.filter(
            pk=evaluation.pk, status=Evaluation.Status.RUNNING
        ).update(
            status=Evaluation.Status.FAILED, failure=message[:300], finished_at=now
        )
    )
