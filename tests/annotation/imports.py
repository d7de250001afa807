"""Files imported to the end, and what is left of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from annotation.models import ImportBatch, Project
from annotation.services import importing


def run(
    project: Project, content: str, name: str = "tickets.csv", **how: Any
) -> ImportBatch:
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(content.encode()),
        file_name=name,
        source="COMMAND",
    )
    batch = importing.start(batch=batch, now=timezone.now(), in_background=False, **how)
    return importing.run_to_end(batch_id=batch.pk, clock=timezone.now)


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    return batch.imported, batch.duplicate, batch.held, batch.rejected


def spools() -> list[Path]:
    return list(Path(settings.DATA_DIR).glob("spool/*"))


def held_text() -> str:
    """Text that the sanitizer cannot read, so it holds it."""
    return "undecodable \ufffd bytes"
