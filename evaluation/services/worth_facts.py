"""What is known of a project for the question whether to fine-tune.

Read, not asked for, wherever the project knows: examples, agreement, accuracy, hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Sum

from annotation.domain.krippendorff import krippendorff_alpha
from annotation.domain.ratings_table import RatingsTable
from annotation.models import Guidelines, Project
from annotation.services.quality_facts import reviews_of
from evaluation.models import Evaluation
from evaluation.services.lineup import kind_of
from training.domain.worth_it import VERSIONS_DAYS, Known
from training.models import Dataset, Example, TrainingRun

MOST_LABELS = 4_000
"""Newest labels that the agreement rests on."""

_RECENT = 50
_HOUR = Decimal(3600)


@dataclass(frozen=True)
class Accuracies:
    """The newest measured accuracy without and with tuning; a figure each."""

    untuned: Known
    tuned: Known


def examples_of(project: Project) -> Known:
    """The team's tickets in TRAIN of the newest frozen dataset, each counted once."""
    frozen = Dataset.objects.frozen().filter(project=project)
    dataset = frozen.order_by("-frozen_at", "-id").first()
    if dataset is None:
        return Known(None, "No dataset is frozen yet.")
    own = Example.objects.filter(dataset=dataset, split="TRAIN").own_records()
    return Known(Decimal(own.count()), f"Tickets in TRAIN of {dataset}")


def agreement_of(project: Project) -> Known:
    """Krippendorff's alpha, ordinal, over the newest independent first labels."""
    labels = reviews_of(project).comparable().newest(MOST_LABELS)
    levels = list(project.scale.keys)
    rows = [
        (str(record), str(person), label)
        for record, person, label in labels.values_list(
            "record_id", "reviewer_id", "severity"
        )
        if label in levels
    ]
    found = krippendorff_alpha(RatingsTable.from_labels(rows, levels))
    if found.value is None:
        return Known(None, found.reason or "Agreement is not defined.")
    detail = "" if found.ci is None else f"{found.ci[0]:.3f} to {found.ci[1]:.3f}"
    return Known(
        Decimal(repr(found.value)),
        f"Krippendorff's alpha, ordinal, {found.n} tickets with two labels or more",
        detail,
    )


def guideline_versions(project: Project, now: datetime) -> Known:
    """Further versions of the guidelines in the last ninety days."""
    since = now - timedelta(days=VERSIONS_DAYS)
    found = Guidelines.objects.filter(project=project, created_at__gte=since)
    # The first version is no change of requirements.
    count = found.exclude(version=1).count()
    return Known(
        Decimal(count),
        f"New versions of the guidelines in the last {VERSIONS_DAYS} days",
    )


def label_hours(project: Project) -> Decimal:
    """Active hours that people have spent on labels so far."""
    spent = reviews_of(project).labels().aggregate(spent=Sum("seconds_spent"))["spent"]
    return Decimal(spent or 0) / _HOUR


def accuracies_of(project: Project) -> Accuracies:
    """The newest finished evaluations on TEST without and with tuning."""
    rows = (
        Evaluation.objects.done()
        .filter(dataset__project=project, split="TEST")
        .select_related("model_version__run", "dataset")
        .order_by("-id")[:_RECENT]
    )
    untuned, tuned = None, None
    for one in rows:
        run = one.model_version.run
        if run is None or run.method == "embedding_lr":
            untuned = untuned or one
        elif run.objective != TrainingRun.Objective.BASELINE:
            tuned = tuned or one
    return Accuracies(
        _accuracy(untuned, "the base model"), _accuracy(tuned, "a tuned model")
    )


def _accuracy(evaluation: Evaluation | None, what: str) -> Known:
    figure = evaluation.report.get("accuracy") if evaluation else None
    if evaluation is None or not figure or figure.get("value") is None:
        return Known(None, f"No evaluation of {what} is finished.")
    ends = figure.get("ci")
    detail = f"{ends[0]:.1%} to {ends[1]:.1%}, n = {figure['n']}" if ends else ""
    source = (
        f"{evaluation.model_version.name}, {kind_of(evaluation.model_version)}, "
        f"on TEST of {evaluation.dataset}"
    )
    return Known(Decimal(repr(figure["value"])), source, detail)
