"""The public shape of a comparison, arranged in rows that templates can walk.

The page, the Markdown report and the HTML report are all made from here, so a figure
that stands in one of them stands in all, and in the API. Nothing is computed.
"""

from __future__ import annotations

from typing import Any

Shape = dict[str, Any]

_AGREEMENT = {
    "percent_agreement": "Exact agreement",
    "krippendorff_alpha": "Krippendorff's alpha, ordinal",
    "gwet_ac2": "Gwet's AC2, quadratic",
}

_PEERS = "agreement with the same peers"


def arrange(shape: Shape) -> dict[str, Any]:
    """Return the shape with its rows: systems, pairs, people, agreement, slices."""
    focus = shape["focus"]
    return {
        "comparison": shape,
        "focus": {"name": focus, **shape["models"][focus]},
        "headlines": _headlines(shape),
        "tiles": _tiles(shape),
        "systems": _systems(shape),
        "focus_pairs": [p for p in _pairs(shape) if focus in (p["a"], p["b"])],
        "other_pairs": [p for p in _pairs(shape) if focus not in (p["a"], p["b"])],
        "people": _people(shape),
        "agreement": _agreement(shape["agreement"]),
        "slices": shape["slices"][focus],
        "confusion": list(
            zip(shape["levels"], shape["systems"][focus]["confusion"], strict=True)
        ),
        "by_level": _by_level(shape),
    }


def _systems(shape: Shape) -> list[dict[str, Any]]:
    return [
        {"figures": figures, **_named(shape, name)}
        for name, figures in shape["systems"].items()
    ]


def _named(shape: Shape, name: str) -> dict[str, Any]:
    """A model's label and, to stand below it, what the label leaves out."""
    model = shape["models"][name]
    about = name
    if model["label"] == name:
        about = f"{model['kind']} on {model['trained_on']}"
    return {
        **model,
        "name": name,
        "about": about,
        "is_focus": name == shape["focus"],
    }


def _pairs(shape: Shape) -> list[dict[str, Any]]:
    models = shape["models"]
    return [
        {
            **pair,
            "label_a": models[pair["a"]]["label"],
            "label_b": models[pair["b"]]["label"],
        }
        for pair in shape["pairs"]
    ]


def _headlines(shape: Shape) -> list[dict[str, Any]]:
    pairs = {(pair["a"], pair["b"]): pair for pair in shape["pairs"]}
    return [
        {**headline, "pair": pairs[headline["a"], headline["b"]]}
        for headline in shape["headlines"]
    ]


def _people(shape: Shape) -> dict[str, Any] | None:
    """The people's own score once, and each system against the same peers."""
    ceilings = shape["human_ceiling"]
    if not ceilings:
        return None
    of_focus = ceilings[shape["focus"]]
    rows = [{**ceiling, **_named(shape, name)} for name, ceiling in ceilings.items()]
    return {**of_focus, "rows": rows}


def _tiles(shape: Shape) -> list[dict[str, Any]]:
    """Engineers, base model and newest model on one scale, as far as there are any."""
    base = shape["headlines"][0]["a"] if shape["headlines"] else None
    names = [name for name in (base, shape["focus"]) if name]
    ceilings = shape["human_ceiling"]
    if not ceilings or ceilings[shape["focus"]]["humans"]["value"] is None:
        return [
            _tile(shape, name, shape["systems"][name]["accuracy"], "accuracy")
            for name in names
        ]
    humans = ceilings[shape["focus"]]["humans"]
    engineers = {"label": "Engineers", "figure": humans, "note": _PEERS}
    return [
        engineers,
        *(_tile(shape, name, ceilings[name]["system"], _PEERS) for name in names),
    ]


def _tile(shape: Shape, name: str, figure: Shape, note: str) -> dict[str, Any]:
    return {"label": shape["models"][name]["label"], "figure": figure, "note": note}


def _agreement(agreement: Shape | None) -> list[dict[str, Any]]:
    if agreement is None:
        return []
    coefficients = agreement["coefficients"]
    overall = [
        {"name": label, "about": "", "figure": coefficients[name]}
        for name, label in _AGREEMENT.items()
    ]
    by_level = [
        {"name": f"On {level}", "about": "specific agreement", "figure": figure}
        for level, figure in agreement["specific_agreement"].items()
    ]
    return overall + by_level


def _by_level(shape: Shape) -> list[dict[str, Any]]:
    figures = shape["systems"][shape["focus"]]
    return [
        {
            "level": level,
            "recall": figures["recall"][level],
            "precision": figures["precision"][level],
        }
        for level in shape["levels"]
    ]
