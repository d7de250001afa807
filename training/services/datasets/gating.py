"""Rows pass the leak gate before anybody gets them, and before they enter a dataset.

An export, a stream and a download read their lines through here, in blocks: a block is
checked as a whole before its first line is given. What is checked is every string of
the line as it is written, and as it was before a format broke the markers in it. A
refusal names rows, records and kinds, never a value.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from annotation.models import Preference, Project, Record, Review
from annotation.services.leak_gate import (
    MISSED,
    NAME,
    OWN_RULE,
    GateFinding,
    LeakGate,
)
from training.domain.chosen import Chosen, Selection
from training.domain.formats.markers import mend
from training.models import Dataset
from training.services.datasets import materials, streaming
from training.services.datasets.streaming import ExportRefused

BLOCK = 500
CODE = "leak_found"
_NAMED = 3
_LONGEST_ID = 30
_WHAT_TO_DO = (
    "Report or confirm what stands in these records in the sanitizing review, then "
    "build a new version."
)
_REPLACED_ALREADY = frozenset((NAME, MISSED, OWN_RULE))
_BUILD_AGAIN = (
    "The project's records are sanitized again by themselves: build a new version."
)
# Ids and groups of records are no text: rules may well be written for their like.
_IDENTIFIERS = frozenset(("id", "copy_of", "group", "record"))
# What an export's row keeps of a reason, without what to do.
_LONGEST = 300 - len(_WHAT_TO_DO) - 4


def checked_lines(
    *,
    dataset: Dataset,
    format_name: str,
    split: str = "",
    after: int = 0,
    most: int | None = None,
) -> Iterator[bytes]:
    """At most so many lines of a format after the first `after` rows.

    Each block is checked first. Raises ExportRefused (``leak_found``) at the first
    block that may not leave, and VaultRefused without the project's key.
    """
    rows = streaming.iterate_rows(
        dataset=dataset, format_name=format_name, split=split, after=after
    )
    rows = islice(rows, most)
    gate = LeakGate(dataset.project)
    while block := list(islice(rows, BLOCK)):
        _refuse_leaks(gate, block, after)
        yield from (line for _, line in block)
        after += len(block)


def unsafe_records(*, project: Project, selection: Selection) -> frozenset[int]:
    """Ids of a selection's records of which a row would not be let out."""
    gate = LeakGate(project)
    chosen = iter(selection.examples)
    unsafe: set[int] = set()
    while block := list(islice(chosen, BLOCK)):
        unsafe |= _unsafe_of(gate, block)
    return frozenset(unsafe)


def _unsafe_of(gate: LeakGate, chosen: Sequence[Chosen]) -> set[int]:
    found = Record.objects.filter(id__in={one.record.id for one in chosen})
    records = found.only(
        "id", "title", "body", "resolution", "resolution_mark", "attributes"
    ).in_bulk()
    answered = {_answer_of(one) for one in chosen} - {None}
    answers = dict(Review.objects.filter(id__in=answered).values_list("id", "response"))
    pairs = Preference.objects.in_bulk({c.record.pair for c in chosen} - {None})
    rows = []
    for one in chosen:
        pk, key = one.record.id, one.record.key
        texts = [answers.get(_answer_of(one)), one.record.category]
        texts.append(one.ruling.root_cause)
        if pk in records:
            texts += [records[pk].text, *materials.texts_of(records[pk])]
        if pair := pairs.get(one.record.pair or 0):
            texts += [pair.prompt, pair.chosen, pair.rejected]
        rows += [_Read(pk, key, text) for text in texts if text]
        identifiers = (key, one.placement.group_key)
        rows += [
            _Read(pk, key, text, is_identifier=True) for text in identifiers if text
        ]
    return {rows[finding.row].row for finding in _check(gate, rows)}


def _answer_of(chosen: Chosen) -> int:
    return chosen.review.id if chosen.review else chosen.record.answer or 0


def _refuse_leaks(gate: LeakGate, block: list[tuple[str, bytes]], first: int) -> None:
    rows = [
        _Read(number, name, text, is_identifier)
        for number, (name, line) in enumerate(block, first + 1)
        for text, is_identifier in _strings(json.loads(line))
    ]
    findings = _check(gate, rows)
    if findings:
        raise ExportRefused(CODE, _words(findings, [row.row for row in rows]))


class _Read(NamedTuple):
    """A string to be checked: of which row and record, and what it is."""

    row: int
    name: str
    text: str
    is_identifier: bool = False


def _check(gate: LeakGate, rows: Sequence[_Read]) -> list[GateFinding]:
    found = gate.check([row.text for row in rows], [row.name for row in rows])
    return [
        finding
        for finding in found
        if not (finding.what == OWN_RULE and rows[finding.row].is_identifier)
    ]


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, bool]]:
    """Every string in a decoded line that could hold something; whether it is an id."""
    if isinstance(value, str):
        for text in dict.fromkeys((value, mend(value))):
            if text:
                yield text, key in _IDENTIFIERS
    elif isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from _strings(inner, inner_key)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _words(findings: Iterable[GateFinding], rows: list[int]) -> str:
    """Rows with their record and what was found; short enough for the export's row."""
    kinds: dict[tuple[int, str], set[str]] = defaultdict(set)
    for finding in findings:
        kinds[rows[finding.row], finding.external_id].add(finding.what)
    named = [
        f"row {number} ({name[:_LONGEST_ID]}): {', '.join(sorted(found))}"
        for (number, name), found in list(kinds.items())[:_NAMED]
    ]
    many = f"{len(kinds)} rows, among them " if len(kinds) > _NAMED else ""
    reason = f"Not written: {many}{'; '.join(named)}"
    is_known = _REPLACED_ALREADY.issuperset(set().union(*kinds.values()))
    to_do = _BUILD_AGAIN if is_known else _WHAT_TO_DO
    return f"{reason[:_LONGEST].rstrip(' ;')}. {to_do}"
