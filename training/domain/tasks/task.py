"""The tasks by name: which records can teach one, and where its answer comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from training.domain.rows import SEVERITY as SEVERITY
from training.domain.rows import FormatError

DOMAIN_TEXT = "domain_text"
PREFERENCE = "preference"

_TICKETS = frozenset(("TICKET", "LOG"))
_ANY: frozenset[str] = frozenset()


class Source(StrEnum):
    """Where the answer of a task comes from, besides the verdict.

    IDEAL: the ideal answer of the most senior reviewer who agrees with the verdict.
    RESOLUTION: what the record says became of it. EITHER: the ideal answer, or where
    there is none the resolution. PAIR: two answers of which one was preferred.
    NOTHING: the verdict or the text is enough; an ideal answer is added where there is
    one and the words have a place for it.
    """

    NOTHING = "nothing"
    IDEAL = "ideal"
    RESOLUTION = "resolution"
    EITHER = "either"
    PAIR = "pair"


@dataclass(frozen=True)
class Task:
    """One task.

    kinds: of records that can teach it; none means any. is_labelled: an example needs a
    verdict and carries its level. says_level: its answer names the level. says_cause:
    it names the verdict's root cause. needs_cause: the verdict must have one.
    needs_class: the record must name a category.
    """

    key: str
    title: str
    teaches: str
    kinds: frozenset[str]
    source: Source
    is_labelled: bool = False
    says_level: bool = False
    says_cause: bool = False
    needs_cause: bool = False
    needs_class: bool = False


_ALL = (
    Task(
        SEVERITY,
        "Severity",
        "a ticket to its level",
        _ANY,
        Source.NOTHING,
        is_labelled=True,
        says_level=True,
    ),
    Task(
        "triage",
        "Triage answer",
        "a ticket to severity, root cause, next step, logs to pull and the earlier "
        "ticket it repeats, as JSON",
        _TICKETS,
        Source.IDEAL,
        is_labelled=True,
        says_level=True,
        says_cause=True,
    ),
    Task(
        "root_cause",
        "Root cause",
        "a ticket to its root cause",
        _TICKETS,
        Source.NOTHING,
        is_labelled=True,
        says_cause=True,
        needs_cause=True,
    ),
    Task(
        "resolution",
        "Diagnosis and resolution",
        "a problem to its diagnosis and resolution",
        frozenset(("TICKET",)),
        Source.RESOLUTION,
    ),
    Task(
        "config_review",
        "Configuration review",
        "a configuration to what is wrong with it",
        frozenset(("CONFIG",)),
        Source.IDEAL,
    ),
    Task(
        "config_generation",
        "Configuration",
        "a request to the configuration and its explanation",
        frozenset(("CONFIG",)),
        Source.RESOLUTION,
    ),
    Task(
        "log_analysis",
        "Log analysis",
        "a log line to class, severity and action, as JSON",
        frozenset(("LOG",)),
        Source.EITHER,
        is_labelled=True,
        says_level=True,
        needs_class=True,
    ),
    Task(
        "show_findings",
        "Show output",
        "the output of a command to what it shows",
        frozenset(("SHOW_OUTPUT",)),
        Source.EITHER,
    ),
    Task(
        "question_answer",
        "Question and answer",
        "a question to its answer",
        frozenset(("QA", "DOCUMENT")),
        Source.EITHER,
    ),
    Task(
        DOMAIN_TEXT,
        "Domain text",
        "internal documents and standards as they are, for continued training",
        frozenset(("DOCUMENT",)),
        Source.NOTHING,
    ),
    Task(
        PREFERENCE,
        "Preferred answers",
        "which of two answers is the better one",
        _ANY,
        Source.PAIR,
    ),
)

TASKS: Mapping[str, Task] = {task.key: task for task in _ALL}


def find_task(key: str) -> Task:
    """The task of that name. Raises FormatError where there is none."""
    if key not in TASKS:
        raise FormatError(f"unknown task {key!r}; known tasks: {', '.join(TASKS)}")
    return TASKS[key]
