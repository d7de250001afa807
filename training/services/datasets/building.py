"""Build a dataset in steps that may be repeated, interrupted or killed.

A step marks near copies, plans, writes one chunk of examples, searches for leaks, or
freezes. Each step finds out from the row and the building folder what comes next, so
whoever takes it (worker, sweep, command) goes on where the last one stopped. An
expected refusal ends in FAILED with its reason; anything else stays BUILDING for the
next sweep.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from annotation.models import Project
from annotation.services import marking
from netft_site.base.collecting import calm_collection
from netft_site.base.enqueue import enqueue
from netft_site.base.refusals import Refused
from training.domain.recipe import Recipe, RecipeError
from training.models import Dataset, Example
from training.services.datasets import (
    examples,
    folders,
    freezing,
    leakage,
    planning,
    plans,
)
from training.services.datasets.refusals import BuildRefused as BuildRefused

STALE_AFTER = timedelta(minutes=5)
TRIES = 5
CHECK_SECONDS = 10.0
"""So long a task of the queue checks texts; choosing takes some seconds beside it."""
NO_PROGRESS = "The build stopped five times at the same place; see the worker's log."
PLAIN = "-plain"
LONGEST_NAME = 80
TASK_NAME = "training.tasks.datasets.build_chunk"

Progress = Callable[[int, int, str], None]


def start(
    *,
    project: Project,
    name: str,
    recipe: Recipe | dict[str, Any],
    user: Any = None,
    in_background: bool = True,
) -> Dataset:
    """Create the next version of a dataset, or return one still under way.

    An unfinished version of the same name with the same recipe is continued instead
    of doubled. `in_background` puts the first chunk on the queue.

    Raises BuildRefused (``bad_recipe``, ``bad_name``).
    """
    wanted = parse_recipe(recipe).as_json()
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        versions = Dataset.objects.filter(project=project, name=name)
        for open_version in versions.unfinished():
            if open_version.recipe == wanted:
                return open_version
        last = versions.aggregate(last=Max("version"))["last"] or 0
        dataset = Dataset(
            project=project,
            name=name,
            version=last + 1,
            recipe=wanted,
            created_by=user,
        )
        _check_name(dataset)
        dataset.save()
        if in_background:
            enqueue(TASK_NAME, dataset.pk)
    return dataset


def start_plain(*, dataset: Dataset, user: Any = None) -> Dataset:
    """Build a dataset's recipe again without up-sampling, under a name beside it.

    Test tickets stay what they are, so a model of either is measured on the same.

    Raises BuildRefused (``plain_already``): no grade weighs more in its recipe.
    """
    recipe = parse_recipe(dataset.recipe)
    if recipe.is_plain:
        raise BuildRefused(
            "plain_already", "In this recipe seniors' examples weigh no more."
        )
    name = f"{dataset.name[: LONGEST_NAME - len(PLAIN)]}{PLAIN}"
    return start(project=dataset.project, name=name, recipe=recipe.plain(), user=user)


def build_chunk(*, dataset_id: int, now: datetime) -> None:
    """Take one step and put the next one on the queue."""
    with calm_collection():
        is_more = advance(dataset_id=dataset_id, now=now, seconds=CHECK_SECONDS)
    if is_more:
        enqueue(TASK_NAME, dataset_id)


def build_to_end(
    *,
    dataset_id: int,
    clock: Callable[[], datetime],
    progress: Progress | None = None,
) -> Dataset:
    """Take every step here and now.

    Raises BuildRefused where the dataset ends as FAILED; its code is the reason's.
    """
    with calm_collection():
        while advance(dataset_id=dataset_id, now=clock()):
            dataset = Dataset.objects.get(pk=dataset_id)
            if progress and plans.has_plan(dataset):
                planned = plans.read_header(dataset).examples
                progress(dataset.cursor, planned, "examples")
    dataset = Dataset.objects.select_related("project").get(pk=dataset_id)
    if dataset.status == Dataset.Status.FAILED:
        raise BuildRefused(dataset.manifest.get("code", "failed"), dataset.failure)
    return dataset


def resume_stale(*, now: datetime) -> int:
    """Put unfinished datasets without a sign of life back on the queue.

    One that was put back `TRIES` times without any progress fails: something in it
    breaks the worker. Returns how many were put on the queue.
    """
    resumed = 0
    stale = Dataset.objects.without_progress_since(now - STALE_AFTER)
    for dataset in stale.select_related("project"):
        tries = dataset.manifest.get("fruitless_tries", 0) + 1
        if tries > TRIES:
            _fail(dataset, BuildRefused("no_progress", NO_PROGRESS))
            folders.clear_away(dataset)
            continue
        with transaction.atomic():
            Dataset.objects.filter(pk=dataset.pk).unfinished().update(
                manifest={"fruitless_tries": tries}, heartbeat_at=now
            )
            enqueue(TASK_NAME, dataset.pk)
        resumed += 1
    return resumed


def advance(*, dataset_id: int, now: datetime, seconds: float = math.inf) -> bool:
    """Take the next step; return whether there is another one.

    A step that checks texts stops after `seconds`; the next one goes on.
    """
    dataset = Dataset.objects.select_related("project").get(pk=dataset_id)
    if dataset.status in (Dataset.Status.DRAFT, Dataset.Status.BUILDING):
        try:
            if _take_step(dataset, now, seconds):
                return True
        except Refused as refusal:
            _fail(dataset, refusal)
    # Also when it had ended before: the one who ended it may have died here.
    folders.clear_away(dataset)
    return False


def parse_recipe(recipe: Recipe | dict[str, Any]) -> Recipe:
    """Read a recipe. Raises BuildRefused (``bad_recipe``)."""
    if isinstance(recipe, Recipe):
        return recipe
    try:
        return Recipe.parse(recipe)
    except RecipeError as error:
        raise BuildRefused("bad_recipe", f"Recipe: {error}") from error


def _take_step(dataset: Dataset, now: datetime, seconds: float) -> bool:
    if dataset.status == Dataset.Status.DRAFT:
        _mark_near_copies(dataset, now)
        return True
    if not plans.has_plan(dataset):
        _begin(dataset, now, seconds)
        return True
    header = plans.read_header(dataset)
    if not header.examples:
        raise BuildRefused("empty", "No record may enter this dataset.")
    if dataset.cursor < header.examples:
        examples.write_chunk(dataset=dataset, now=now)
        return True
    if not leakage.is_searched(dataset):
        leakage.search(dataset)
        return True
    if freezing.freeze(dataset=dataset, now=now):
        return False
    # Another dataset assigned splits meanwhile; the plan is made anew.
    folders.clear_away(dataset)
    return True


def _mark_near_copies(dataset: Dataset, now: datetime) -> None:
    """Bring the marks up to date: near copies must share a split.

    Importing marks too, but a worker that has not come to it yet, or was killed, must
    not make the freeze fail.
    """
    if marking.advance(project_id=dataset.project_id).is_last:
        Dataset.objects.filter(pk=dataset.pk, status=Dataset.Status.DRAFT).update(
            status=Dataset.Status.BUILDING
        )
    Dataset.objects.filter(pk=dataset.pk).unfinished().update(heartbeat_at=now)


def _begin(dataset: Dataset, now: datetime, seconds: float) -> None:
    """Forget what an earlier plan wrote, then plan."""
    with transaction.atomic():
        Example.objects.filter(dataset=dataset).delete()
        Dataset.objects.filter(pk=dataset.pk).unfinished().update(
            cursor=0, heartbeat_at=now
        )
    planning.write_plan(dataset=dataset, seconds=seconds)


def _fail(dataset: Dataset, refusal: Refused) -> None:
    """End as FAILED: the reason stays, the unfinished examples and files go."""
    manifest = getattr(refusal, "manifest", {})
    with transaction.atomic():
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        if locked.status not in (Dataset.Status.DRAFT, Dataset.Status.BUILDING):
            return
        Example.objects.filter(dataset=locked).delete()
        Dataset.objects.filter(pk=locked.pk).update(
            status=Dataset.Status.FAILED,
            failure=refusal.message,
            manifest={**manifest, "code": refusal.code},
        )
    # A freeze that was killed before its commit has moved it there.
    folders.remove_final(dataset)


def _check_name(dataset: Dataset) -> None:
    try:
        dataset.full_clean(exclude=["recipe"])
    except ValidationError as error:
        raise BuildRefused(
            "bad_name",
            "A dataset's name is made of letters, digits, hyphens and underscores, "
            "80 at most.",
        ) from error
