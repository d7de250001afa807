"""The instructions of each task, by version, and how a row is asked and answered.

A function here arranges what a row holds; what it holds was decided at the freeze.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from annotation.domain.scale import Scale
from training.domain.rows import FormatError, Row
from training.domain.tasks.task import DOMAIN_TEXT, PREFERENCE, SEVERITY, find_task
from training.domain.tasks.turns import Turns

VERDICT_LINE = "Severity: "
CAUSE_LINE = "Root cause: "

Words = Callable[[Row, Scale, Sequence[str]], Turns]

_REVIEW = """You review configurations of network devices.
Name what is wrong, risky or against the standard, each with the lines it is about and
how to mend it. Name nothing that the configuration does not show."""
_CONFIG = """You write configurations for network devices.
Answer with the configuration in one code block. An explanation may follow it. Use only
commands of the platform that is named or shown."""
_OUTPUT = """You read the output of commands on network devices.
Say what it shows, what is wrong, and what that means. Name nothing that the output does
not show."""
_QUESTION = """You answer questions of network engineers from their documents and
standards. Say so where you do not know."""
_RESOLVE = """You are the engineer on duty of a network-operations team.
Say what is wrong and how it is put right. Begin what is wrong with "Diagnosis: " and
what puts it right with "Resolution: ", with an empty line between them."""
_HELP = """You are the engineer on duty of a network-operations team.
Answer what is asked, briefly and safely."""


def severity(row: Row, scale: Scale, root_causes: Sequence[str]) -> Turns:
    """The levels, the ticket, and the verdict with the ideal answer, if there is one.

    The rejected answer stands under the same verdict: it is worse as an answer.
    """
    return Turns(
        severity_prompt(scale),
        row.text,
        _first_line(VERDICT_LINE, row.label, row.answer),
        _first_line(VERDICT_LINE, row.label, row.rejected) if row.rejected else "",
    )


@lru_cache(maxsize=32)
def severity_prompt(scale: Scale) -> str:
    """What the model is told: the task and the project's levels with their meaning."""
    return "\n".join(
        [
            "You triage trouble tickets of a network-operations team.",
            "Judge the severity of the ticket from what was known when it was opened.",
            *_levels(scale),
            f'Answer with a first line "{VERDICT_LINE}<level>". After an empty line '
            "you may add the answer for the engineer on duty.",
        ]
    )


def triage(row: Row, scale: Scale, root_causes: Sequence[str]) -> Turns:
    """The ticket with earlier ones it may repeat, and one JSON object as answer."""
    system = "\n".join(
        [
            "You triage trouble tickets of a network-operations team.",
            "Judge the ticket from what was known when it was opened.",
            *_levels(scale),
            *_causes(root_causes),
            "Answer with one JSON object and nothing else, with exactly these keys:",
            '- "severity": one of the levels',
            f'- "root_cause": {_cause_words(root_causes)}, or null where it cannot be '
            "told yet",
            '- "next_step": what the engineer on duty does first',
            '- "logs_to_pull": a list of commands and log files, which may be empty',
            '- "probable_duplicate_of": the id of the earlier ticket that this one '
            "repeats, or null",
        ]
    )
    earlier = [f"- {key}: {title}" for key, title in row.fields.get("earlier", ())]
    listed = "\n".join(["Earlier tickets:", *earlier]) if earlier else ""
    user = f"{row.text}\n\n{listed}" if listed else row.text
    answer = {
        "severity": row.label,
        "root_cause": row.fields.get("root_cause"),
        "next_step": row.fields.get("next_step", ""),
        "logs_to_pull": row.fields.get("logs_to_pull", []),
        "probable_duplicate_of": row.fields.get("repeats"),
    }
    return Turns(system, user, _json(answer))


def root_cause(row: Row, scale: Scale, root_causes: Sequence[str]) -> Turns:
    """The causes, the ticket, and the cause with the ideal answer, if there is one."""
    system = "\n".join(
        [
            "You find the root cause of trouble tickets of a network-operations team.",
            *_causes(root_causes),
            f'Answer with a first line "{CAUSE_LINE}<root cause>". After an empty line '
            "you may add what speaks for it.",
        ]
    )
    return Turns(system, row.text, _first_line(CAUSE_LINE, row.root_cause, row.answer))


