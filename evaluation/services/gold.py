"""The gold that models are scored against: the rows of a frozen split.

Gold is read from the frozen file, never from today's verdicts, so a later correction
cannot change a figure that was published. Its hash names it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from training.domain.formats import Row, read_row
from training.models import Dataset
from training.services.datasets import folders

SCORED_SPLITS = ("TEST", "CALIBRATION", "DEV")


@dataclass(frozen=True)
class Gold:
    """The rows of one split in the order of the file.

    `sha256` is over external ids and labels: the same gold in two datasets has the
    same hash. `file_sha256` is the file's own.
    """

    path: Path
    file_sha256: str
    sha256: str
    rows: tuple[Row, ...]


def read_gold(*, dataset: Dataset, split: str) -> Gold:
    """Read and verify the split's file.

    Raises Refused: ``split_not_scored``, ``split_empty``, ``not_frozen``,
    ``file_missing``, ``file_damaged``.
    """
    if split not in SCORED_SPLITS:
        raise Refused(
            "split_not_scored",
            f"Models are scored on {', '.join(SCORED_SPLITS)}, not on {split}.",
        )
    path = folders.split_path(dataset, split)
    digest = sha256_of(path)
    known = dataset.manifest["splits"].get(split, {})
    if digest != known.get("sha256"):
        raise Refused(
            "file_damaged", f"{split} of {dataset} is not the file that was frozen."
        )
    with path.open("rb") as stream:
        rows = tuple(read_row(line) for line in stream)
    if not rows:
        raise Refused("split_empty", f"{split} of {dataset} has no tickets.")
    return Gold(path, digest, _hash(rows), rows)


def _hash(rows: tuple[Row, ...]) -> str:
    pairs = sorted((row.id, row.label) for row in rows)
    return hashlib.sha256(json.dumps(pairs).encode("ascii")).hexdigest()
