"""What a frozen dataset says of itself.

The content is everything that decides a model trained on it: recipe, levels, template
and the hash of each file. Its hash names the dataset: same data, recipe and seed give
the same hash, whatever the dataset is called and whenever it was built. Around it
stand the counts, mixes and findings that people read.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from training.domain.recipe import Recipe, Split
from training.domain.rows import SEVERITY

SCHEMA = "netft-dataset-2"


@dataclass(frozen=True)
class SplitFile:
    """A written split: its file name, size, hash, examples and rows with copies."""

    file: str
    examples: int
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Vocabulary:
    """What labels may say: levels, most severe first, and root causes."""

    levels: Sequence[str]
    root_causes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """One example as it counts in the mixes."""

    split: Split
    label: str
    category: str
    vendor: str
    grade: str
    rows: int
    task: str = SEVERITY
    kind: str = ""


def content(
    recipe: Recipe,
    vocabulary: Vocabulary,
    versions: Mapping[str, str],
    files: Mapping[Split, SplitFile],
) -> dict[str, Any]:
    """The part of the manifest that is hashed.

    versions: of the words of each task that the rows teach.
    """
    return {
        "schema": SCHEMA,
        "tasks": dict(sorted(versions.items())),
        "recipe": recipe.as_json(),
        "levels": list(vocabulary.levels),
        "root_causes": list(vocabulary.root_causes),
        "splits": {s.value: asdict(files[s]) for s in Split if s in files},
    }


def content_sha256(payload: Mapping[str, Any]) -> str:
    """Hash of canonical JSON: sorted keys, no spaces, ASCII."""
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def mixes(tallies: Iterable[Tally]) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    """Examples and rows by split, by task, class, grade, category, vendor and kind.

    ``mixes(...)["class"]["TRAIN"]["high"] == {"examples": 10, "rows": 14}``; examples
    are counted before up-sampling, rows after. What has no label is in no class.
    """
    examples: Counter[tuple[str, str, str]] = Counter()
    rows: Counter[tuple[str, str, str]] = Counter()
    for tally in tallies:
        for field, value in (
            ("task", tally.task),
            ("class", tally.label),
            ("grade", tally.grade),
            ("category", tally.category or "none"),
            ("vendor", tally.vendor or "none"),
            ("kind", tally.kind),
        ):
            if value:
                examples[field, tally.split, value] += 1
                rows[field, tally.split, value] += tally.rows
    found: dict[str, dict[str, dict[str, dict[str, int]]]] = {
        field: {split.value: {} for split in Split}
        for field in ("task", "class", "grade", "category", "vendor", "kind")
    }
    for (field, split, value), count in sorted(examples.items()):
        found[field][split][value] = {
            "examples": count,
            "rows": rows[field, split, value],
        }
    return found


def coverage(tallies: Iterable[Tally]) -> dict[str, dict[str, int]]:
    """Examples of all splits by category, then vendor; "none" where it is not said."""
    counted: Counter[tuple[str, str]] = Counter(
        (tally.category or "none", tally.vendor or "none") for tally in tallies
    )
    found: dict[str, dict[str, int]] = {}
    for (category, vendor), count in sorted(counted.items()):
        found.setdefault(category, {})[vendor] = count
    return found
