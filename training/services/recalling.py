"""Data recall: who got what a later ruleset, rule or report found in sanitized text.

From the leaks of a project to the records, the frozen datasets with those records,
their exports, the training runs on them and the model versions that came of those, with
what to do about each. Reads only; as many queries for many leaks as for one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from annotation.domain.sanitize.canaries import SECRET_TYPES
from annotation.models import Leak, Project
from training.domain.recipe import Split
from training.models import Dataset, Example, Export, ModelVersion, TrainingRun

SHOWN_RECORDS = 200
"""Records that are listed one by one; all of them are counted."""
ROTATE = "Rotate the credential: it has been read."
REMOVE = "Tell who is named: it has been read."
REBUILD = "Build a new version; the leaking records are sanitized or left out."
DISCARD = "Delete the copies that were handed out, then export the new version."
RETRAIN = "Train again on the new version."
RETIRE = "Retire the model: it has learned from the leaking text."
MEASURED = "Evaluate again on the new version; the text was measured on, not learned."


@dataclass(frozen=True)
class RecalledRecord:
    """A record with what was found in it; the token says what stands there now.

    `done`: what somebody did about it, once nothing of it is open.
    """

    id: int
    external_id: str
    span_types: tuple[str, ...]
    causes: tuple[str, ...]
    tokens: tuple[str, ...]
    rulesets: tuple[str, ...]
    found_at: datetime
    to_do: str
    done: str = ""


@dataclass(frozen=True)
class RecalledDataset:
    """A frozen dataset, and how many leaking records are in each of its splits."""

    id: int
    reference: str
    splits: Mapping[str, int]
    to_do: str = REBUILD

    @property
    def records(self) -> int:
        """Leaking records of all splits."""
        return sum(self.splits.values())


@dataclass(frozen=True)
class RecalledThing:
    """An export, a training run or a model version with leaking text behind it."""

    id: int
    name: str
    dataset: str
    state: str
    to_do: str
    dataset_id: int = 0


@dataclass(frozen=True)
class Recall:
    """Everything that contains what the leaks of a project let through.

    `leaks` counts the places (a value in a record), `values` the different values,
    `record_count` the records; `records` names the newest SHOWN_RECORDS.
    """

    leaks: int
    record_count: int
    records: tuple[RecalledRecord, ...]
    datasets: tuple[RecalledDataset, ...]
    exports: tuple[RecalledThing, ...]
    runs: tuple[RecalledThing, ...]
    models: tuple[RecalledThing, ...]
    values: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape; moments in ISO 8601."""
        return {
            "leaks": self.leaks,
            "values": self.values,
            "record_count": self.record_count,
            "records": [
                {**vars(one), "found_at": one.found_at.isoformat()}
                for one in self.records
            ],
            "datasets": [
                {**vars(one), "splits": dict(one.splits), "records": one.records}
                for one in self.datasets
            ],
            "exports": [vars(one) for one in self.exports],
            "runs": [vars(one) for one in self.runs],
            "models": [vars(one) for one in self.models],
        }


def recall(
    *,
    project: Project,
    cause: str = "",
    span_type: str = "",
    dataset: Dataset | None = None,
    with_settled: bool = False,
) -> Recall:
    """Return what contains the project's leaks, of one cause, type or dataset.

    Leaks that somebody has dealt with are left out unless `with_settled`.
    """
    leaks = Leak.objects.of(project)
    if not with_settled:
        leaks = leaks.open()
    if cause:
        leaks = leaks.filter(cause=cause)
    if span_type:
        leaks = leaks.filter(span_type=span_type)
    if dataset is not None:
        leaks = leaks.filter(record__examples__dataset=dataset).distinct()
    datasets = _datasets(leaks)
    found = {one.id: one for one in datasets}
    runs = list(TrainingRun.objects.filter(dataset__in=found).select_related("job"))
    return Recall(
        **_counts(leaks),
        records=_records(leaks),
        datasets=datasets,
        exports=tuple(_exports(found)),
        runs=tuple(_run(run, found[run.dataset_id]) for run in runs),
        models=tuple(_models(project, runs, found)),
    )


def span_types(*, project: Project) -> list[str]:
    """The classes of the project's leaks, to choose from."""
    types = Leak.objects.of(project).order_by("span_type")
    return list(types.values_list("span_type", flat=True).distinct())


