"""What the models of several runs are worth on the same test tickets.

The figures are the frozen ones of their evaluations, each with its interval. Models
that answered other tickets are not set beside them: their numbers would not compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.models import Evaluation
from training.domain.recipe import Split
from training.models import Dataset, TrainingRun

MEASURES = {"accuracy": "Accuracy", "macro_f1": "Macro-F1", "qwk": "Quadratic kappa"}


@dataclass(frozen=True)
class RunFigures:
    """Figures by run, all on the test split of `dataset`; None where none was scored.

    missing: runs whose models did not answer these tickets.
    """

    dataset: Dataset | None
    figures: dict[int, dict[str, Any]]
    missing: list[int]

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        return {
            "dataset": str(self.dataset) if self.dataset else None,
            "split": Split.TEST.value,
            "figures": {str(run): found for run, found in self.figures.items()},
            "missing": self.missing,
        }


def figures_of(*, runs: Sequence[TrainingRun]) -> RunFigures:
    """The figures on the tickets that the most of the runs' models have answered.

    Of several such sets of tickets the newest is taken.
    """
    run_of = {
        run.model_version.pk: run.pk for run in runs if hasattr(run, "model_version")
    }
    done = (
        Evaluation.objects.done()
        .filter(model_version__in=run_of, split=Split.TEST.value)
        .select_related("dataset__project")
        .order_by("pk")
    )
    sets: dict[tuple[int, str], dict[int, Evaluation]] = {}
    for one in done:
        same_tickets = sets.setdefault((one.dataset_id, one.gold_sha256), {})
        same_tickets[run_of[one.model_version_id]] = one
    chosen = max(
        sets.values(), key=lambda s: (len(s), max(e.pk for e in s.values())), default={}
    )
    return RunFigures(
        next((one.dataset for one in chosen.values()), None),
        {run: _figures(one) for run, one in sorted(chosen.items())},
        [run.pk for run in runs if run.pk not in chosen],
    )


def _figures(evaluation: Evaluation) -> dict[str, Any]:
    return {
        name: evaluation.report[name] for name in MEASURES if name in evaluation.report
    }
