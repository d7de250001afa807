"""Search a frozen dataset for wrong labels: queue the job, take in what it found.

The search itself runs in a child process (a QUALITY job). TRAIN and DEV are judged;
TEST and CALIBRATION are not read at all: a model that chose which of their labels are
looked at again would be measured on corrections in its favour. Nothing here changes a
label. As a frozen dataset never changes, it is searched once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from netft_site.base.files import sha256_of, write_atomic
from netft_site.base.refusals import Refused
from training.domain.job_spec import DataFile, QualitySpec
from training.domain.label_results import LabelDoubt, QualityResult, read_doubt
from training.domain.strict_json import SpecError, dump, encode, load
from training.launchers.local import LocalLauncher
from training.models import Dataset, LabelCheck
from training.services import artifacts, jobs
from training.services.datasets import folders
from training.services.run_kinds import refuse_other_tasks

logger = logging.getLogger(__name__)

_DAMAGED = "The list of doubts was changed or removed before it could be kept."


def start(*, dataset: Dataset, user: User | None = None) -> LabelCheck:
    """Queue the search, or return the one that stands.

    Raises Refused: ``dataset_not_frozen``, ``split_empty``, ``other_tasks``.
    """
    refuse_other_tasks(dataset)
    spec = _spec(dataset)
    standing = LabelCheck.objects.standing().filter(dataset=dataset)
    try:
        with transaction.atomic():
            return standing.first() or LabelCheck.objects.create(
                dataset=dataset, job=jobs.queue_job(spec=spec), created_by=user
            )
    except IntegrityError:
        # Somebody asked for the same at the same moment; theirs is as good.
        return standing.get()


def latest(*, dataset: Dataset) -> LabelCheck | None:
    """The newest search in a dataset, whatever became of it."""
    checks = LabelCheck.objects.filter(dataset=dataset)
    return checks.select_related("job", "created_by").first()


def wait_for(
    *,
    check: LabelCheck,
    progress: Callable[[int, int, str], None] | None = None,
    launcher: LocalLauncher | None = None,
) -> LabelCheck:
    """Supervise a search until it is over, without any worker."""
    jobs.wait_for(job_id=check.job_id, progress=progress, launcher=launcher)
    sweep(now=timezone.now())
    return LabelCheck.objects.select_related("job", "dataset__project").get(pk=check.pk)


def sweep(*, now: datetime) -> int:
    """Take in every search whose job is over; return how many ended."""
    waiting = LabelCheck.objects.with_finished_job()
    return sum(finish(check=check, now=now) for check in waiting)


def finish(*, check: LabelCheck, now: datetime) -> bool:
    """End a search whose job is over; whether it was this call that ended it."""
    job = check.job
    if job.state != job.State.SUCCEEDED:
        return _fail(check, job.message or job.get_exit_class_display(), now)
    try:
        result = load(QualityResult, dump(job.result))
        content = (Path(job.run_dir) / result.doubts.path).read_bytes()
    except (SpecError, OSError) as error:
        logger.error("label check %s: %s", check.pk, type(error).__name__)
        return _fail(check, _DAMAGED, now)
    if not artifacts.is_intact(Path(job.run_dir), result.doubts):
        return _fail(check, _DAMAGED, now)
    path = (
        folders.quality_folder(check.dataset) / f"doubts-{result.doubts.sha256}.jsonl"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content)
    return _end(
        check,
        now,
        status=LabelCheck.Status.DONE,
        facts=encode(result.facts),
        path=folders.relative(path),
        sha256=result.doubts.sha256,
    )


def read_doubts(
    *, check: LabelCheck, skip: int = 0, size: int | None = None
) -> list[LabelDoubt]:
    """A stretch of the list, the most doubtful label first; the rank counts from 1.

    Raises Refused (``not_done``, ``file_missing``, ``file_changed``).
    """
    if check.status != LabelCheck.Status.DONE:
        raise Refused("not_done", "The labels have not been judged yet.")
    path = Path(settings.DATA_DIR) / check.path
    if not path.is_file():
        raise Refused("file_missing", "The list of doubted labels is not on disk.")
    if sha256_of(path) != check.sha256:
        raise Refused("file_changed", "The list of doubted labels was changed.")
    stop = None if size is None else skip + size
    with path.open("rb") as stream:
        return [read_doubt(line) for line in islice(stream, skip, stop)]


def _spec(dataset: Dataset) -> QualitySpec:
    if not dataset.is_frozen:
        raise Refused("dataset_not_frozen", f"Dataset {dataset} is not frozen.")
    return QualitySpec(
        labels=tuple(dataset.manifest["levels"]),
        train=_data_file(dataset, "TRAIN"),
        dev=_data_file(dataset, "DEV"),
    )


def _data_file(dataset: Dataset, split: str) -> DataFile:
    file = dataset.manifest.get("splits", {}).get(split)
    if file is None:
        raise Refused("split_empty", f"Dataset {dataset} has no {split} to judge.")
    return DataFile(str(folders.split_path(dataset, split)), file["sha256"])


def _fail(check: LabelCheck, message: str, now: datetime) -> bool:
    status = LabelCheck.Status.FAILED
    return _end(check, now, status=status, failure=message[:500])


def _end(check: LabelCheck, now: datetime, **changes: object) -> bool:
    running = LabelCheck.objects.filter(pk=check.pk, status=LabelCheck.Status.RUNNING)
    return bool(running.update(finished_at=now, **changes))
