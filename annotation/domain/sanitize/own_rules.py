"""Whether a rule that an administrator wrote may be saved.

It is run on its own examples and on those of the bundled catalogues: the recall
ratchet, by which what was found stays found and what is clean stays clean. How much it
changes in a project's texts and how long it takes is measured by
`annotation.services.rule_pace`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from annotation.domain.sanitize import identifiers, rules, sections
from annotation.domain.sanitize.engine import Sanitizer
from annotation.domain.sanitize.identity import Dictionary
from annotation.domain.sanitize.knowledge import (
    Knowledge,
    OwnRule,
    Taught,
    compile_rule,
)
from annotation.domain.sanitize.pseudonyms import LABELS, Keyring
from annotation.domain.sanitize.resolve import outside
from annotation.domain.sanitize.views import view

TYPES = (*LABELS, "serial")
"""Span types that a rule can have."""
MOST_CHANGED = 0.005
"""Share of the catalogues' clean examples that a rule may change."""
_SHOWN = 100
_CLASS = re.compile(r"\\[A-Za-z]")
_SIGN = re.compile(r"(?<!\\)[][^$*+?.|(){}]")
_ESCAPED = re.compile(r"\\(.)")

Clock = Callable[[], float]


class Flaw(NamedTuple):
    """What is wrong with one part of a rule: `name`, `span_type`, `pattern`, `must`
    or `must_not`."""

    part: str
    words: str


class Text(NamedTuple):
    """A sanitized text and the ranges of it that are replacements."""

    text: str
    taken: Sequence[tuple[int, int]]


class Place(NamedTuple):
    """A range of a text that a rule would replace."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule that is not saved yet, with lines that must and must not match."""

    rule: OwnRule
    must: tuple[str, ...]
    must_not: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ratchet:
    """The catalogues' examples without and with a rule.

    `lost` are examples whose secret or identifier is no longer found as what it is,
    `changed` clean ones that come out otherwise.
    """

    examples: int
    caught_before: int
    caught: int
    clean: int
    lost: tuple[str, ...]
    changed: tuple[str, ...]


class Finder:
    """Runs one rule as the sanitizer does."""

    def __init__(self, keyring: Keyring, rule: OwnRule) -> None:
        self._taught = Taught(keyring, Knowledge(rules=(rule,)))

    def places(self, text: Text) -> list[Place]:
        """Return what the rule would replace in `text`, outside replacements."""
        return self.timed_places(text, lambda: 0.0)[0]

    def timed_places(self, text: Text, clock: Clock) -> tuple[list[Place], float]:
        """Return the places and how long the rule alone took to find them."""
        seen = view(text.text)
        taken = sorted(seen.located(start, end) for start, end in text.taken)
        started = clock()
        found = list(self._taught.find(seen))
        seconds = clock() - started
        free = outside(found, taken)
        return [Place(*seen.origin(one.start, one.end)) for one in free], seconds

    def finds_in(self, line: str) -> bool:
        """Say whether the rule finds something in `line`."""
        return any(self._taught.find(view(line)))


def flaws_of_rule(rule: OwnRule) -> list[Flaw]:
    """Return what is wrong with a rule by itself: its type and its pattern."""
    flaws = []
    if rule.type not in TYPES:
        flaws.append(Flaw("span_type", "There is no such type."))
    try:
        pattern = compile_rule(rule)
    except ValueError as error:
        return [*flaws, Flaw("pattern", f"RE2 cannot read it: {error}.")]
    if set(pattern.groupindex) - {"v"}:
        flaws.append(Flaw("pattern", "Of the named groups only v is read."))
    if pattern.search("") is not None:
        flaws.append(
            Flaw("pattern", "It matches the empty text, hence at every place.")
        )
    return flaws


def flaws_of_draft(
    draft: Draft,
    keyring: Keyring,
    knowledge: Knowledge,
    holds_secret: Callable[[str], bool] = lambda text: False,
) -> Iterator[Flaw]:
    """Yield what is wrong with the examples of a sound rule.

    A line is tried alone and between other lines, as it stands in a ticket.
    `holds_secret` says whether a secret that was found before stands in a text.
    """
    yield from _flaws_of_words(draft, keyring, knowledge, holds_secret)
    finder = Finder(keyring, draft.rule)
    with_rule = Sanitizer(keyring, _with(knowledge, draft.rule))
    if not draft.must:
        yield Flaw("must", "At least one line that must match is needed.")
    for number, line in enumerate(draft.must, start=1):
        yield from _flaws_of_must(number, line, finder, with_rule, draft.rule.type)
    for number, line in enumerate(draft.must_not, start=1):
        if finder.finds_in(line) or finder.finds_in(_between(line)):
            yield Flaw("must_not", f"{_line(number, 'must_not')} does.")


