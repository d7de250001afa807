"""Find the dataset that somebody means.

A reference is `NAME`, `NAME@VERSION`, `PROJECT/NAME` or both; without a version it is
the newest frozen one. A name that several projects use is refused, never guessed.
"""

from __future__ import annotations

from typing import Any

from annotation.models import Project
from netft_site.base.refusals import Refused
from training.models import Dataset


class DatasetUnknown(Refused):
    """No dataset, or more than one, answers to the reference."""


def resolve_dataset(
    reference: str,
    *,
    project: Project | None = None,
    visible_to: Any = None,
    frozen_only: bool = True,
) -> Dataset:
    """Return the dataset of a reference ``[project/]name[@version]``.

    `project` narrows to one project, `visible_to` to what a user may see.

    Raises DatasetUnknown (``no_such_dataset``, ``ambiguous_dataset``, ``not_frozen``).
    """
    found = Dataset.objects.referred_to_by(reference).select_related("project")
    if project is not None:
        found = found.filter(project=project)
    if visible_to is not None:
        found = found.visible_to(visible_to)
    candidates = list(found)
    if not candidates:
        raise DatasetUnknown("no_such_dataset", f"There is no dataset “{reference}”.")
    slugs = sorted({dataset.project.slug for dataset in candidates})
    if len(slugs) > 1:
        raise DatasetUnknown(
            "ambiguous_dataset",
            f"“{reference}” names datasets of {', '.join(slugs)}. Write PROJECT/NAME.",
        )
    if frozen_only:
        return _newest_frozen(candidates, reference)
    return candidates[0]


def _newest_frozen(candidates: list[Dataset], reference: str) -> Dataset:
    """The first frozen one; candidates come newest first."""
    for dataset in candidates:
        if dataset.is_frozen:
            return dataset
    newest = candidates[0]
    reason = f" {newest.failure}" if newest.failure else ""
    raise DatasetUnknown(
        "not_frozen",
        f"Dataset “{reference}” is {newest.get_status_display().lower()}, not "
        f"frozen.{reason}",
    )


def refuse_versions(*, dataset: Dataset) -> None:
    """Refuse to go on in the middle of a name that has several frozen versions.

    The lines before were perhaps another version's. Raises Refused
    (``version_needed``).
    """
    same = Dataset.objects.frozen().filter(project=dataset.project, name=dataset.name)
    if same.count() > 1:
        raise Refused(
            "version_needed",
            f"“{dataset.name}” has several versions. Go on in the one that you began, "
            f"as {dataset.name}@VERSION; its answers named it.",
        )
