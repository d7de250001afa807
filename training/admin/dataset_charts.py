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
# Bars for more than these cannot be told apart.
MOST_NAMES = 12


@dataclass(frozen=True)
class TitledChart:
    """A chart under a heading, with an id that is unique on the page."""

    id: str
    title: str
    chart: Chart


def dataset_charts(
    mix: Mix, levels: Sequence[str], production_mix: Mapping[str, float]
) -> list[TitledChart]:
    """What TRAIN is made of, before and after copies; categories beside live.

    Where nothing has a label, tasks and kinds of record stand in the place of levels.
    """
    classes = mix["class"]["TRAIN"]
    grades = mix["grade"]["TRAIN"]
    if not (classes or grades):
        return []
    ranks = [grade.value for grade in Grade if grade.value in grades]
    vendors = mix.get("vendor", {}).get("TRAIN", {})
    charts = [
        *(_levels(mix["class"], levels) if classes else _unlabelled(mix)),
        TitledChart("mix-grade", "Grades in TRAIN", _copies(ranks, grades)),
        _categories(mix["category"], production_mix),
        TitledChart("mix-vendor", "Vendors in TRAIN", _copies(_most(vendors), vendors)),
    ]
    # One bar at 100 % says nothing.
    return [item for item in charts if len(item.chart.rows) > 1]


def _levels(mix: Mapping[str, Counts], levels: Sequence[str]) -> list[TitledChart]:
    against_test = {
        "Train examples": _examples(mix["TRAIN"]),
        "Test examples": _examples(mix["TEST"]),
    }
    return [
        TitledChart("mix-class", "Levels in TRAIN", _copies(levels, mix["TRAIN"])),
        TitledChart(
            "mix-test", "Levels in TRAIN and TEST", class_mix(levels, against_test)
        ),
    ]


def _unlabelled(mix: Mix) -> list[TitledChart]:
    """Tasks and kinds in TRAIN and TEST; versions of earlier days know no kinds."""
    return [
        TitledChart(
            f"mix-{part}",
            f"{title} in TRAIN and TEST",
            class_mix(
                _names(counts["TRAIN"], counts["TEST"]),
                {
                    "Train examples": _examples(counts["TRAIN"]),
                    "Test examples": _examples(counts["TEST"]),
                },
            ),
        )
        for part, title in (("task", "Tasks"), ("kind", "Kinds of record"))
        if (counts := mix.get(part, {}))
    ]


def _copies(names: Sequence[str], counts: Counts) -> Chart:
    mixes = {"Examples": _examples(counts), "Rows with copies": _rows(counts)}
    return class_mix(names, mixes)


def _most(counts: Counts) -> list[str]:
    """The names of the most frequent, by frequency."""
    ordered = sorted(counts, key=lambda name: (-counts[name]["examples"], name))
    return ordered[:MOST_NAMES]


def _categories(
    mix: Mapping[str, Counts], production_mix: Mapping[str, float]
) -> TitledChart:
    """TRAIN before and after copies, beside production or, where unknown, TEST."""
    train, other = mix["TRAIN"], _examples(mix["TEST"])
    title, name = "Categories in TRAIN and TEST", "Test examples"
    if production_mix:
        other = {n: round(s * LIVE_TICKETS) for n, s in production_mix.items()}
        title = "Categories in TRAIN and in production"
        name = f"Of {LIVE_TICKETS:,} live tickets"
    mixes = {"Train examples": _examples(train), "Train rows": _rows(train)}
    chart = class_mix(_names(train, other), {**mixes, name: other})
    return TitledChart("mix-category", title, chart)


def _names(*mixes: Iterable[str]) -> list[str]:
    return sorted({name for mix in mixes for name in mix})


def _examples(counts: Counts) -> dict[str, int]:
    return {name: count["examples"] for name, count in counts.items()}


def _rows(counts: Counts) -> dict[str, int]:
    return {name: count["rows"] for name, count in counts.items()}