def resolution(row: Row, scale: Scale, root_causes: Sequence[str]) -> Turns:
    """The problem, and its diagnosis, where it is known, and resolution."""
    diagnosis = row.fields.get("diagnosis", "")
    parts = [f"Diagnosis: {diagnosis}"] if diagnosis else []
    return Turns(_RESOLVE, row.text, "\n\n".join([*parts, f"Resolution: {row.answer}"]))


def config_generation(row: Row, scale: Scale, root_causes: Sequence[str]) -> Turns:
    """The request, and the configuration in a code block with its explanation."""
    fence = _fence(row.answer)
    parts = [f"{fence}\n{row.answer.rstrip()}\n{fence}"]
    parts += [row.fields["explanation"]] if row.fields.get("explanation") else []
    return Turns(_CONFIG, row.text, "\n\n".join(parts))


def log_analysis(row: Row, scale: Scale, root_causes: Sequence[str]) -> Turns:
    """The log line, and class, severity and action as one JSON object."""
    system = "\n".join(
        [
            "You read log lines of network devices.",
            *_levels(scale),
            "Answer with one JSON object and nothing else, with exactly these keys:",
            '- "class": what kind of event it is',
            '- "severity": one of the levels',
            '- "action": what the engineer on duty does',
        ]
    )
    answer = {
        "class": row.fields.get("class", ""),
        "severity": row.label,
        "action": row.fields.get("action", ""),
    }
    return Turns(system, row.text, _json(answer))


def preference(row: Row, scale: Scale, root_causes: Sequence[str]) -> Turns:
    """What was asked, the answer that was preferred and the one that was not."""
    asked = row.fields.get("prompt", "")
    user = f"{row.text}\n\n{asked}" if asked else row.text
    return Turns(_HELP, user, row.answer, row.rejected)


def _plain(system: str) -> Words:
    """The text as the question, the answer as it is."""

    def words(row: Row, scale: Scale, root_causes: Sequence[str]) -> Turns:
        return Turns(system, row.text, row.answer)

    return words


def _levels(scale: Scale) -> list[str]:
    lines = [
        f"- {level.key}: {level.meaning or level.label}".rstrip() for level in scale
    ]
    return ["The levels, most severe first:", *lines]


def _causes(root_causes: Sequence[str]) -> list[str]:
    if not root_causes:
        return []
    return ["The root causes:", *(f"- {cause}" for cause in root_causes)]


def _cause_words(root_causes: Sequence[str]) -> str:
    return "one of the root causes" if root_causes else "the root cause in a few words"


def _first_line(start: str, value: str, answer: str) -> str:
    line = f"{start}{value}"
    return f"{line}\n\n{answer}" if answer else line


def _fence(text: str) -> str:
    """A fence longer than any in the text."""
    fence = "```"
    while fence in text:
        fence += "`"
    return fence


def _json(answer: Mapping[str, object]) -> str:
    # Not escaped: a model reads and writes the characters themselves.
    return json.dumps(answer, ensure_ascii=False)


WORDS: Mapping[tuple[str, str], Words] = {
    (SEVERITY, "1"): severity,
    ("triage", "1"): triage,
    ("root_cause", "1"): root_cause,
    ("resolution", "1"): resolution,
    ("config_review", "1"): _plain(_REVIEW),
    ("config_generation", "1"): config_generation,
    ("log_analysis", "1"): log_analysis,
    ("show_findings", "1"): _plain(_OUTPUT),
    ("question_answer", "1"): _plain(_QUESTION),
    (PREFERENCE, "1"): preference,
}
VERSIONS: Mapping[str, str] = {
    **dict(sorted(WORDS)),
    DOMAIN_TEXT: "1",
}
"""The newest version of each task's words: what a new dataset is made with."""


def turns(
    row: Row, scale: Scale, root_causes: Sequence[str] = (), version: str = "1"
) -> Turns:
    """The row as an exchange of its task.

    Raises FormatError where there are no such words: domain text is no exchange.
    """
    find_task(row.task)
    if (row.task, version) not in WORDS:
        raise FormatError(f"there are no words {version!r} for the task {row.task!r}")
    return WORDS[row.task, version](row, scale, root_causes)
