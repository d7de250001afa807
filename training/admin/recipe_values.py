"""From a recipe to the fields of its form, and back; shares are typed as per cent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.admin.task_fields import task_data, task_values
from training.domain.recipe import Recipe, Split
from training.domain.recipe_choice import HoldoutMode

_PERCENT = 100


def form_values(recipe: Recipe) -> dict[str, Any]:
    """What the form shows for a recipe."""
    weights, filters = recipe.upsampling.weights, recipe.filters
    target, test_share = recipe.upsampling.target_share, recipe.test.share
    return {
        **task_values(recipe),
        "gold_rule": recipe.gold_rule.value,
        "holdout": recipe.test.mode.value,
        "test_from": recipe.test.opened_from and recipe.test.opened_from.date(),
        "test_latest": recipe.test.latest,
        "test_share": test_share and _shown(test_share),
        **{f"share_{s.lower()}": _shown(recipe.shares.get(s, 0)) for s in Split},
        **{f"size_{s.lower()}": recipe.sizes.get(s) for s in Split},
        "kinds": list(filters.kinds),
        "categories": list(filters.categories),
        "vendors": list(filters.vendors),
        "min_agreement": _shown(filters.min_agreement),
        "train_opened_before": filters.train_opened_before
        and filters.train_opened_before.date(),
        "method": recipe.upsampling.method.value,
        "weight_senior": _plain(weights.get("SENIOR", 1)),
        "weight_principal": _plain(weights.get("PRINCIPAL", 1)),
        "target_share": target and _shown(target),
        "cap": recipe.upsampling.cap,
        **_balance_values(recipe),
        "min_per_class": recipe.min_per_class,
        "seed": recipe.seed,
        "formats": list(recipe.formats),
    }


def _balance_values(recipe: Recipe) -> dict[str, Any]:
    return {
        "balance_by": recipe.balance.by.value,
        "balance_towards": recipe.balance.towards.value,
        "balance_strength": _shown(recipe.balance.strength),
        "balance_cap": recipe.balance.cap,
    }


def _shown(share: float) -> str:
    """A share as per cent, without the dust of binary fractions."""
    return _plain(round(share * _PERCENT, 6))


def _share(percent: float) -> float:
    """Per cent as a share, again without the dust."""
    return round(percent / _PERCENT, 8)


def _plain(number: float) -> str:
    """A number as one types it: 2, not 2.0."""
    return f"{number:g}"


def recipe_data(given: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe as JSON that a valid form says."""
    sizes = {split.value: given[f"size_{split.lower()}"] for split in Split}
    return {
        **task_data(given),
        "gold_rule": given["gold_rule"],
        "test": _holdout_data(given),
        "shares": {s.value: _share(given[f"share_{s.lower()}"]) for s in Split},
        "sizes": {split: size for split, size in sizes.items() if size},
        "filters": _filter_data(given),
        "upsampling": _upsampling_data(given),
        "balance": {
            "by": given["balance_by"],
            "towards": given["balance_towards"],
            "strength": _share(given["balance_strength"]),
            "cap": given["balance_cap"],
        },
        "formats": given["formats"],
        "min_per_class": given["min_per_class"],
        "seed": given["seed"],
    }


def _filter_data(given: Mapping[str, Any]) -> dict[str, Any]:
    limit = given["train_opened_before"]
    return {
        "kinds": given["kinds"],
        "categories": given["categories"],
        "vendors": given["vendors"],
        "min_agreement": _share(given["min_agreement"]),
        "train_opened_before": limit and limit.isoformat(),
    }


def _upsampling_data(given: Mapping[str, Any]) -> dict[str, Any]:
    target = given["target_share"]
    return {
        "weights": {
            "SENIOR": given["weight_senior"],
            "PRINCIPAL": given["weight_principal"],
        },
        "target_share": _share(target) if target else None,
        "cap": given["cap"],
        "method": given["method"],
    }


def _holdout_data(given: Mapping[str, Any]) -> dict[str, Any] | None:
    mode = given["holdout"]
    if mode == HoldoutMode.FROM:
        opened_from = given["test_from"]
        return {"from": opened_from and opened_from.isoformat()}
    if mode == HoldoutMode.LATEST:
        return {"latest": given["test_latest"] or 0}
    if mode == HoldoutMode.SHARE:
        return {"share": _share(given["test_share"] or 0)}
    return {"kept": True} if mode == HoldoutMode.KEPT else None
