"""What the engineers said: agreement and standing in words."""

from __future__ import annotations

import numpy as np
import pytest

from annotation.domain.agreement_report import assess_agreement
from annotation.domain.intervals import Figure
from annotation.domain.label_file import ScaleKind
from annotation.domain.ratings_table import RatingsTable
from evaluation.domain.ceiling import Ceiling, Standing
from evaluation.services import people, scoring

LEVELS = ("critical", "high", "medium", "low")


def test_alpha_carries_the_wider_of_its_two_intervals():
    # So skewed that the linearized interval is far too narrow.
    labels = (
        [("low", "low")] * 20 + [("critical", "critical")] * 3 + [("low", "medium")]
    )
    rows = [
        (str(item), rater, label)
        for item, pair in enumerate(labels)
        for rater, label in zip("ab", pair, strict=True)
    ]
    table = RatingsTable.from_labels(rows, LEVELS)

    said = people.People(table, np.arange(len(labels)), len(labels))
    alpha = people.agreement_of(said)["coefficients"]["krippendorff_alpha"]

    linear = assess_agreement(table, ScaleKind.ORDINAL).as_dict()
    narrow = linear["coefficients"]["krippendorff_alpha"]["ci"]
    assert alpha["ci"][1] - alpha["ci"][0] > narrow[1] - narrow[0]
    assert alpha["ci"] == alpha["bootstrap"]["ci"]


def _figure(value: float, low: float, high: float) -> Figure:
    return Figure(value, (low, high), 200, "method", "peers")


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing.BETTER, "Tuned does better than an engineer: 79.3% against 76.7%"),
        (Standing.WORSE, "Tuned does worse than an engineer: "),
        (Standing.EQUIVALENT, "Tuned does as well as an engineer, within 5 points: "),
        (Standing.INCONCLUSIVE, "Whether Tuned does as well as an engineer stays open"),
    ],
)
def test_a_standing_is_said_in_words_with_its_numbers(standing, words):
    ceiling = Ceiling(
        humans=_figure(0.767, 0.72, 0.81),
        system=_figure(0.793, 0.74, 0.84),
        difference=_figure(0.026, -0.031, 0.083),
        standing=standing,
        margin=0.05,
        n_raters=4,
        notes=(),
    )

    said = people.standing_sentence("Tuned", ceiling)

    assert said.startswith(words)
    assert said.endswith("+2.6 points [-3.1, +8.3].")


def test_an_undefined_standing_says_why():
    humans = Figure.undefined(0, "method", "peers", "There is one rater only.")
    ceiling = Ceiling(humans, humans, humans, Standing.UNDEFINED, 0.05, 1, ())

    said = people.standing_sentence("Tuned", ceiling)

    assert said == "Tuned cannot be set beside the engineers. There is one rater only."


def test_the_generator_of_figures_starts_anew_each_time():
    first, second = (scoring.generator().random() for _ in range(2))

    assert first == second
