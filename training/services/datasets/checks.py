"""Under what a finished export was checked, in a small file beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from annotation.models import Project
from annotation.services import leak_gate
from netft_site.base.files import write_json


def note(path: Path, standing: Mapping[str, str | int]) -> None:
    """Write down what the gate rested on; see `leak_gate.standing_of`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, dict(standing))


def is_current(project: Project, path: Path) -> bool:
    """Whether a check of today would rest on the same; not without the file."""
    try:
        noted = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return bool(noted == leak_gate.standing_of(project))