def _flaws_of_words(
    draft: Draft,
    keyring: Keyring,
    knowledge: Knowledge,
    holds_secret: Callable[[str], bool],
) -> Iterator[Flaw]:
    """Yield where a known name or value stands: rules are stored in clear."""
    names = Dictionary(knowledge.context)
    missed = Taught(keyring, Knowledge(missed=knowledge.missed))
    written = [
        ("name", "The name", draft.rule.name),
        ("pattern", "The pattern", draft.rule.pattern),
    ]
    for part, lines in (("must", draft.must), ("must_not", draft.must_not)):
        written += [
            (part, _line(number, part), line)
            for number, line in enumerate(lines, start=1)
        ]
    for part, words, text in written:
        forms = (text, _plain(text)) if part == "pattern" else (text,)
        seen = [view(form) for form in forms]
        if (
            any(any(names.find(one)) or any(missed.find(one)) for one in seen)
            or any(map(holds_secret, forms))
        ):  # fmt: skip
            yield Flaw(
                part,
                f"{words} holds a name or value that the project knows. Write an "
                "invented one.",
            )


def _plain(pattern: str) -> str:
    """A pattern's words without its signs, as they stand in the texts it matches."""
    words = _CLASS.sub(" ", pattern)
    return _ESCAPED.sub(r"\1", _SIGN.sub(" ", words))


def _flaws_of_must(
    number: int, line: str, finder: Finder, with_rule: Sanitizer, kind: str
) -> Iterator[Flaw]:
    if not finder.finds_in(line):
        yield Flaw("must", f"{_line(number, 'must')} does not.")
    elif not finder.finds_in(_between(line)):
        yield Flaw(
            "must",
            f"{_line(number, 'must')} does so only as the whole text. Begin the "
            "pattern with (?m), so that ^ and $ mean lines.",
        )
    elif (result := with_rule.sanitize(line)).held:
        yield Flaw(
            "must",
            f"{_line(number, 'must')} does, but would hold a ticket: {result.reason}.",
        )


def turn_ratchet(keyring: Keyring, knowledge: Knowledge, rule: OwnRule) -> Ratchet:
    """Sanitize every example of the catalogues without and with the rule."""
    without = Sanitizer(keyring, knowledge)
    with_rule = Sanitizer(keyring, _with(knowledge, rule))
    before, after, lost = 0, 0, []
    examples = [(kind, text) for kind, text, is_clean in _examples() if not is_clean]
    clean = [text for _, text, is_clean in _examples() if is_clean]
    for kind, text in examples:
        was, is_now = (_caught(one, kind, text) for one in (without, with_rule))
        before, after = before + was, after + is_now
        if was and not is_now:
            lost.append(text)
    changed = [
        text
        for text in clean
        if without.sanitize(text).text != with_rule.sanitize(text).text
    ]
    return Ratchet(
        len(examples), before, after, len(clean), tuple(lost), tuple(changed)
    )


def flaws_of_ratchet(ratchet: Ratchet) -> Iterator[Flaw]:
    """Yield why the ratchet does not let a rule pass."""
    if ratchet.caught < ratchet.caught_before:
        yield Flaw(
            "pattern",
            f"With it {ratchet.caught_before - ratchet.caught} of "
            f"{ratchet.examples} bundled examples would no longer be found as what "
            f"they are, for example: {_shown(ratchet.lost[0])}",
        )
    if len(ratchet.changed) > MOST_CHANGED * ratchet.clean:
        yield Flaw(
            "pattern",
            f"It changes {len(ratchet.changed)} of {ratchet.clean} bundled texts that "
            f"must stay, for example: {_shown(ratchet.changed[0])}",
        )


def bundled_text() -> str:
    """Return all examples of the catalogues as one text."""
    return "\n".join(text for _, text, _ in _examples())


def _examples() -> Iterator[tuple[str, str, bool]]:
    """Yield type, text and whether nothing is to be found in it."""
    entries: tuple[rules.Rule | sections.Section | identifiers.Rule, ...] = (
        *rules.SHAPES,
        *rules.COMMANDS,
        *sections.SECTIONS,
        *identifiers.IDENTIFIERS,
    )
    for entry in entries:
        yield from ((entry.type, text, False) for text in entry.matches)
        yield from ((entry.type, text, True) for text in entry.clean)


def _caught(sanitizer: Sanitizer, kind: str, text: str) -> bool:
    return any(span.type == kind for span in sanitizer.sanitize(text).spans)


def _with(knowledge: Knowledge, rule: OwnRule) -> Knowledge:
    return replace(knowledge, rules=(*knowledge.rules, rule))


def _between(line: str) -> str:
    return f"the line before\n{line}\nthe line after"


def _line(number: int, part: str) -> str:
    which = "must match" if part == "must" else "must not match"
    return f"Line {number} of the lines that {which}"


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
