"""What the dashboard counts, read for many projects in a fixed number of queries.

Every query groups by project, so twelve projects cost as many queries as one. This
room counts; what the counts mean is decided by the stations and the steps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from django.core.cache import cache
from django.db.models import Count, F, Max, OuterRef, QuerySet, Subquery

from annotation.domain.rounding import told_briefly, told_in_words
from annotation.models import ImportBatch, Record, Review, Verdict
from evaluation.models import Evaluation
from training.models import Dataset, Job, ModelVersion, TrainingRun

Tally = dict[str, int]

_KEY = "netft.dashboard.labels."
_MANY, _KEPT_SECONDS = 10_000, 60

_UNFINISHED_IMPORT = (ImportBatch.Status.UPLOADED, ImportBatch.Status.RUNNING)
_UNFINISHED_JOB = (
    Job.State.QUEUED,
    Job.State.STARTING,
    Job.State.RUNNING,
    Job.State.CANCELLING,
    Job.State.ORPHANED,
)


@dataclass
class ProjectCounts:
    """One project's rows by state, along the river."""

    records: Tally = field(default_factory=dict)
    imports: Tally = field(default_factory=dict)
    reviews: int = 0
    verdicts: int = 0
    new_verdicts: int = 0
    datasets: Tally = field(default_factory=dict)
    runs: Tally = field(default_factory=dict)
    untrained_datasets: int = 0
    unevaluated_models: int = 0
    evaluations: Tally = field(default_factory=dict)
    is_exact: bool = True

    def told(self, *, exactly: bool) -> ProjectCounts:
        """Return the counts as somebody may know them (`annotation.domain.rounding`).

        Rounding is left to the words, so that nothing counted twice is rounded twice.
        """
        return replace(self, is_exact=exactly)

    def brief(self, n: int) -> str:
        """Write a count that one's own answers may move."""
        return told_briefly(n, exactly=self.is_exact)

    def several(self, n: int, noun: str) -> str:
        """Write such a count with its noun in the right number."""
        shown = told_in_words(n, exactly=self.is_exact)
        return f"{shown.words} {noun}" + ("" if shown.grammar == 1 else "s")

    @property
    def all_records(self) -> int:
        """Records in any state."""
        return sum(self.records.values())

    @property
    def running_imports(self) -> int:
        """Imports that have not come to an end."""
        return sum(self.imports.get(status, 0) for status in _UNFINISHED_IMPORT)

    @property
    def active_runs(self) -> int:
        """Training runs that wait or work."""
        return sum(self.runs.get(state, 0) for state in _UNFINISHED_JOB)


def count_projects(ids: Collection[int]) -> dict[int, ProjectCounts]:
    """Return the counts of each project by its id, in ten queries."""
    counts = {pk: ProjectCounts() for pk in ids}
    for name, tally in _tallies(ids).items():
        for pk, by_state in tally.items():
            setattr(counts[pk], name, by_state)
    for name, totals in _totals(ids).items():
        for pk, total in totals.items():
            setattr(counts[pk], name, total)
    return counts


def _tallies(ids: Collection[int]) -> dict[str, dict[int, Tally]]:
    evaluations = Evaluation.objects.filter(dataset__project__in=ids)
    return {
        "records": _tally(Record.objects.filter(project__in=ids), "project", "state"),
        "imports": _tally(
            ImportBatch.objects.filter(project__in=ids), "project", "status"
        ),
        "datasets": _tally(
            Dataset.objects.filter(project__in=ids), "project", "status"
        ),
        "runs": _tally(
            TrainingRun.objects.filter(project__in=ids), "project", "job__state"
        ),
        "evaluations": _tally(evaluations, "dataset__project", "status"),
    }


def _totals(ids: Collection[int]) -> dict[str, dict[int, int]]:
    untrained = Dataset.objects.frozen().filter(project__in=ids, runs__isnull=True)
    unevaluated = ModelVersion.objects.filter(project__in=ids, evaluations__isnull=True)
    return {
        **_labels(ids),
        "untrained_datasets": _total(untrained, "project"),
        "unevaluated_models": _total(unevaluated, "project"),
    }


def _labels(ids: Collection[int]) -> dict[str, dict[int, int]]:
    """Count reviews and verdicts; those of large projects once a minute."""
    keys = {pk: f"{_KEY}{pk}" for pk in ids}
    kept = cache.get_many(keys.values())
    wanted = [pk for pk, key in keys.items() if key not in kept]
    found = _count_labels(wanted) if wanted else {}
    for pk in wanted:
        kept[keys[pk]] = counts = {
            name: rows.get(pk, 0) for name, rows in found.items()
        }
        if counts["reviews"] >= _MANY:
            cache.set(keys[pk], counts, _KEPT_SECONDS)
    names = ("reviews", "verdicts", "new_verdicts")
    return {name: {pk: kept[key][name] for pk, key in keys.items()} for name in names}


def _count_labels(ids: Collection[int]) -> dict[str, dict[int, int]]:
    reviews = Review.objects.current().submitted().filter(record__project__in=ids)
    verdicts = Verdict.objects.current().filter(record__project__in=ids)
    return {
        "reviews": _total(reviews, "record__project"),
        "verdicts": _total(verdicts, "record__project"),
        "new_verdicts": _total(_since_last_freeze(verdicts), "record__project"),
    }


def _tally(rows: QuerySet, project: str, state: str) -> dict[int, Tally]:
    found: dict[int, Tally] = defaultdict(dict)
    grouped = rows.order_by().values_list(project, state).annotate(n=Count("pk"))
    for pk, key, n in grouped:
        found[pk][key] = n
    return found


def _total(rows: QuerySet, project: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(project).annotate(n=Count("pk")))


def _since_last_freeze(verdicts: QuerySet) -> QuerySet:
    frozen = Dataset.objects.frozen().filter(project=OuterRef("record__project"))
    last = frozen.order_by().values("project").annotate(at=Max("frozen_at"))
    return verdicts.annotate(last_freeze=Subquery(last.values("at"))).filter(
        created_at__gt=F("last_freeze")
    )
