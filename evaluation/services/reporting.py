"""The comparison: people, baselines, base and tuned models on the same tickets.

A comparison is computed from frozen predictions and frozen gold, so the models' figures
stay what they were; the engineers' follow their reviews of those tickets. It refuses to
set models side by side that were not scored on the same gold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from evaluation.domain.answers import Answers
from evaluation.domain.ceiling import Ceiling
from evaluation.domain.comparison import Pair
from evaluation.domain.comparison_report import ComparisonReport, compare_systems
from evaluation.domain.slices import Slice, weak_slices
from evaluation.models import Evaluation
from evaluation.services import people, scoring
from evaluation.services.evaluating import reference_of
from evaluation.services.gold import Gold, read_gold
from evaluation.services.lineup import choose, describe, labels_of, questions
from evaluation.services.people import standing_sentence
from netft_site.base.refusals import Refused
from training.domain.recipe import Split
from training.models import Dataset, ModelVersion

_DEV_FLATTERS = (
    "DEV chose the checkpoints and penalties of models trained on this dataset: its "
    "figures flatter them. Judge on TEST."
)


@dataclass(frozen=True)
class Comparison:
    """Everything that the page, the report and the API show.

    `models` are in the order of their systems; `labels` names them in a few words.
    `focus` is the newest model: the one whose slices and mistakes are looked at.
    """

    dataset: Dataset
    split: str
    gold: Gold
    models: tuple[ModelVersion, ...]
    labels: dict[str, str]
    sheet: Answers
    report: ComparisonReport
    agreement: dict[str, Any] | None
    ceilings: dict[str, Ceiling]
    slices: dict[str, list[Slice]]
    focus: str

    @property
    def headlines(self) -> list[tuple[str, Pair]]:
        """The pairs to read first, each with the question that it answers."""
        pairs = {(pair.a, pair.b): pair for pair in self.report.pairs}
        return [(words, pairs[a, b]) for words, a, b in questions(self.models)]

    @property
    def weak(self) -> list[Slice]:
        """Weak slices of the model in focus."""
        return weak_slices(self.slices[self.focus])

    @property
    def warnings(self) -> list[str]:
        """What the numbers cannot carry, in words."""
        if self.split != Split.DEV:
            return list(self.report.warnings)
        return [_DEV_FLATTERS, *self.report.warnings]

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        return {
            "dataset": str(self.dataset),
            "dataset_sha256": self.dataset.sha256,
            "split": self.split,
            "gold_sha256": self.gold.sha256,
            "reference": self.sheet.reference,
            "single_source": self.dataset.is_single_source,
            "synthetic": self.dataset.project.is_synthetic,
            "levels": list(self.sheet.levels),
            **self.report.as_dict(),
            "warnings": self.warnings,
            "headlines": [
                self._headline(question, pair) for question, pair in self.headlines
            ],
            "models": {
                model.name: {"label": self.labels[model.name], **describe(model)}
                for model in self.models
            },
            "focus": self.focus,
            **self._people_shape(),
            **self._slices_shape(),
        }

    def _people_shape(self) -> dict[str, Any]:
        return {
            "agreement": self.agreement,
            "human_ceiling": {
                name: {
                    **ceiling.as_dict(),
                    "sentence": standing_sentence(self.labels[name], ceiling),
                }
                for name, ceiling in self.ceilings.items()
            },
        }

    def _slices_shape(self) -> dict[str, Any]:
        return {
            "slices": {
                name: [found.as_dict() for found in slices]
                for name, slices in self.slices.items()
            },
            "weak_slices": [found.as_dict() for found in self.weak],
        }

    def _headline(self, question: str, pair: Pair) -> dict[str, Any]:
        named = replace(pair, a=self.labels[pair.a], b=self.labels[pair.b])
        return {
            "question": question,
            "a": pair.a,
            "b": pair.b,
            "verdict": pair.verdict.value,
            "sentence": named.sentence(),
        }


def compare(
    *, models: Sequence[ModelVersion], dataset: Dataset, split: str = "TEST"
) -> Comparison:
    """Set models side by side on one split.

    Raises Refused: ``no_models``, ``too_many_models``, ``not_evaluated``, and those of
    `read_gold`.
    """
    gold = read_gold(dataset=dataset, split=split)
    chosen = choose(models)
    systems = _answers(chosen, dataset, split, gold)
    sheet = scoring.answer_sheet(
        gold.rows, systems, dataset.manifest["levels"], reference_of(dataset, split)
    )
    agreement, ceilings = _people(dataset, split, gold, systems)
    return Comparison(
        dataset=dataset,
        split=split,
        gold=gold,
        models=chosen,
        labels=labels_of(chosen),
        sheet=sheet,
        report=compare_systems(sheet, scoring.generator()),
        agreement=agreement,
        ceilings=ceilings,
        slices={name: scoring.slices_of(sheet, name, gold.rows) for name in systems},
        focus=chosen[-1].name,
    )


def _answers(
    models: Sequence[ModelVersion], dataset: Dataset, split: str, gold: Gold
) -> dict[str, list[str]]:
    systems: dict[str, list[str]] = {}
    for model in models:
        evaluation = (
            Evaluation.objects.done()
            .filter(
                model_version=model,
                dataset=dataset,
                split=split,
                gold_sha256=gold.sha256,
            )
            .first()
        )
        if evaluation is None:
            raise Refused(
                "not_evaluated",
                f"{model} has not been evaluated on {split} of {dataset}. Run "
                f"evaluate --model {model} --dataset {dataset} first.",
            )
        given = dict(evaluation.predictions.values_list("item_key", "severity"))
        systems[model.name] = [given[row.id] for row in gold.rows]
    return systems


def _people(
    dataset: Dataset, split: str, gold: Gold, systems: dict[str, list[str]]
) -> tuple[dict[str, Any] | None, dict[str, Ceiling]]:
    if dataset.is_single_source:
        return None, {}
    said = people.read_people(dataset=dataset, split=split, rows=gold.rows)
    ceilings = {
        name: people.ceiling_of(
            said,
            {row.id: label for row, label in zip(gold.rows, given, strict=True)},
        )
        for name, given in systems.items()
    }
    return people.agreement_of(said), ceilings
