"""What the lineage of a record is made of; `lineage` finds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from annotation.models import Record, Verdict
from evaluation.models import Evaluation
from training.domain.recipe import Split
from training.models import Dataset, TrainingRun

USES: Mapping[str, str] = {
    Split.TRAIN: "learned from it",
    Split.DEV: "was chosen and stopped by its score on it",
    Split.CALIBRATION: "kept it for calibrating; did not learn from it",
    Split.TEST: "never saw it",
}
"""What a run on a dataset did with an example of each split."""


@dataclass(frozen=True)
class Appearance:
    """The record in one frozen dataset, with what the snapshot kept.

    task: what it teaches there. reviews: (review id, guideline version or None) of the
    labels at the freeze.
    ruleset: of the text at the freeze. verdict: its id. All None where the dataset was
    frozen before they were kept. rulesets: of the whole dataset, by its manifest.
    is_stale: the current verdict says otherwise, or there is none.
    """

    dataset: Dataset
    task: str
    split: str
    copies: int
    label: str
    grade: str
    method: str
    frozen_at: datetime
    is_stale: bool
    verdict: int | None
    reviews: tuple[tuple[int, int | None], ...] | None
    ruleset: str | None
    rulesets: tuple[str, ...]

    @property
    def guidelines(self) -> str:
        """The guideline versions of the labels at the freeze, in words."""
        if self.reviews is None:
            return "not kept"
        versions = {version for _, version in self.reviews}
        known = [f"version {v}" for v in sorted(v for v in versions if v is not None)]
        return ", ".join([*known, *(["none named"] if None in versions else [])]) or "-"

    @property
    def sanitizing(self) -> str:
        """The ruleset of the text at the freeze, in words."""
        if self.ruleset is not None:
            return self.ruleset
        if len(self.rulesets) == 1:
            return f"{self.rulesets[0]} (all of the dataset)"
        if self.rulesets:
            return f"not kept; the dataset holds {', '.join(self.rulesets)}"
        return "not kept"


@dataclass(frozen=True)
class RunTouched:
    """A run on a dataset with the record, and the models that came of it.

    rows: all that the record has in the dataset, of every task, with copies.
    """

    run: TrainingRun
    split: str
    rows: int
    models: tuple[str, ...]

    @property
    def use(self) -> str:
        """What the run did with it, in words."""
        rows = f" as {self.rows} rows" if self.rows > 1 else ""
        return f"{USES[self.split]}{rows}"


@dataclass(frozen=True)
class Scored:
    """An evaluation that scored a model on the record.

    answer: the model's. items: tickets that it scored. accuracy: the published one,
    None where undefined. It never changes; the methods say what it would be. current:
    the label of today's verdict, empty where there is none.
    """

    evaluation: Evaluation
    gold: str
    answer: str
    items: int
    accuracy: float | None
    current: str

    @property
    def was_right(self) -> bool:
        """Whether the answer counted as right."""
        return self.answer == self.gold

    def with_label(self, label: str) -> float | None:
        """The accuracy, were this label the gold; None where it is undefined."""
        if self.accuracy is None or not self.items:
            return None
        change = int(self.answer == label) - int(self.was_right)
        return self.accuracy + change / self.items

    @property
    def accuracy_now(self) -> float | None:
        """The accuracy with today's label; None where the gold still stands."""
        is_overturned = self.current and self.current != self.gold
        return self.with_label(self.current) if is_overturned else None

    @property
    def most_changed(self) -> float | None:
        """The accuracy at the farthest that overturning this one label can move it.

        A right answer becomes wrong by any other label; a wrong one becomes right only
        by the label that the model gave.
        """
        return self.with_label("" if self.was_right else self.answer)


@dataclass(frozen=True)
class Lineage:
    """Everything before and behind one record.

    verdicts: the newest first. measured: finished evaluations of models that learned
    from it, on whichever tickets; how far a label moves those is not known without
    training again.
    """

    record: Record
    verdicts: tuple[Verdict, ...]
    appearances: tuple[Appearance, ...]
    runs: tuple[RunTouched, ...]
    scored: tuple[Scored, ...]
    learned: tuple[str, ...]
    measured: tuple[Evaluation, ...]

    @property
    def verdict(self) -> Verdict | None:
        """The current one."""
        return next((one for one in self.verdicts if one.is_current), None)

    @property
    def stale(self) -> tuple[Appearance, ...]:
        """The datasets whose label is no longer that of the verdict."""
        return tuple(one for one in self.appearances if one.is_stale)
