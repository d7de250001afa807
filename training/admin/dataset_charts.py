"""The charts of a dataset: who and what TRAIN is made of, beside what it should be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from annotation.domain.scale import Grade
from netft_site.base.charts import Chart, class_mix

Counts = Mapping[str, Mapping[str, int]]
Mix = Mapping[str, Mapping[str, Counts]]
# Shares of live traffic are shown as if this many tickets had come in.
LIVE_TICKETS = 1000


@dataclass(frozen=True)
class TitledChart:
    """A chart under a heading, with an id that is unique on the page."""

    id: str
    title: str
    chart: Chart


def dataset_charts(
    mix: Mix, levels: Sequence[str], production_mix: Mapping[str, float]
) -> list[TitledChart]:
    """Classes and grades in TRAIN before and after copies; categories beside live."""
    classes, grades = mix["class"]["TRAIN"], mix["grade"]["TRAIN"]
    if not classes:
        return []
    copies = ("Examples", "Rows with copies")
    ranks = [grade.value for grade in Grade if grade.value in grades]
    by_level = class_mix(levels, _examples(classes), _rows(classes), names=copies)
    by_grade = class_mix(ranks, _examples(grades), _rows(grades), names=copies)
    against_test = class_mix(
        levels,
        _examples(classes),
        _examples(mix["class"]["TEST"]),
        names=("Train examples", "Test examples"),
    )
    charts = [
        TitledChart("mix-class", "Levels in TRAIN", by_level),
        TitledChart("mix-grade", "Grades in TRAIN", by_grade),
        TitledChart("mix-test", "Levels in TRAIN and TEST", against_test),
        _categories(mix["category"], production_mix),
    ]
    # One bar at 100 % says nothing.
    return [item for item in charts if len(item.chart.rows) > 1]


def _categories(
    mix: Mapping[str, Counts], production_mix: Mapping[str, float]
) -> TitledChart:
    train, test = mix["TRAIN"], mix["TEST"]
    other, title = _examples(test), "Categories in TRAIN and TEST"
    names = ("Train rows", "Test examples")
    if production_mix:
        other = {n: round(s * LIVE_TICKETS) for n, s in production_mix.items()}
        title = "Categories in TRAIN and in production"
        names = ("Train rows", f"Of {LIVE_TICKETS:,} live tickets")
    chart = class_mix(_names(train, other), _rows(train), other, names=names)
    return TitledChart("mix-category", title, chart)


def _names(*mixes: Iterable[str]) -> list[str]:
    return sorted({name for mix in mixes for name in mix})


def _examples(counts: Counts) -> dict[str, int]:
    return {name: count["examples"] for name, count in counts.items()}


def _rows(counts: Counts) -> dict[str, int]:
    return {name: count["rows"] for name, count in counts.items()}
