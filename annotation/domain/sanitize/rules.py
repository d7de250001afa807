"""The catalogues: secrets known by their shape, and commands that carry secrets.

Rules are data (`catalog/*.toml`), each with examples that must and must not match.
This module compiles them and runs them; it decides nothing about keywords.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from annotation.domain.sanitize import values
from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.views import View

_CATALOG = Path(__file__).parent / "catalog"
_TYPE = (
    r"(?:(?:encrypted|cipher(?:text)?|plain-?text|simple|clear(?:-?text)?|enc|ascii"
    r"|irreversible-cipher|hash(?:ed)?|sha512|sha256|md5|scrypt|unencrypted|text"
    r"|local|remote|hex|\d{1,2})[ ]+){0,3}"
)
# Commands are short; longer lines (one-line JSON, logs) are searched in pieces.
_PIECE, _OVERLAP = 4000, 400


@dataclass(frozen=True, slots=True)
class Rule:
    """One catalogue entry, compiled."""

    name: str
    type: str
    needs: tuple[str, ...]
    pattern: re.Pattern[str]
    also: tuple[str, ...]
    prose: bool
    matches: tuple[str, ...]
    clean: tuple[str, ...]


def load_rules(name: str) -> tuple[Rule, ...]:
    """Compile the catalogue `name`."""
    entries = tomllib.loads((_CATALOG / f"{name}.toml").read_text("utf-8"))["rule"]
    flags = re.IGNORECASE if name == "commands" else re.NOFLAG
    return tuple(
        Rule(
            name=entry["name"],
            type=entry["type"],
            needs=tuple(entry["needs"]),
            pattern=re.compile(_expand(entry["pattern"]), flags),
            also=tuple(entry.get("also", ())),
            prose=entry.get("prose", False),
            matches=tuple(entry["matches"]),
            clean=tuple(entry["clean"]),
        )
        for entry in entries
    )


def _expand(pattern: str) -> str:
    numbers = count()
    pattern = pattern.replace("<type>", _TYPE)
    pattern = re.sub(
        "<value>",
        lambda _: (
            rf"(?P<q{next(numbers)}>\"[^\"\n]{{1,400}}\"|'[^'\n]{{1,400}}'|\S{{1,4096}})"
        ),
        pattern,
    )
    return pattern.replace("[ ]", "[ \t]")


SHAPES = load_rules("tokens")
COMMANDS = load_rules("commands")
_SHAPE_NEEDS = tuple(sorted({need for rule in SHAPES for need in rule.needs}))
_COMMANDS_BY_NEED = {
    need: frozenset(at for at, rule in enumerate(COMMANDS) if need in rule.needs)
    for need in sorted({need for rule in COMMANDS for need in rule.needs})
}
_SHORTEST_SHAPE = 10


def find_shapes(view: View) -> Iterator[Finding]:
    """Yield the secrets of `view` that are recognisable by themselves."""
    long = [word for word in view.low.split() if len(word) >= _SHORTEST_SHAPE]
    words = " ".join([word for word in long if not word.isalpha()])
    present = {need for need in _SHAPE_NEEDS if need in words}
    if not present:
        return
    for rule in SHAPES:
        if not present.isdisjoint(rule.needs):
            group = "v" if "v" in rule.pattern.groupindex else 0
            for match in rule.pattern.finditer(view.text):
                yield Finding(*match.span(group), rule.type, rule.name)


def find_commands(view: View) -> Iterator[Finding]:
    """Yield the secrets that commands in `view` carry."""
    low = view.low
    present = [need for need in _COMMANDS_BY_NEED if need in low]
    if not present:
        return
    lines = {need: _lines_with(low, need) for need in present}
    for at in set().union(*(_COMMANDS_BY_NEED[need] for need in present)):
        rule = COMMANDS[at]
        if not rule.also or any(word in low for word in rule.also):
            hits = (lines[need] for need in rule.needs if need in lines)
            for start, end in set().union(*hits):
                yield from _search(rule, view, start, end)


def _lines_with(low: str, need: str) -> set[tuple[int, int]]:
    """Return the ranges of lines that hold `need`."""
    lines = set()
    at = low.find(need)
    while at >= 0:
        start = low.rfind("\n", 0, at) + 1
        end = low.find("\n", at)
        end = len(low) if end < 0 else end
        lines.add((start, end))
        at = low.find(need, max(end, at + 1))
    return lines


def _search(rule: Rule, view: View, start: int, end: int) -> Iterator[Finding]:
    """Search one line, a long one in overlapping pieces."""
    line = view.low[start:end]
    if rule.also and not any(word in line for word in rule.also):
        return
    while end - start > _PIECE:
        yield from _apply(rule, view.text, start, start + _PIECE)
        start += _PIECE - _OVERLAP
    yield from _apply(rule, view.text, start, end)


def _apply(rule: Rule, text: str, start: int, end: int) -> Iterator[Finding]:
    for match in rule.pattern.finditer(text[start:end]):
        for group, value in match.groupdict().items():
            if not value:
                continue
            low, high = values.trim(text, *(start + at for at in match.span(group)))
            word = text[low:high]
            if not word or values.is_placeholder(word):
                continue
            if (
                rule.prose
                and values.is_plain_word(word)
                and low == match.start(group) + start
            ):
                continue
            if group == "s" and not values.looks_like_password(word):
                continue
            yield Finding(low, high, rule.type, rule.name)
