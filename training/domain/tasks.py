"""What a model is told and what it shall say: the words of a task.

The words are apart from the formats that carry them. A dataset's manifest names its
task and the version of its words, so an old dataset keeps the words it was made with:
new words are a new entry, never a change of an old one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from annotation.domain.scale import Scale
from training.domain.rows import FormatError, Row

SEVERITY = "severity"
TEMPLATE_VERSION = "1"
VERDICT_LINE = "Severity: "


@dataclass(frozen=True)
class Turns:
    """One exchange. `rejected` is a worse answer to the same question, or empty."""

    system: str
    user: str
    assistant: str
    rejected: str = ""


Words = Callable[[Row, Scale], Turns]


def severity(row: Row, scale: Scale) -> Turns:
    """The levels, the ticket, and the verdict with the ideal answer, if there is one.

    The rejected answer stands under the same verdict: it is worse as an answer.
    """
    return Turns(
        severity_prompt(scale),
        row.text,
        _verdict(row.label, row.answer),
        _verdict(row.label, row.rejected) if row.rejected else "",
    )


def severity_prompt(scale: Scale) -> str:
    """What the model is told: the task and the project's levels with their meaning."""
    lines = [
        f"- {level.key}: {level.meaning or level.label}".rstrip() for level in scale
    ]
    return "\n".join(
        [
            "You triage trouble tickets of a network-operations team.",
            "Judge the severity of the ticket from what was known when it was opened.",
            "The levels, most severe first:",
            *lines,
            f'Answer with a first line "{VERDICT_LINE}<level>". After an empty line '
            "you may add the answer for the engineer on duty.",
        ]
    )


def _verdict(label: str, answer: str) -> str:
    verdict = f"{VERDICT_LINE}{label}"
    return f"{verdict}\n\n{answer}" if answer else verdict


WORDS: Mapping[tuple[str, str], Words] = {(SEVERITY, "1"): severity}


def turns(
    row: Row, scale: Scale, task: str = SEVERITY, version: str = TEMPLATE_VERSION
) -> Turns:
    """The row as an exchange. Raises FormatError where there are no such words."""
    if (task, version) not in WORDS:
        raise FormatError(f"there are no words {version!r} for the task {task!r}")
    return WORDS[task, version](row, scale)
