"""Queue tasks of datasets: one step each, safe to run twice."""

from __future__ import annotations

from django.utils import timezone

from training.services.datasets import building, exporting


def build_chunk(dataset_id: int) -> None:
    """Take the next step of a build."""
    building.build_chunk(dataset_id=dataset_id, now=timezone.now())


def run_export_chunk(export_id: int) -> None:
    """Write the next chunk of an export."""
    exporting.run_chunk(export_id=export_id, now=timezone.now())


def sweep_datasets() -> int:
    """Continue builds and exports that a crash left behind; returns how many."""
    now = timezone.now()
    return building.resume_stale(now=now) + exporting.resume_stale(now=now)
