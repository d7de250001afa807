"""What a project has taught its sanitizer, beside the catalogues.

Names from its dictionary, values that somebody found missed (known by a keyed hash
alone), findings that were false alarms, and rules of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import re2

from annotation.domain.sanitize import values
from annotation.domain.sanitize.findings import Context, Finding
from annotation.domain.sanitize.prose import line_around
from annotation.domain.sanitize.pseudonyms import Keyring
from annotation.domain.sanitize.views import View

_WORD = re.compile(r"[^\s\"'`,;|<>()\[\]{}]+")
_EDGES = ".,;:!?\"'`()[]{}<>"
_LONGEST_PHRASE = 4  # words of a missed value
_LINE = 1000
OWN = "own:"
"""How the rule of a finding by one of the project's own rules begins."""
MISSED = "missed"
"""The rule of a value that somebody reported as missed."""
_JOINT = re.compile(r"[=:/@&?#]+")
_MOST_PARTS = 6  # of one word, as in a URL


class OwnRule(NamedTuple):
    """A rule that an administrator wrote: group `v`, or the whole match, is found."""

    name: str
    type: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All of it; every part may be empty.

    `missed` maps the keyed hash of a value (see `value_hash`) to its span type;
    `excused` holds keyed hashes of findings in their line (see `alarm_hash`).
    """

    context: Context = field(default_factory=Context)
    missed: Mapping[str, str] = field(default_factory=dict)
    excused: frozenset[str] = frozenset()
    rules: tuple[OwnRule, ...] = ()


def compile_rule(rule: OwnRule) -> Any:
    """Compile on RE2, whose time is linear whatever the pattern.

    Raises:
        ValueError: the pattern is none, or uses what RE2 lacks (look-around,
            back-references).
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 22
    try:
        return re2.compile(rule.pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        words = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise ValueError(words) from None


def value_hash(keyring: Keyring, value: str) -> str:
    """The keyed hash by which a missed value is recognised again, in hex.

    Punctuation around it and the width of its spaces do not count.
    """
    return keyring.keyed_hash("find", value_of(value))


def value_of(value: str) -> str:
    """What of a value is hashed."""
    return " ".join(value.split()).strip(_EDGES)


def value_range(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a selected range without the spaces and punctuation at its ends."""
    while start < end and (text[start].isspace() or text[start] in _EDGES):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in _EDGES):
        end -= 1
    return start, end


def words_of(value: str) -> int:
    """How many words a missed value has."""
    return len(value.split())


def alarm_hash(keyring: Keyring, view: View, finding: Finding) -> str:
    """The keyed hash of a finding where it stands: its type, place and line.

    A false alarm is excused in that place only, never for its value alone.
    """
    start, end = line_around(view.text, finding.start, _LINE)
    place = f"{finding.start - start}:{finding.end - start}"
    line = " ".join(view.text[start:end].split())
    return keyring.keyed_hash("alarm", f"{finding.type}/{place}/{line}")


class Taught:
    """The detectors that a project's knowledge gives."""

    def __init__(self, keyring: Keyring, knowledge: Knowledge) -> None:
        self._keyring = keyring
        self._missed = knowledge.missed
        self._excused = knowledge.excused
        self._rules = [(rule, compile_rule(rule)) for rule in knowledge.rules]

    def find(self, view: View) -> Iterator[Finding]:
        """Yield missed values and what the project's own rules find."""
        if self._missed:
            yield from self._find_missed(view)
        for rule, pattern in self._rules:
            group = pattern.groupindex.get("v", 0)
            for match in pattern.finditer(view.text):
                start, end = match.span(group)
                if start < end and not values.is_placeholder(view.text[start:end]):
                    yield Finding(start, end, rule.type, OWN + rule.name)

    def without_excused(
        self,
        view: View,
        findings: Iterable[Finding],
        every: Iterable[Finding] = (),
    ) -> tuple[Iterable[Finding], list[Finding]]:
        """Part `findings` from those that were false alarms in their place.

        What touches a value reported as missed, of `every` finding, never was one.
        """
        if not self._excused:
            return findings, []
        reported = [one for one in every if one.rule == MISSED]
        meant: list[Finding] = []
        excused: list[Finding] = []
        for finding in findings:
            name = alarm_hash(self._keyring, view, finding)
            is_excused = name in self._excused and not _touches(finding, reported)
            (excused if is_excused else meant).append(finding)
        return meant, excused

    def _find_missed(self, view: View) -> Iterator[Finding]:
        for start, end in candidates(view.text):
            name = value_hash(self._keyring, view.text[start:end])
            if kind := self._missed.get(name):
                yield Finding(start, end, kind, MISSED)


def _touches(finding: Finding, others: Iterable[Finding]) -> bool:
    return any(one.start < finding.end and finding.start < one.end for one in others)


def candidates(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges that may be a reported value: words, phrases, parts of words."""
    words = [_trimmed(text, *match.span()) for match in _WORD.finditer(text)]
    for at, (start, end) in enumerate(words):
        for _, last in words[at : at + _LONGEST_PHRASE]:
            phrase = text[start:last]
            if "\n" in phrase:
                # A value ends where its line does.
                break
            if phrase:
                yield start, last
        yield from _parts(text, start, end)


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a word such as `key=value` or `user:word@host`."""
    joints = [match.span() for match in _JOINT.finditer(text, start, end)]
    if not joints or len(joints) > _MOST_PARTS:
        return
    starts = [start, *(stop for _, stop in joints)]
    ends = [*(begin for begin, _ in joints), end]
    for at, first in enumerate(starts):
        for last in ends[at:]:
            if first < last and (first, last) != (start, end):
                yield _trimmed(text, first, last)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _EDGES:
        start += 1
    while end > start and text[end - 1] in _EDGES:
        end -= 1
    return start, end
