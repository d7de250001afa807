"""What a trainer would make of a file's texts: answers too short, prompts cut, roles.

These are the checks of content beside `line_checks`' of form. They read a line that has
the form already, whatever the format, and never quote it. Only what a machine can be
sure of is an error: an answer without a token teaches nothing at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from training.domain.findings import Finding, Findings, Weight
from training.domain.line_contents import is_row, parts_of
from training.domain.text_checks import SHORT_ANSWER, signs_of_incompleteness

FEWEST_ANSWER_TOKENS = 3
MOST_INSTRUCTIONS = 3
_ENDS_OPEN = "text_ends_open"

Count = Callable[[str], int]


class ExchangeChecks:
    """Notes the texts of line after line; `close` says what they are as a whole.

    `count` counts tokens as the model does, special ones included; without it answers
    are not counted, for a word may be one token or five.
    """

    def __init__(self, count: Count | None = None) -> None:
        self._count = count
        self._special = count("") if count else 0
        self._instructions: set[bytes] = set()
        self._answers = self._thin = 0

    def note(self, data: Mapping[str, Any], item: str, found: Findings) -> None:
        """Judge the texts of one line."""
        parts = parts_of(data)
        if parts.instruction and len(self._instructions) <= MOST_INSTRUCTIONS:
            digest = hashlib.blake2b(parts.instruction.encode("utf-8", "replace"))
            self._instructions.add(digest.digest())
        for rule, message in signs_of_incompleteness(parts.asked):
            # A prompt may well end with "Severity:"; a ticket should not.
            if rule != _ENDS_OPEN or is_row(data):
                found.add(_warning(rule, message, item, "prompt"))
        for rule, message in signs_of_incompleteness(parts.said):
            found.add(_warning(rule, message, item, "answer"))
        if parts.said:
            self._note_answer(parts.asked, parts.said, item, found)

    def close(self, found: Findings) -> None:
        """Add what concerns all lines together."""
        if self._thin:
            message = (
                f"{self._thin:,} of {self._answers:,} answers have under "
                f"{SHORT_ANSWER:.0%} of the length of their prompt; they teach little."
            )
            found.add(Finding("answer_thin", Weight.WARNING, message, field="answer"))
        if len(self._instructions) > MOST_INSTRUCTIONS:
            message = f"More than {MOST_INSTRUCTIONS} different system turns."
            fix = "Use one wherever the task is the same, and the same when asking."
            found.add(
                Finding("instructions_vary", Weight.INFORMATION, message, fix=fix)
            )

    def _note_answer(self, asked: str, said: str, item: str, found: Findings) -> None:
        self._answers += 1
        self._thin += len(said) < SHORT_ANSWER * len(asked)
        if self._count is None:
            return
        tokens = self._count(said) - self._special
        if not tokens:
            message = "The answer has no token for the model: nothing to learn from."
            fix = "Write an answer, or leave the line out."
            finding = Finding(
                "answer_no_tokens", Weight.ERROR, message, item, "answer", fix
            )
            found.add(finding)
        elif tokens < FEWEST_ANSWER_TOKENS:
            message = f"The answer has under {FEWEST_ANSWER_TOKENS} tokens."
            found.add(_warning("answer_short", message, item, "answer"))


def _warning(rule: str, message: str, item: str, field: str) -> Finding:
    fix = "Complete it, or leave the line out."
    return Finding(rule, Weight.WARNING, message, item, field, fix)
