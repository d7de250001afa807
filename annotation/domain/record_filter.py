"""Which of a project's records somebody asks for, as a value that can be kept.

The same names stand in an address, in a saved filter and in the history of bulk acts.
An unknown name or a value that cannot be is refused in words; nothing is guessed. How
the records are found is decided elsewhere, and so is who may ask for what.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from annotation.domain.shown_state import IN_LABELING, LABELING

STATES = ("HELD", "OPEN", "CONTESTED", "SETTLED", "EXCLUDED", "REFERENCE")
KINDS = ("TICKET", "LOG", "CONFIG", "SHOW_OUTPUT", "QA", "DOCUMENT")
ORIGINS = ("REAL", "SYNTHETIC", "GENERAL")
SOURCES = ("UPLOAD", "COMMAND", "API")

MOST_REVIEWS = 999
WHOLE = "="
"""Before an external id: this very one, not all that begin so."""
_LONGEST = {
    "words": 500,
    "external_id": 120,
    "category": 80,
    "vendor": 80,
    "level": 40,
    "because": 120,
}
_CHOICES = {"kind": KINDS, "origin": ORIGINS, "source": SOURCES}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class FilterError(ValueError):
    """A filter that cannot be; `field` is its name and `reason` says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True)
class RecordFilter:
    """What records have to be like; what is empty or None does not matter.

    `words` are search words (`annotation.domain.search_words`), `external_id` and
    `because` are beginnings, the rest is exact, and so is an `external_id` after an
    equals sign (`WHOLE`). Both ends of a range belong to it.
    `level` is that of the current verdict, `batch` the number of an import. The state
    LABELING is a word for open, contested and settled together.
    """

    words: str = ""
    external_id: str = ""
    state: tuple[str, ...] = ()
    category: str = ""
    vendor: str = ""
    kind: str = ""
    origin: str = ""
    source: str = ""
    batch: int | None = None
    reviews_from: int | None = None
    reviews_to: int | None = None
    opened_from: date | None = None
    opened_to: date | None = None
    level: str = ""
    because: str = ""

    def __bool__(self) -> bool:
        return bool(self.as_query())

    @classmethod
    def from_query(cls, query: Mapping[str, object]) -> RecordFilter:
        """Read a filter; empty values are as good as absent ones.

        Raises
        ------
        FilterError
            An unknown name, a value that cannot be, or a range that holds nothing.
        """
        names = {field.name for field in fields(cls)}
        values: dict[str, Any] = {}
        for name, given in query.items():
            if name not in names:
                raise FilterError(_plain(name), f"There is no filter{_named(name)}.")
            text = _text(name, given)
            if text:
                values[name] = _READERS[name](name, text)
        found = cls(**values)
        _check_ranges(found)
        return found

    def as_query(self) -> dict[str, str]:
        """Write the filter as texts by name; what does not matter is left out.

        `from_query` reads it back to an equal filter.
        """
        query = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value not in ("", None, ()):
                query[field.name] = _written(value)
        return query

    def as_address(self) -> dict[str, str]:
        """Write what may stand in an address: all but the words, which are text."""
        query = self.as_query()
        query.pop("words", None)
        return query


def _text(name: str, given: object) -> str:
    if given is None:
        return ""
    if isinstance(given, (list, tuple)) and name == "state":
        given = ",".join(str(one) for one in given)
    if isinstance(given, bool) or not isinstance(given, (str, int)):
        raise FilterError(name, f"{_label(name)} is a text or a number.")
    text = str(given).replace("\0", " ").strip()
    if len(text) > _LONGEST.get(name, 60):
        most = _LONGEST.get(name, 60)
        raise FilterError(name, f"{_label(name)} has at most {most} characters.")
    return text


def _as_text(name: str, text: str) -> str:
    return text


def _as_states(name: str, text: str) -> tuple[str, ...]:
    asked = {one.strip().upper() for one in text.split(",")} - {""}
    if LABELING in asked:
        asked = asked - {LABELING} | set(IN_LABELING)
    if not asked <= set(STATES):
        words = ", ".join((*STATES, LABELING))
        raise FilterError(name, f"A state is one of {words}.")
    return tuple(state for state in STATES if state in asked)


def _as_choice(name: str, text: str) -> str:
    if text.upper() not in _CHOICES[name]:
        words = ", ".join(_CHOICES[name])
        raise FilterError(name, f"{_label(name)} is one of {words}.")
    return text.upper()


def _as_number(name: str, text: str) -> int:
    # isdecimal alone takes digits of every script, int() does as well: both agree.
    most = MOST_REVIEWS if name.startswith("reviews") else 2**62
    if not text.isdecimal() or len(text) > 18 or int(text) > most:
        raise FilterError(name, f"{_label(name)} is a whole number.")
    return int(text)


def _as_date(name: str, text: str) -> date:
    try:
        # fromisoformat takes other forms as well, such as weeks.
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise FilterError(name, f"{_label(name)} is a day such as 2026-03-31.")


_READERS = {
    "words": _as_text,
    "external_id": _as_text,
    "state": _as_states,
    "category": _as_text,
    "vendor": _as_text,
    "kind": _as_choice,
    "origin": _as_choice,
    "source": _as_choice,
    "batch": _as_number,
    "reviews_from": _as_number,
    "reviews_to": _as_number,
    "opened_from": _as_date,
    "opened_to": _as_date,
    "level": _as_text,
    "because": _as_text,
}


def _check_ranges(found: RecordFilter) -> None:
    low, high = found.reviews_from, found.reviews_to
    if low is not None and high is not None and low > high:
        raise FilterError("reviews_to", "Fewer reviews at most than at least.")
    first, last = found.opened_from, found.opened_to
    if first is not None and last is not None and first > last:
        raise FilterError("opened_to", "The last day is before the first one.")


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _label(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _plain(name: object) -> str:
    """A name that looks like one; anything else may be ticket text."""
    return name if isinstance(name, str) and re.fullmatch(r"[a-z_]{1,30}", name) else ""


def _named(name: object) -> str:
    return f" called {_plain(name)}" if _plain(name) else " of that name"
