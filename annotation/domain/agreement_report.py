"""All agreement figures of one table at once, with warnings in words.

This room chooses what belongs together: which metric alpha takes, which weights AC2
takes, which figures two raters allow, and when a low value needs an explanation. The
formulas live in `agreement`, `krippendorff`, `kappa` and `icc`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from annotation.domain.agreement import (
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    percent_agreement,
    specific_agreement,
)
from annotation.domain.coefficient import Coefficient
from annotation.domain.icc import intraclass_correlations
from annotation.domain.intervals import Figure
from annotation.domain.kappa import (
    SymmetryTest,
    bowker,
    cohen_kappa,
    stuart_maxwell,
    weighted_kappa,
)
from annotation.domain.krippendorff import (
    bootstrap_alpha,
    krippendorff_alpha,
    weighted_alpha,
)
from annotation.domain.label_file import ScaleKind
from annotation.domain.ratings_table import IntArray, RatingsTable
from annotation.domain.resampling import Bootstrap
from annotation.domain.scale import Weights, agreement_weights

_COMMON_LEVEL = 0.7
_PARADOX_GAP = 0.2
_FEW_LABELS = 5
_MANY_ITEMS = 20
_WIDER_BY = 1.2
_WEIGHTED = {
    "percent_agreement": percent_agreement,
    "gwet_ac2": gwet_ac2,
    "fleiss_kappa": fleiss_kappa,
    "conger_kappa": conger_kappa,
    "brennan_prediger": brennan_prediger,
    "krippendorff_alpha": weighted_alpha,
}


@dataclass(frozen=True)
class AgreementReport:
    """Every agreement figure of one table.

    `specific` holds the specific agreement of each level, `symmetry` the tests of two
    raters' habits, `alpha_bootstrap` alpha's resampled interval where it was wanted.
    """

    n_items: int
    n_raters: int
    n_ratings: int
    coefficients: Mapping[str, Coefficient]
    specific: Mapping[str, Figure]
    warnings: tuple[str, ...]
    symmetry: Mapping[str, SymmetryTest] = field(default_factory=dict)
    alpha_bootstrap: Bootstrap | None = None

    def alpha(self) -> Coefficient:
        """Return alpha with the wider interval where the two differ by a fifth.

        The linearized interval is too narrow on small skewed tables, the bootstrap on
        few items; where they disagree, the cautious one is shown.
        """
        linear = self.coefficients["krippendorff_alpha"]
        drawn = self.alpha_bootstrap
        if drawn is None or linear.ci is None:
            return linear
        low, high = drawn.ci[0], min(1.0, drawn.ci[1])
        if high - low <= _WIDER_BY * (linear.ci[1] - linear.ci[0]):
            return linear
        method = linear.method.partition(";")[0] + "; item bootstrap, BCa"
        return replace(linear, se=drawn.se, ci=(low, high), method=method)

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        coefficients = {
            name: found.as_dict() for name, found in self.coefficients.items()
        }
        if self.alpha_bootstrap is not None:
            low, high = self.alpha_bootstrap.ci
            coefficients["krippendorff_alpha"]["bootstrap"] = {
                "se": self.alpha_bootstrap.se,
                "ci": [low, min(1.0, high)],
                "draws": self.alpha_bootstrap.draws,
                "method": "item bootstrap, BCa",
            }
        shape: dict[str, Any] = {
            "n_items": self.n_items,
            "n_raters": self.n_raters,
            "n_ratings": self.n_ratings,
            "coefficients": coefficients,
            "specific_agreement": {
                level: found.as_dict() for level, found in self.specific.items()
            },
            "warnings": list(self.warnings),
        }
        if self.symmetry:
            shape["symmetry"] = {
                name: test.as_dict() for name, test in self.symmetry.items()
            }
        return shape


def assess_agreement(
    table: RatingsTable,
    kind: ScaleKind,
    *,
    weights: Weights | None = None,
    all_weights: bool = False,
    rng: np.random.Generator | None = None,
    clusters: IntArray | None = None,
    draws: int = 1000,
) -> AgreementReport:
    """Compute every coefficient that the table and its scale allow.

    `weights` are AC2's: quadratic by default, identity on a nominal scale. With `rng`
    alpha is bootstrapped too, over items or over `clusters` (one number an item).
    """
    chosen = weights or _default_weights(kind)
    coefficients = _coefficients(table, kind, chosen)
    if all_weights:
        coefficients |= _under_all_weights(table)
    drawn = (
        None
        if rng is None
        else bootstrap_alpha(table, kind.value, rng, clusters=clusters, draws=draws)
    )
    return AgreementReport(
        table.n_items,
        table.n_raters,
        table.n_ratings,
        coefficients,
        {} if kind.is_numeric else specific_agreement(table),
        tuple(_warnings(table, coefficients)),
        _symmetry(table, kind),
        drawn,
    )


def _default_weights(kind: ScaleKind) -> Weights:
    return Weights.IDENTITY if kind is ScaleKind.NOMINAL else Weights.QUADRATIC


def _coefficients(
    table: RatingsTable, kind: ScaleKind, weights: Weights
) -> dict[str, Coefficient]:
    found = {
        "percent_agreement": percent_agreement(table),
        "krippendorff_alpha": krippendorff_alpha(table, kind.value),
        "gwet_ac1": gwet_ac1(table),
        "gwet_ac2": gwet_ac2(table, weights),
        "fleiss_kappa": fleiss_kappa(table),
        "conger_kappa": conger_kappa(table),
        "brennan_prediger": brennan_prediger(table),
    }
    if table.n_raters == 2:
        found |= _kappas(table)
    if kind.is_numeric:
        found |= intraclass_correlations(table)
    return found


def _kappas(table: RatingsTable) -> dict[str, Coefficient]:
    cross = table.cross_table()
    found = {"cohen_kappa": cohen_kappa(cross)}
    for kind in (Weights.LINEAR, Weights.QUADRATIC):
        matrix = agreement_weights(kind, table.values)
        found[f"weighted_kappa_{kind.value}"] = weighted_kappa(
            cross, matrix, kind.value
        )
    return found


def _under_all_weights(table: RatingsTable) -> dict[str, Coefficient]:
    return {
        f"{name}[{kind.value}]": compute(table, kind)
        for kind in (Weights.LINEAR, Weights.QUADRATIC, Weights.ORDINAL)
        for name, compute in _WEIGHTED.items()
    }


def _symmetry(table: RatingsTable, kind: ScaleKind) -> dict[str, SymmetryTest]:
    if table.n_raters != 2 or kind.is_numeric:
        return {}
    cross = table.cross_table()
    return {"bowker": bowker(cross), "stuart_maxwell": stuart_maxwell(cross)}


def _warnings(
    table: RatingsTable, coefficients: Mapping[str, Coefficient]
) -> list[str]:
    candidates = (
        _repeats(table),
        _single_labels(table),
        _unknown_raters(table),
        _prevalence(table, coefficients),
        _suspicious_harmony(coefficients["percent_agreement"]),
    )
    return [warning for warning in candidates if warning]


def _repeats(table: RatingsTable) -> str | None:
    if table.repeats == 0:
        return None
    return (
        f"{table.repeats:,} labels repeat a rater's earlier label for the same item; "
        "the first one counts."
    )


def _single_labels(table: RatingsTable) -> str | None:
    single = table.n_items - table.n_pairable
    if single == 0 or table.n_pairable == 0:
        return None
    return (
        f"{single:,} of {table.n_items:,} items have one label only: they say how "
        "often a level is used, but nothing about agreement."
    )


def _unknown_raters(table: RatingsTable) -> str | None:
    given = np.bincount(table.raters, minlength=table.n_raters)
    few = int(np.count_nonzero(given < _FEW_LABELS))
    if few == 0:
        return None
    return (
        f"{few:,} of {table.n_raters:,} raters gave fewer than {_FEW_LABELS} labels: "
        "their habits, which Conger's and Cohen's kappa rest on, are hardly known."
    )


def _prevalence(
    table: RatingsTable, coefficients: Mapping[str, Coefficient]
) -> str | None:
    alpha = coefficients["krippendorff_alpha"].value
    credit = coefficients["gwet_ac2"].value
    exact = coefficients["percent_agreement"].value
    if alpha is None or credit is None or exact is None:
        return None
    top = int(np.argmax(table.level_shares))
    share = float(table.level_shares[top])
    if share <= _COMMON_LEVEL or credit - alpha < _PARADOX_GAP:
        return None
    return (
        f"Prevalence: {share:.0%} of all labels are “{table.levels[top]}”. Raters "
        f"agree exactly {exact:.0%} of the time, yet alpha is only {alpha:.2f}, as "
        "with one level so common much of that agreement could be chance. Read it "
        f"beside AC2 ({credit:.2f}) and the specific agreement of the rare levels."
    )


def _suspicious_harmony(exact: Coefficient) -> str | None:
    if exact.value is None or exact.value < 1 or exact.n < _MANY_ITEMS:
        return None
    return (
        f"The raters agree on every one of {exact.n:,} items. Check that the labels "
        "were given independently and not copied."
    )
