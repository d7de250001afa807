"""What the engineers said about the tickets of a split: agreement and ceiling.

Only current, independent first-pass labels by people count, and only on a scale that
is still the project's. A dataset that rests on a single source has no ceiling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.domain.agreement_report import assess_agreement
from annotation.domain.label_file import ScaleKind
from annotation.domain.ratings_table import RatingsTable
from annotation.models import Review
from evaluation.domain.ceiling import Ceiling, Standing, human_ceiling
from evaluation.services.scoring import generator
from training.domain.formats import Row
from training.models import Dataset

_STANDING = {
    Standing.BETTER: "{name} does better than an engineer",
    Standing.EQUIVALENT: "{name} does as well as an engineer, within {margin} points",
    Standing.WORSE: "{name} does worse than an engineer",
    Standing.INCONCLUSIVE: "Whether {name} does as well as an engineer stays open",
}


@dataclass(frozen=True)
class People:
    """The labels of a split's tickets, and which incident each ticket belongs to."""

    table: RatingsTable
    clusters: np.ndarray
    n_tickets: int


def read_people(*, dataset: Dataset, split: str, rows: Sequence[Row]) -> People:
    """Read the independent labels of the split's tickets."""
    levels = dataset.manifest["levels"]
    tickets = dataset.examples.in_split(split).values("record")
    labels = (
        Review.objects.independent_first_pass()
        .filter(record__in=tickets, severity__in=levels)
        .order_by("id")
        .values_list("record__external_id", "reviewer__name", "severity")
    )
    table = RatingsTable.from_labels(labels, levels)
    group = {row.id: row.group or row.id for row in rows}
    numbers: dict[str, int] = {}
    clusters = [
        numbers.setdefault(group[name], len(numbers)) for name in table.item_names
    ]
    return People(table, np.array(clusters, dtype=np.intp), len(rows))


def agreement_of(people: People) -> dict[str, Any]:
    """Agreement of the engineers with each other, in the public shape.

    Alpha carries the wider of its two intervals where they differ.
    """
    found = assess_agreement(
        people.table,
        ScaleKind.ORDINAL,
        rng=generator(),
        clusters=people.clusters,
    )
    shape = found.as_dict()
    shape["coefficients"]["krippendorff_alpha"] |= found.alpha().as_dict()
    return shape


def ceiling_of(people: People, answers: Mapping[str, str] | None = None) -> Ceiling:
    """People, and a system, against the same peers; `answers` by external id."""
    codes = {level: code for code, level in enumerate(people.table.levels)}
    given = None
    if answers is not None:
        given = {item: codes[label] for item, label in answers.items()}
    return human_ceiling(
        people.table, given, n_tickets=people.n_tickets, clusters=people.clusters
    )


def standing_sentence(name: str, ceiling: Ceiling) -> str:
    """Say in words how a system stands beside the people."""
    system, gap, humans = ceiling.system, ceiling.difference, ceiling.humans
    if system is None or gap is None or gap.value is None or gap.ci is None:
        why = humans.reason or "There is no interval."
        return f"{name} cannot be set beside the engineers. {why}"
    said = _STANDING[ceiling.standing].format(
        name=name, margin=f"{100 * ceiling.margin:g}"
    )
    return (
        f"{said}: {100 * (system.value or 0):.1f}% against "
        f"{100 * (humans.value or 0):.1f}%, {100 * gap.value:+.1f} points "
        f"[{100 * gap.ci[0]:+.1f}, {100 * gap.ci[1]:+.1f}]."
    )