def count_leaking_records(*, dataset: Dataset) -> int:
    """Records of a dataset with a leak that nobody has dealt with."""
    leaks = Leak.objects.open().filter(record__examples__dataset=dataset).order_by()
    return leaks.values("record").distinct().count()


def _counts(leaks: QuerySet[Leak]) -> dict[str, int]:
    found: dict[str, int] = leaks.order_by().aggregate(
        leaks=Count("pk"),
        values=Count("token", distinct=True),
        record_count=Count("record", distinct=True),
    )
    return found


def _records(leaks: QuerySet[Leak]) -> tuple[RecalledRecord, ...]:
    newest = leaks.order_by("-record_id").values("record").distinct()[:SHOWN_RECORDS]
    ids = [row["record"] for row in newest]
    rows: dict[int, list[Leak]] = defaultdict(list)
    for leak in leaks.filter(record__in=ids).select_related("record"):
        rows[leak.record_id].append(leak)
    return tuple(_record(rows[pk]) for pk in ids)


def _record(leaks: list[Leak]) -> RecalledRecord:
    types = _sorted(leak.span_type for leak in leaks)
    return RecalledRecord(
        id=leaks[0].record_id,
        external_id=leaks[0].record.external_id,
        span_types=types,
        causes=_sorted(leak.get_cause_display() for leak in leaks),
        tokens=_sorted(leak.token for leak in leaks),
        rulesets=_sorted(
            f"{leak.ruleset_before} to {leak.ruleset_after}" for leak in leaks
        ),
        found_at=max(leak.found_at for leak in leaks),
        to_do=REMOVE if set(types).isdisjoint(SECRET_TYPES) else ROTATE,
        done="; ".join(_sorted(leak.settled_because for leak in leaks))
        if all(leak.settled_at for leak in leaks)
        else "",
    )


def _sorted(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


def _datasets(leaks: QuerySet[Leak]) -> tuple[RecalledDataset, ...]:
    inside = Example.objects.filter(
        dataset__status=Dataset.Status.FROZEN,
        record__in=leaks.order_by().values("record"),
    )
    splits: dict[int, Counter[str]] = defaultdict(Counter)
    pairs = inside.order_by().values_list("dataset_id", "split", "record_id")
    for dataset_id, split, _ in pairs.distinct():
        splits[dataset_id][split] += 1
    named = Dataset.objects.filter(id__in=splits).select_related("project")
    return tuple(
        RecalledDataset(
            dataset.pk,
            dataset.reference,
            {s.value: n for s in Split if (n := splits[dataset.pk][s.value])},
        )
        for dataset in named.order_by("-id")
    )


def _exports(datasets: Mapping[int, RecalledDataset]) -> Iterable[RecalledThing]:
    """Files that hold a split with a leaking record, written or being written.

    One that failed counts if it was whole before: somebody may have got it.
    """
    rows = Export.objects.filter(dataset__in=datasets)
    never_whole = {"status": Export.Status.FAILED, "finished_at__isnull": True}
    for export in rows.exclude(**never_whole):
        inside = datasets[export.dataset_id]
        if not export.split or export.split in inside.splits:
            yield RecalledThing(
                export.pk,
                f"{export.format}, {export.split or 'all splits'}",
                inside.reference,
                export.get_status_display(),
                DISCARD,
                inside.id,
            )


def _run(run: TrainingRun, dataset: RecalledDataset) -> RecalledThing:
    to_do = RETRAIN if Split.TRAIN in dataset.splits else MEASURED
    state = run.job.get_state_display()
    return RecalledThing(run.pk, str(run), dataset.reference, state, to_do, dataset.id)


def _models(
    project: Project,
    runs: Iterable[TrainingRun],
    datasets: Mapping[int, RecalledDataset],
) -> Iterable[RecalledThing]:
    """Versions that came of the runs, and what was tuned further from those."""
    behind = {run.pk: datasets[run.dataset_id] for run in runs}
    versions = list(ModelVersion.objects.filter(project=project).order_by("id"))
    origin: dict[int, RecalledDataset] = {}
    for version in versions:
        direct = behind.get(version.run_id or 0)
        inherited = origin.get(version.parent_id or 0)
        source = direct if direct and _taught(direct) else inherited or direct
        if source is None:
            continue
        origin[version.pk] = source
        to_do = RETIRE if _taught(source) else MEASURED
        yield RecalledThing(
            version.pk, version.name, source.reference, "", to_do, source.id
        )


def _taught(dataset: RecalledDataset) -> bool:
    return Split.TRAIN in dataset.splits
