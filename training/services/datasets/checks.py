"""Under what a finished export was checked, in a small file beside it."""

from __future__ import annotations

import json
from pathlib import Path

from annotation.models import Project
from annotation.services.leak_standing import Standing, standing_of
from netft_site.base.files import write_json


def note(path: Path, standing: Standing) -> None:
    """Write down what the gate rested on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, standing.as_json())


def is_current(project: Project, path: Path) -> bool:
    """Whether a check of today would rest on the same; not without the file."""
    try:
        noted = Standing.read(json.loads(path.read_bytes()))
    except (FileNotFoundError, ValueError):
        return False
    return noted == standing_of(project)
