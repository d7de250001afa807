"""What the dashboard counts, read for many projects in a fixed number of queries.

Every query groups by project, so twelve projects cost as many queries as one. This
room counts; what the counts mean is decided by the stations and the steps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Count, F, Max, OuterRef, QuerySet, Subquery

from annotation.models import ImportBatch, Record, Review, Verdict
from evaluation.models import Evaluation
from training.models import Dataset, Job, ModelVersion, TrainingRun

Tally = dict[str, int]

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
    reviews = Review.objects.current().submitted().filter(record__project__in=ids)
    verdicts = Verdict.objects.current().filter(record__project__in=ids)
    untrained = Dataset.objects.frozen().filter(project__in=ids, runs__isnull=True)
    unevaluated = ModelVersion.objects.filter(project__in=ids, evaluations__isnull=True)
    return {
        "reviews": _total(reviews, "record__project"),
        "verdicts": _total(verdicts, "record__project"),
        "new_verdicts": _total(_since_last_freeze(verdicts), "record__project"),
        "untrained_datasets": _total(untrained, "project"),
        "unevaluated_models": _total(unevaluated, "project"),
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
