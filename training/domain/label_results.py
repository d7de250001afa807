"""What a search for wrong labels leaves in its run directory.

Beside what every job writes (`run_files`): its result, and the list of doubted labels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from training.domain.run_files import FileDigest
from training.domain.strict_json import load

_OF_REVIEW = re.compile(r"#review\d+\Z")


@dataclass(frozen=True)
class LabelFacts:
    """How labels were judged, and what it came to.

    examples: judged ones, by label. not_judged: examples of labels in too few groups.
    accuracy: how often the classifier names the given label, as a figure. thresholds:
    by label. noise: estimated share of wrong labels. doubted: examples in the list.
    """

    classifier: str
    folds: int
    groups: int
    examples: dict[str, int]
    not_judged: dict[str, int]
    accuracy: dict[str, Any]
    thresholds: dict[str, float]
    noise: float
    doubted: int


@dataclass(frozen=True)
class QualityResult:
    """result.json of a QUALITY job; `doubts` is a file of `LabelDoubt` lines."""

    attempt: int
    fence: int
    doubts: FileDigest
    facts: LabelFacts
    seconds: float
    libraries: dict[str, str]


@dataclass(frozen=True)
class LabelDoubt:
    """One line of doubts.jsonl, the most doubtful label first.

    id: of the row, which may be that of one review of a record. confidence and
    suggested_probability: of the given and of the likeliest label.
    """

    id: str
    split: str
    given: str
    suggested: str
    confidence: float
    suggested_probability: float

    @property
    def record_id(self) -> str:
        """The external id of the record that the row is of."""
        return _OF_REVIEW.sub("", self.id)


def read_quality_result(text: str | bytes) -> QualityResult:
    """Parse result.json of a QUALITY job. Raises SpecError."""
    return load(QualityResult, text)


def read_doubt(line: str | bytes) -> LabelDoubt:
    """Parse one line of doubts.jsonl. Raises SpecError."""
    return load(LabelDoubt, line)
