"""What a form cannot show of a recipe is carried along beside it.

A recipe that was sent as JSON says more than the form has fields for: origins, weights
of lower grades, a time of day, a share to the last digit. Where nobody changed what
the form shows, the recipe that it began with stays, to the letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.domain.recipe import Recipe

_SHOWN_GRADES = ("SENIOR", "PRINCIPAL")


def keep_unshown(base: Any, shown: Any, said: Any) -> Any:
    """What a form says, with the parts of `base` that it does not show.

    shown: what the form would say of `base` if nobody touched it. Whatever is the same
    in both is as `base` has it.

    Examples
    --------
    >>> base = {"from": "2026-03-01T12:30", "seed": 1, "origins": ["REAL"]}
    >>> shown = {"from": "2026-03-01", "seed": 1}
    >>> keep_unshown(base, shown, {"from": "2026-03-01", "seed": 2})
    {'from': '2026-03-01T12:30', 'seed': 2, 'origins': ['REAL']}
    """
    if _is_same(shown, said):
        return base
    if not all(isinstance(part, Mapping) for part in (base, shown, said)):
        return said
    told = {
        key: keep_unshown(base[key], shown.get(key), value) if key in base else value
        for key, value in said.items()
        if key in base or key not in shown or not _is_same(shown[key], value)
    }
    unshown = {k: v for k, v in base.items() if k not in said and k not in shown}
    return {**told, **unshown}


def words_of_unshown(recipe: Recipe) -> list[str]:
    """What of a recipe the form has no field for, for people to read."""
    rows = [
        f"{weight:g} rows of {grade.lower()}s' examples"
        for grade, weight in sorted(recipe.upsampling.weights.items())
        if grade not in _SHOWN_GRADES
    ]
    origins = ", ".join(recipe.filters.origins).lower()
    return [*rows, f"records of the origins {origins}"] if origins else rows


def _is_same(one: Any, other: Any) -> bool:
    """Equal, whatever the order in which a browser sends what was ticked."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other))
    return bool(one == other)
