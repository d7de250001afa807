"""A tiny frozen dataset on disk, as the builder would leave it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from django.conf import settings

from annotation.models import Project
from tests.factories import DatasetFactory
from training.models import Dataset

LEVELS = ("critical", "low")
TEXTS = {
    "critical": "Core router {n} is down, the whole site {n} lost its uplink.",
    "low": "Please rename the label of access port {n} in the patch panel plan.",
}


def frozen_dataset(
    project: Project,
    *,
    name: str = "triage",
    extra: dict[str, list[dict]] | None = None,
    tasks: tuple[str, ...] = ("severity",),
    recipe: dict | None = None,
    **rows: int,
) -> Dataset:
    """A dataset with so many rows in each split; TRAIN 24 and DEV 12 by default.

    `extra` are fields for the first rows of a split, such as a text or an answer.
    """
    counts = {"TRAIN": 24, "DEV": 12, **rows}
    folder = Path("datasets") / project.slug / name / "v1"
    place = Path(settings.DATA_DIR) / folder
    place.mkdir(parents=True)
    extra = extra or {}
    splits = {
        split: _write(place, split, n, extra.get(split, []))
        for split, n in counts.items()
    }
    scale = [{"key": level, "label": level} for level in LEVELS]
    manifest = {
        "levels": list(LEVELS),
        "scale": scale,
        "root_causes": [],
        "tasks": dict.fromkeys(tasks, "1"),
        "splits": splits,
    }
    text = json.dumps(manifest, sort_keys=True)
    return DatasetFactory(
        project=project,
        name=name,
        frozen=True,
        recipe=recipe or {},
        manifest=manifest,
        path=folder.as_posix(),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def _write(place: Path, split: str, count: int, extra: list[dict]) -> dict:
    lines = []
    for n in range(count):
        label = LEVELS[n % 2]
        text = TEXTS[label].format(n=f"{split.lower()}-{n}")
        row = {"id": f"{split}-{n}", "text": text, "label": label, "split": split}
        lines.append(json.dumps({**row, **(extra[n] if n < len(extra) else {})}))
    content = "".join(f"{line}\n" for line in lines).encode()
    (place / f"{split.lower()}.jsonl").write_bytes(content)
    return {
        "file": f"{split.lower()}.jsonl",
        "examples": count,
        "rows": count,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
