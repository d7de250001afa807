"""Wait for what the queue and the child processes do, as an open page would.

An open run page asks the supervisor to look after the jobs; so does this. Waiting ends
with a refusal when nothing moves for a long time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from django.utils import timezone

from annotation.models import ImportBatch
from evaluation.models import Evaluation
from evaluation.services import evaluating
from netft_site.base.refusals import Refused
from training.models import Dataset, TrainingRun
from training.services import completing

POLL_SECONDS = 0.5
STALLED_SECONDS = 180

Progress = Callable[[int, int, str], None]


class DemoStopped(Refused):
    """A station of the demo did not end well; the message says which and why."""


class Patience:
    """Runs out when the watched value does not change for too long."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._last: object = None
        self._since = time.monotonic()

    def watch(self, value: object) -> None:
        """Note the value; sleep a little.

        Raises:
            DemoStopped: nothing has moved for ``STALLED_SECONDS``.
        """
        if value != self._last:
            self._last, self._since = value, time.monotonic()
        if time.monotonic() - self._since > STALLED_SECONDS:
            raise DemoStopped(
                "stalled", f"{self.what}: nothing has moved for {STALLED_SECONDS} s."
            )
        time.sleep(POLL_SECONDS)


def for_import(batch: ImportBatch, progress: Progress) -> ImportBatch:
    """Wait until the queue has imported the whole file."""
    patience = Patience("import")
    while True:
        batch.refresh_from_db()
        progress(batch.cursor, batch.total_rows or 0, f"import {batch.file_name}")
        if batch.status == ImportBatch.Status.DONE:
            return batch
        if batch.is_finished:
            raise DemoStopped("import_failed", batch.refusal)
        patience.watch(batch.cursor)


def for_dataset(dataset: Dataset) -> Dataset:
    """Wait until the queue has built and frozen the dataset."""
    patience = Patience("dataset")
    while True:
        dataset.refresh_from_db()
        if dataset.status == Dataset.Status.FROZEN:
            return dataset
        if dataset.status == Dataset.Status.FAILED:
            raise DemoStopped("build_failed", dataset.failure)
        patience.watch((dataset.status, dataset.cursor))


def for_runs(runs: Sequence[TrainingRun], progress: Progress) -> list[TrainingRun]:
    """Wait until every run has its model."""
    patience = Patience("training")
    ids = [run.pk for run in runs]
    while True:
        completing.reconcile(now=timezone.now())
        found = list(TrainingRun.objects.with_facts().filter(pk__in=ids).order_by("pk"))
        share = sum(run.job.progress for run in found) / len(found)
        progress(round(100 * share), 100, f"train {_stage(found)}")
        for run in found:
            if run.job.is_finished and run.job.state != run.job.State.SUCCEEDED:
                raise DemoStopped("training_failed", run.job.message)
        if all(hasattr(run, "model_version") for run in found):
            return found
        patience.watch([(run.job.state, run.job.events_offset) for run in found])


def for_evaluations(
    evaluations: Sequence[Evaluation], progress: Progress
) -> list[Evaluation]:
    """Wait until every evaluation is done."""
    patience = Patience("evaluation")
    ids = [evaluation.pk for evaluation in evaluations]
    while True:
        completing.reconcile(now=timezone.now())
        evaluating.sweep(now=timezone.now())
        found = list(
            Evaluation.objects.filter(pk__in=ids)
            .select_related("job", "dataset")
            .order_by("pk")
        )
        done = [one for one in found if one.status == Evaluation.Status.DONE]
        progress(len(done), len(found), f"evaluate on {found[0].dataset}")
        for one in found:
            if one.status == Evaluation.Status.FAILED:
                raise DemoStopped("evaluation_failed", one.failure)
        if len(done) == len(found):
            return found
        patience.watch([(one.status, one.job.events_offset) for one in found])


def _stage(runs: Sequence[TrainingRun]) -> str:
    active = [run for run in runs if not run.job.is_finished]
    run = active[0] if active else runs[-1]
    return f"{run.base_model} on {run.dataset}"
