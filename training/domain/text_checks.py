"""What makes a text unfit to learn from, decided on the text alone.

The signs of an incomplete text are those that data-quality research names for
operations tickets: a pager that stopped, a paste that was cut, a hint at something that
is not there, a draft. They warn; only a person can say that a text is good enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

FEWEST_ANSWER_WORDS = 3
# What providers and papers count with where no tokenizer is at hand; configurations,
# hexadecimal and addresses need more tokens than this says.
CHARACTERS_PER_TOKEN = 4
# An answer below this part of its prompt teaches little beside its label.
SHORT_ANSWER = 0.05

_FENCE = "```"
# Beside each sign what stands in every text that has it, in lower case: looking for
# that first is several times as quick.
_SIGNS = (
    (
        "text_paged",
        ("more",),
        re.compile(r"-{2,}\s?\(?more\)?\s?-{2,}|<--- more --->", re.IGNORECASE),
        "The output stops at a pager's prompt.",
    ),
    (
        "text_truncated",
        ("truncated", "snip", "cut"),
        re.compile(r"[\[(<](?:output )?(?:truncated|snip(?:ped)?|cut)[\])>]", re.I),
        "The text says that it was cut.",
    ),
    (
        "text_attachment",
        ("attach",),
        re.compile(r"\bsee (?:the )?attach(?:ed|ment)s?\b", re.IGNORECASE),
        "The text points at an attachment that is not part of it.",
    ),
    (
        "text_draft",
        ("todo", "tbd", "fixme"),
        re.compile(r"\b(?:TODO|TBD|FIXME)\b"),
        "The text has a place that somebody meant to fill in.",
    ),
)


def signs_of_incompleteness(text: str) -> Iterator[tuple[str, str]]:
    """Yield the rule and the words of every sign that a text is not all there.

    Examples
    --------
    >>> [rule for rule, _ in signs_of_incompleteness("see attached log:")]
    ['text_attachment', 'text_ends_open']
    """
    low = text.lower()
    # Beyond ASCII a letter may match another one that `lower` does not make of it.
    is_plain = text.isascii()
    for rule, needed, sign, words in _SIGNS:
        if is_plain and not any(word in low for word in needed):
            continue
        if sign.search(text):
            yield rule, words
    if text.count(_FENCE) % 2:
        yield "text_open_fence", "A code block is opened and not closed."
    if text.rstrip()[-1:] in (":", ","):
        yield "text_ends_open", "The text ends with a colon or a comma."


def shortness_of_answer(answer: str, prompt: str) -> Iterator[tuple[str, str]]:
    """Yield what is too short about an ideal answer; nothing where there is none."""
    if not answer.strip():
        return
    if len(answer.split()) < FEWEST_ANSWER_WORDS:
        yield "answer_short", f"The answer has under {FEWEST_ANSWER_WORDS} words."
    elif len(answer) < SHORT_ANSWER * len(prompt):
        yield "answer_thin", f"The answer is under {SHORT_ANSWER:.0%} of its prompt."


def estimated_tokens(characters: int) -> int:
    """Tokens of so many characters where there is no tokenizer."""
    return -(-characters // CHARACTERS_PER_TOKEN)
