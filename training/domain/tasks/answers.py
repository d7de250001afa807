"""What a valid answer of a task is: JSON by a schema, or a first line.

Answers are checked when a dataset is frozen, so that no model learns a form that
nothing can read, and by whoever checks a model's answers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jsonschema

from annotation.domain.scale import Scale

STRUCTURED = ("triage", "log_analysis")
"""Tasks whose answers are JSON; the others' are text, which only people judge."""

_TEXT = {"type": "string", "minLength": 1}


def answer_schema(
    task: str, scale: Scale, root_causes: Sequence[str] = ()
) -> dict[str, Any] | None:
    """The JSON schema (2020-12) of a task's answers; None where they are plain text."""
    level = {"enum": list(scale.keys)}
    if task == "log_analysis":
        return _object({"class": _TEXT, "severity": level, "action": _TEXT})
    if task != "triage":
        return None
    cause: dict[str, Any] = {"type": ["string", "null"], "minLength": 1}
    if root_causes:
        cause = {"enum": [*root_causes, None]}
    return _object(
        {
            "severity": level,
            "root_cause": cause,
            "next_step": _TEXT,
            "logs_to_pull": {"type": "array", "items": _TEXT},
            "probable_duplicate_of": {"type": ["string", "null"], "minLength": 1},
        }
    )


def answer_problem(
    task: str, answer: str, scale: Scale, root_causes: Sequence[str] = ()
) -> str:
    """What is wrong with an answer; empty where nothing is.

    The words name a key and what was expected there, never what stands there.
    """
    if task not in STRUCTURED:
        return "" if answer.strip() else "the answer is empty"
    try:
        given = json.loads(answer)
    except (ValueError, RecursionError):
        return "the answer is not JSON"
    validator = _validator(task, scale, tuple(root_causes))
    error = jsonschema.exceptions.best_match(validator.iter_errors(given))
    if error is None:
        return ""
    place = ".".join(map(str, error.absolute_path)) or "the answer"
    return f"{place}: {_EXPECTED.get(error.validator, 'not as it is to be')}"


@lru_cache(maxsize=32)
def _validator(task: str, scale: Scale, root_causes: tuple[str, ...]) -> Any:
    """Made once for many answers: making one takes longer than using it."""
    return jsonschema.Draft202012Validator(answer_schema(task, scale, root_causes))


_EXPECTED = {
    "enum": "not one of the allowed values",
    "type": "of the wrong type",
    "minLength": "empty",
    "required": "a key is missing",
    "additionalProperties": "holds a key that is not expected",
}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
