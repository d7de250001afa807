"""The demo's figures in their public shape, read from the two comparisons."""

from __future__ import annotations

from typing import Any

from evaluation.services.reporting import Comparison
from netft_site.demo.story import Story
from training.models import Dataset


def figures(story: Story, before: Comparison, after: Comparison) -> dict[str, Any]:
    """Return what `demo --json` prints."""
    shape = after.as_dict()
    return {
        "synthetic": True,
        "project": story.project.slug,
        "seconds": story.seconds,
        "counts": story.counts,
        "datasets": [_dataset(dataset) for dataset in story.datasets],
        "same_test_tickets": before.gold.sha256 == after.gold.sha256,
        "reference": shape["reference"],
        "agreement": shape["agreement"],
        "human_ceiling": shape["human_ceiling"],
        "systems": shape["systems"],
        "pairs": shape["pairs"],
        "weak_slices": [
            {"model": comparison.focus, **found.as_dict()}
            for comparison in (before, after)
            for found in comparison.weak
        ],
    }


def _dataset(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "version": dataset.version,
        "sha256": dataset.sha256,
        "splits": {
            split: {"tickets": found["examples"], "rows": found["rows"]}
            for split, found in dataset.manifest["splits"].items()
        },
    }
