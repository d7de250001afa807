"""Persons, devices, circuits, phones and the like, by `catalog/identifiers.toml`.

An entry finds values by their form or by the words beside them; this module compiles
the entries, runs them where a cheap sign says that they may find something, and looks
for learned names in the rest of the text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import re2

from annotation.domain.sanitize import values
from annotation.domain.sanitize.checks import CHECKS
from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.prose import line_around, reads_as_prose
from annotation.domain.sanitize.signs import Signs
from annotation.domain.sanitize.views import View

_CATALOG = Path(__file__).parent / "catalog" / "identifiers.toml"
_REACH = 80  # characters on either side in which a cue counts
_LONGEST_LINE = 2000
_LONGEST_SENTENCE = 400
# Groups of a pattern that hold several values, and what one value is.
_LISTS = {"n": re.compile(r"(\d+)"), "p": re.compile(r"(\d+):[\d:]+")}
# Fewer learned names than this are looked for one by one.
_MANY = 60
_SHORTEST_LEARNED = 4
_AFTER = re.compile(r"(?:\.[a-z][a-z0-9-]{1,62}){1,6}(?![a-z0-9])")


@dataclass(frozen=True, slots=True)
class Rule:
    """One catalogue entry, compiled; its fields are explained in the catalogue."""

    name: str
    type: str
    sign: Any
    pattern: re.Pattern[str]
    check: str
    cue: re.Pattern[str] | None
    prose: bool
    learn: bool
    below: int
    matches: tuple[str, ...]
    clean: tuple[str, ...]


def load_identifiers() -> tuple[Rule, ...]:
    """Compile the catalogue of identifiers."""
    entries = tomllib.loads(_CATALOG.read_text("utf-8"))["rule"]
    return tuple(
        Rule(
            name=entry["name"],
            type=entry["type"],
            sign=re2.compile(entry["sign"]),
            pattern=re.compile(entry["pattern"]),
            check=entry.get("check", ""),
            cue=re.compile(entry["cue"]) if "cue" in entry else None,
            prose=entry.get("prose", False),
            learn=entry.get("learn", False),
            below=entry.get("below", 0),
            matches=tuple(entry["matches"]),
            clean=tuple(entry["clean"]),
        )
        for entry in entries
    )


IDENTIFIERS = load_identifiers()
_BY_NAME = {rule.name: rule for rule in IDENTIFIERS}
_SIGNS = Signs({rule.name: rule.sign.pattern for rule in IDENTIFIERS})


def find_identifiers(view: View) -> list[Finding]:
    """Return every identifier of `view`, and further places of the learned ones."""
    found: list[Finding] = []
    learned: dict[str, Finding] = {}
    for name in sorted(_SIGNS.present(view.text)):
        rule = _BY_NAME[name]
        for match in _matches(rule, view.text):
            for finding in _findings(rule, view, match):
                found.append(finding)
                if rule.learn:
                    name = view.low[finding.start : finding.end]
                    learned.setdefault(name, finding)
    found += _find_learned(view, learned)
    return found


def _matches(rule: Rule, text: str) -> Iterator[re.Match[str]]:
    """Yield what a rule's pattern matches in the lines that bear its sign."""
    done = 0
    for sign in rule.sign.finditer(text):
        if sign.start() >= done:
            start, done = line_around(text, sign.start(), _LONGEST_LINE)
            # Some names stand below the line that announces them.
            yield from rule.pattern.finditer(text, start, done + rule.below)


def _findings(rule: Rule, view: View, match: re.Match[str]) -> Iterator[Finding]:
    for group, value in match.groupdict().items():
        if not value or group[0] == "s":
            continue
        start, end = match.span(group)
        if group[0] in _LISTS:
            for number in _LISTS[group[0]].finditer(view.text, start, end):
                yield Finding(*number.span(1), rule.type, rule.name)
        elif _is_meant(rule, view, start, end):
            yield Finding(start, end, rule.type, rule.name)


def _is_meant(rule: Rule, view: View, start: int, end: int) -> bool:
    value = view.text[start:end]
    if values.is_placeholder(value) or (rule.check and not CHECKS[rule.check](value)):
        return False
    if rule.cue is None:
        return True
    low, high = line_around(view.low, start, _LONGEST_SENTENCE)
    near = view.low[max(low, start - _REACH) : start] + " "
    near += view.low[end : min(high, end + _REACH)]
    if rule.cue.search(near):
        return True
    return rule.prose and reads_as_prose(view.low[low:high])


def _find_learned(view: View, learned: dict[str, Finding]) -> Iterator[Finding]:
    """Yield further places of names that one rule has learned from this text.

    A host's name may go on with its domain, and a domain may follow any name.
    """
    names = [name for name in learned if _is_distinctive(name, learned[name].type)]
    for name in names[:_MANY]:
        at = view.low.find(name)
        while at >= 0:
            end = at + len(name)
            if _stands_alone(view.low, at, end, learned[name].type):
                if learned[name].type == "hostname" and (
                    more := _AFTER.match(view.low, end)
                ):
                    end = more.end()
                yield Finding(at, end, learned[name].type, "learned")
            at = view.low.find(name, end)


def _is_distinctive(name: str, kind: str) -> bool:
    if len(name) < _SHORTEST_LEARNED:
        return False
    is_word = name.isalpha()
    return not is_word or (kind == "hostname" and len(name) >= 6) or len(name) >= 7


def _stands_alone(low: str, start: int, end: int, kind: str) -> bool:
    before, after = low[start - 1 : start], low[end : end + 1]
    if kind == "domain":
        return not (before.isalnum() or after.isalnum())
    is_glued = before.isalnum() or before in ("-", "_")
    return not (is_glued or after.isalnum() or after in ("_",)) and not (
        after == "-" and low[end + 1 : end + 2].isalnum()
    )
