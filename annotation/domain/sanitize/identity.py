"""The names a project knows: customers, people, users, host names.

Matching is on the project's own dictionary, in any case and with any separator
between words ("NorthwindFreight", "northwind-freight"). Names nobody listed are not
found here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from annotation.domain.sanitize.findings import Context, Finding
from annotation.domain.sanitize.literals import Literals
from annotation.domain.sanitize.pseudonyms import canonical
from annotation.domain.sanitize.views import View, view

DICTIONARY = "dictionary"
"""The rule of a name that the project has listed."""
_LOOSE = ("customer", "person")  # written with any separator between words
_WORD = re.compile(r"\w+")
# A listed name inside a longer word is still the name when it is this long.
_UNBOUNDED_FROM = 6


@dataclass(frozen=True, slots=True)
class _Term:
    pattern: re.Pattern[str]
    type: str


class Dictionary:
    """The compiled names of one context."""

    def __init__(self, context: Context) -> None:
        self._terms: dict[str, list[_Term]] = {}
        self._automaton: Literals | None = None
        self._full_names = _full_names(context)
        groups = (
            ("hostname", context.hostnames),
            ("customer", (*context.customers, *context.customer_aliases)),
            ("person", context.people),
            ("user", context.users),
        )
        for kind, names in groups:
            for name in names:
                self._add(kind, name)
        if self._terms:
            self._automaton = Literals(self._terms)

    def find(self, view: View) -> Iterator[Finding]:
        """Yield every known name in `view`."""
        if self._automaton is None:
            return
        for head, where in self._automaton.places(view.low).items():
            for term in self._terms[head]:
                for at in where:
                    match = term.pattern.match(view.low, at)
                    if match:
                        yield Finding(*match.span(), term.type, DICTIONARY)

    def canonical(self, kind: str, value: str) -> str:
        """Return the form under which `value` is one with its other spellings.

        A customer's alias is the beginning of its name without separators; an alias
        of none stands for itself.
        """
        folded = canonical(kind, value)
        return self._full_names.get(folded, folded) if kind == "customer" else folded

    def _add(self, kind: str, name: str) -> None:
        # Folded as the texts are in which it is looked for.
        name = view(name).low
        words = _WORD.findall(name.replace("_", " "))
        if sum(map(len, words)) < 2:
            return
        orders = [words]
        if kind == "person" and len(words) > 1:
            orders.append([words[-1], *words[:-1]])
        for order in orders:
            term = _Term(_pattern(kind, name, order), kind)
            head = order[0] if kind in _LOOSE else name.strip()
            self._terms.setdefault(head, []).append(term)


def _pattern(kind: str, name: str, words: list[str]) -> re.Pattern[str]:
    if kind not in _LOOSE:
        body = re.escape(name.strip())
        return re.compile(rf"(?<![a-z0-9]){body}(?![a-z0-9]|-[a-z0-9])")
    separator = r"[\s,._-]{0,3}"
    body = separator.join(re.escape(word) for word in words)
    if kind == "customer" and sum(map(len, words)) >= _UNBOUNDED_FROM:
        return re.compile(body)
    return re.compile(rf"(?<![a-z0-9]){body}(?![a-z0-9])")


def _full_names(context: Context) -> dict[str, str]:
    names = [canonical("customer", name) for name in context.customers]
    full: dict[str, str] = {}
    for alias in context.customer_aliases:
        short = canonical("customer", alias)
        owners = [name for name in names if name.startswith(short)]
        if len(owners) == 1:
            full[short] = owners[0]
    return full
