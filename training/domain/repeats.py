"""Which lines of a file say the same again, and whether that does harm."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from training.domain.findings import Finding, Findings, Weight
from training.domain.line_contents import content_of
from training.domain.turn_checks import Complaint

# Made once: `json.dumps` makes one anew for every line.
_sorted = json.JSONEncoder(sort_keys=True).encode


class Repeats:
    """Remembers ids and contents as short hashes; marked copies are no repeats.

    Texts that differ in case, blanks or composition only are the same. Of a row it
    remembers split and label as well: the same text in two splits is a leak, with two
    labels a contradiction, and a copy has to stand where its original does.
    """

    def __init__(self) -> None:
        self._ids: dict[bytes, tuple[str, str]] = {}
        self._copies: dict[bytes, tuple[str, str]] = {}
        self._contents: dict[bytes, tuple[str, str]] = {}
        self._repeated = self._leaked = self._contradicted = 0

    def note(self, data: Mapping[str, Any]) -> Iterator[Complaint]:
        """Count a repeated content; complain of a repeated id."""
        stands = (str(data.get("split", "")), str(data.get("label", "")))
        if "id" in data:
            known = self._ids.setdefault(_digest(data["id"]), stands)
            if known is not stands:
                yield "id_repeated", "id", "An earlier line has this id."
        if data.get("copy_of"):
            self._copies[_digest(data["copy_of"])] = stands
        else:
            content = _digest(_alike(content_of(data)))
            first = self._contents.setdefault(content, stands)
            if first is not stands:
                self._repeated += 1
                self._leaked += first[0] != stands[0]
                self._contradicted += first[1] != stands[1]

    def close(self, found: Findings) -> None:
        """Say how many contents were repeated, and which of them do harm."""
        for rule, weight, count, words in (
            ("duplicate", Weight.WARNING, self._repeated, "repeat the content"),
            (
                "duplicate_across_splits",
                Weight.ERROR,
                self._leaked,
                "have the text, in another split,",
            ),
            (
                "duplicate_conflict",
                Weight.WARNING,
                self._contradicted,
                "have the text, with another label,",
            ),
        ):
            if count:
                message = f"{count} lines {words} of an earlier line."
                found.add(Finding(rule, weight, message))
        astray = sum(self._ids.get(of) != at for of, at in self._copies.items())
        if astray:
            message = (
                f"The copies of {astray} lines have no original with their split and "
                "label."
            )
            found.add(Finding("copy_astray", Weight.ERROR, message, field="copy_of"))


def _alike(value: Any) -> Any:
    """The value with its texts composed, in lower case and with single blanks."""
    if isinstance(value, str):
        return " ".join(unicodedata.normalize("NFC", value).lower().split())
    if isinstance(value, dict):
        return {key: _alike(inner) for key, inner in value.items()}
    return [_alike(inner) for inner in value] if isinstance(value, list) else value


def _digest(value: Any) -> bytes:
    return hashlib.blake2b(_sorted(value).encode(), digest_size=12).digest()
