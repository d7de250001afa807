"""The catalogues: secrets known by their shape, and commands that carry secrets.

Rules are data (`catalog/*.toml`), each with examples that must and must not match.
This module compiles them and runs them; it decides nothing about keywords.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from annotation.domain.sanitize import values
from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.literals import Places
from annotation.domain.sanitize.views import View

_CATALOG = Path(__file__).parent / "catalog"
_TYPE = (
    r"(?:(?:encrypted|cipher(?:text)?|plain-?text|simple|clear(?:-?text)?|enc|ascii"
    r"|irreversible-cipher|hash(?:ed)?|sha512|sha256|md5|scrypt|unencrypted|text"
    r"|local|remote|hex|\d{1,2})[ ]+){0,3}"
)
# Where a command may begin: a line, behind marks of quotes, diffs, comments and line
# numbers, or behind a prompt, a colon or a quote.
_MARKS = r"[ \t>+|!/#*.-]{0,48}(?:\d{1,6}[:.)|][ \t]{0,16})?"
_START = rf"(?:^{_MARKS}|[#>:\"'`][ \t]{{0,3}})"
_KEEPS_CASE = "(?-i:"
# Capital letters of a pattern that are text, not part of an escape or a group's syntax.
_UPPER = re.compile(r"(?<![\\?])[A-Z]")
# Commands are short; longer lines (one-line JSON, logs) are searched in pieces.
_PIECE, _OVERLAP = 4000, 400


@dataclass(frozen=True, slots=True)
class Rule:
    """One catalogue entry, compiled."""

    name: str
    type: str
    needs: tuple[str, ...]
    pattern: re.Pattern[str]
    reads_low: bool
    also: tuple[str, ...]
    prose: bool
    matches: tuple[str, ...]
    clean: tuple[str, ...]


def load_rules(name: str) -> tuple[Rule, ...]:
    """Compile the catalogue `name`. Commands are written in any case."""
    entries = tomllib.loads((_CATALOG / f"{name}.toml").read_text("utf-8"))["rule"]
    folds = name == "commands"
    return tuple(
        Rule(
            name=entry["name"],
            type=entry["type"],
            needs=tuple(entry["needs"]),
            pattern=_compile(_expand(entry["pattern"]), folds=folds),
            reads_low=folds and _KEEPS_CASE not in entry["pattern"],
            also=tuple(entry.get("also", ())),
            prose=entry.get("prose", False),
            matches=tuple(entry["matches"]),
            clean=tuple(entry["clean"]),
        )
        for entry in entries
    )


def _compile(pattern: str, *, folds: bool) -> re.Pattern[str]:
    """Compile; a pattern for any case is lowered, to be run on lowered text.

    That is several times quicker than IGNORECASE, which only a pattern that looks at
    the case of some part still needs.
    """
    if not folds:
        return re.compile(pattern)
    if _KEEPS_CASE in pattern:
        return re.compile(pattern, re.IGNORECASE)
    return re.compile(_UPPER.sub(lambda found: found[0].lower(), pattern))


def _expand(pattern: str) -> str:
    numbers = count()
    pattern = pattern.replace("<type>", _TYPE).replace("<start>", _START)
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
_SHAPES_BY_NEED = {
    need: tuple(rule for rule in SHAPES if need in rule.needs)
    for need in sorted({need for rule in SHAPES for need in rule.needs})
}
_COMMANDS_BY_NEED = {
    need: tuple(rule for rule in COMMANDS if need in rule.needs)
    for need in sorted({need for rule in COMMANDS for need in rule.needs})
}
# Shorter ones stand in most texts: each line is asked for them, not the whole text.
_SHORTEST_LITERAL = 3
_ALSO = {
    rule.name: frozenset(rule.also)
    for rule in COMMANDS
    if rule.also and min(map(len, rule.also)) >= _SHORTEST_LITERAL
}
NEEDS = frozenset(
    (*_SHAPES_BY_NEED, *_COMMANDS_BY_NEED, *frozenset().union(*_ALSO.values()))
)
"""Literals, in lower case, without which no rule finds anything."""
_SHORTEST_SHAPE = 10


def find_shapes(view: View, places: Places) -> Iterator[Finding]:
    """Yield the secrets of `view` that are recognisable by themselves."""
    rules = {
        rule.name: rule
        for need in _SHAPES_BY_NEED.keys() & places.keys()
        if any(_is_in_shape(view.text, at) for at in places[need])
        for rule in _SHAPES_BY_NEED[need]
    }
    for rule in rules.values():
        group = "v" if "v" in rule.pattern.groupindex else 0
        for match in rule.pattern.finditer(view.text):
            yield Finding(*match.span(group), rule.type, rule.name)


def _is_in_shape(text: str, at: int) -> bool:
    """Say whether the word at a place is longer and odder than words of prose."""
    low = high = at
    while low > 0 and not text[low - 1].isspace() and at - low < _SHORTEST_SHAPE:
        low -= 1
    while high < len(text) and not text[high].isspace():
        if not text[high].isalpha() and high - low >= _SHORTEST_SHAPE:
            return True
        high += 1
    return high - low >= _SHORTEST_SHAPE and not text[low:high].isalpha()


def find_commands(view: View, places: Places) -> Iterator[Finding]:
    """Yield the secrets that commands in `view` carry."""
    lines: dict[int, dict[str, Rule]] = {}
    for need in _COMMANDS_BY_NEED.keys() & places.keys():
        named = {
            rule.name: rule
            for rule in _COMMANDS_BY_NEED[need]
            if rule.name not in _ALSO or not _ALSO[rule.name].isdisjoint(places)
        }
        if named:
            for start in _lines_of(view.low, places[need]):
                lines.setdefault(start, {}).update(named)
    for start, rules in lines.items():
        end = view.low.find("\n", start)
        end = len(view.low) if end < 0 else end
        yield from _search(rules.values(), view, start, end)


def _lines_of(low: str, places: Sequence[int]) -> Iterator[int]:
    """Yield the start of every line that a place is in, once."""
    end = -1
    for at in places:
        if at > end:
            yield low.rfind("\n", 0, at) + 1
            end = low.find("\n", at)
            if end < 0:
                return


def _search(
    rules: Iterable[Rule], view: View, start: int, end: int
) -> Iterator[Finding]:
    """Run rules on one line, a long one in overlapping pieces."""
    line = view.low[start:end]
    for rule in rules:
        if rule.also and not any(map(line.__contains__, rule.also)):
            continue
        first = start
        while end - first > _PIECE:
            yield from _apply(rule, view, first, first + _PIECE)
            first += _PIECE - _OVERLAP
        yield from _apply(rule, view, first, end)


def _is_type(rule: Rule, word: str) -> bool:
    """Say whether a number where a command was cut says how its secret is written."""
    return rule.type == "cred" and word.isdigit() and len(word) == 1


def _ends_command(text: str, match: re.Match[str], start: int, end: int) -> bool:
    """Say whether a word of sentences stands where a command ends: a weak password."""
    begins = start + match.start()
    line = text.rfind("\n", 0, begins) + 1
    newline = text.find("\n", end)
    rest = text[end : len(text) if newline < 0 else newline]
    return (
        not text[line:begins].strip(" \t>+|-")
        and not rest.strip(" \t\r;\"'")
        and text[begins : begins + 1].islower()
        and values.is_weak(text[match.start(match.lastgroup or 0) + start : end])
    )


def _apply(rule: Rule, view: View, start: int, end: int) -> Iterator[Finding]:
    text = view.text
    piece = (view.low if rule.reads_low else text)[start:end]
    for match in rule.pattern.finditer(piece):
        for group, value in match.groupdict().items():
            if not value:
                continue
            low, high = values.trim(text, *(start + at for at in match.span(group)))
            word = text[low:high]
            if not word or values.is_placeholder(word) or _is_type(rule, word):
                continue
            is_bare = low == match.start(group) + start
            is_word = rule.prose and is_bare and values.is_plain_word(word)
            if is_word and not _ends_command(text, match, start, high):
                continue
            if group[0] == "s" and not values.looks_like_password(word):
                continue
            if group[0] == "t" and (word.isalpha() or not values.looks_chosen(word)):
                continue
            yield Finding(low, high, rule.type, rule.name)
