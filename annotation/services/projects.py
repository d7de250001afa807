"""Create projects. What a project holds is written by the rooms of its content."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from annotation.domain.scale import DEFAULT_SCALE, Scale, ScaleError
from annotation.models import Guidelines, Membership, Project
from netft_site.base.refusals import Refused

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}\Z")
_LEVEL_KEY = re.compile(r"[^\s,]{1,40}\Z")
_MOST_LEVELS = 9


class ProjectRefused(Refused):
    """A project that cannot be created so."""


@transaction.atomic
def create(
    *,
    slug: str,
    name: str = "",
    levels: Sequence[str] = (),
    reviews_wanted: int = 2,
    root_causes: Sequence[str] = (),
    guidelines: str = "",
    is_synthetic: bool = False,
    user: User | None = None,
) -> Project:
    """Create a project; `user` becomes its lead.

    `levels` are severity keys, most severe first; empty means the four default ones.

    Raises:
        ProjectRefused: bad_slug, bad_levels, bad_reviews_wanted or project_exists.
    """
    _check(slug, reviews_wanted)
    scale = _scale(levels)
    project = Project.objects.create(
        slug=slug,
        name=name or slug,
        levels=scale.rows(),
        root_causes=list(dict.fromkeys(root_causes)),
        reviews_wanted=reviews_wanted,
        key_id=settings.DEFAULT_KEY_ID,
        is_synthetic=is_synthetic,
    )
    if guidelines.strip():
        Guidelines.objects.create(project=project, version=1, markdown=guidelines)
    if user is not None:
        Membership.objects.create(user=user, project=project, role=Membership.Role.LEAD)
    return project


def _check(slug: str, reviews_wanted: int) -> None:
    if not _SLUG.match(slug):
        raise ProjectRefused(
            "bad_slug",
            "A project's short name has lower-case letters, digits, - and _, "
            "and at most 50 of them.",
        )
    if not 1 <= reviews_wanted <= 20:
        raise ProjectRefused(
            "bad_reviews_wanted", "Between 1 and 20 reviews can be wanted."
        )
    if Project.objects.filter(slug=slug).exists():
        raise ProjectRefused("project_exists", f"The project {slug} exists already.")


def _scale(levels: Sequence[str]) -> Scale:
    if not levels:
        return DEFAULT_SCALE
    if len(levels) > _MOST_LEVELS:
        raise ProjectRefused(
            "bad_levels", f"At most {_MOST_LEVELS} levels: each has a key from 1 to 9."
        )
    if not all(_LEVEL_KEY.match(level) for level in levels):
        raise ProjectRefused(
            "bad_levels", "A level is one word of at most 40 characters."
        )
    known = {level.key: level for level in DEFAULT_SCALE}
    rows = [
        {"key": key, "meaning": known[key].meaning if key in known else ""}
        for key in levels
    ]
    try:
        return Scale.from_rows(rows)
    except ScaleError as error:
        raise ProjectRefused("bad_levels", error.reason) from error


def set_production_mix(*, project: Project, mix: Mapping[str, float]) -> None:
    """Say how live traffic is spread over categories; shares sum to 1.

    Raises:
        ProjectRefused: bad_mix.
    """
    if mix and not math.isclose(sum(mix.values()), 1.0, abs_tol=0.01):
        raise ProjectRefused("bad_mix", "The shares of a production mix sum to 1.")
    Project.objects.filter(pk=project.pk).update(production_mix=dict(mix))
    project.production_mix = dict(mix)
