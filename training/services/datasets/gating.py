"""Rows pass the leak gate before anybody gets them.

An export, a stream and a download read their lines through here. A dataset's manifest
says under what its frozen rows were checked (see `vetting`). While that is all that is
known, they are given as they are: their hashes show that they are the rows that were
checked. Where only secrets or canaries came since, rows are compared with those; else
they pass the whole gate. Checked is in blocks, each as a whole before its first line is
given: every string of a line as it is written, and as it was before a format broke the
markers in it. A refusal names rows, records and kinds, never a value.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from annotation.services.leak_gate import (
    MISSED,
    NAME,
    OWN_RULE,
    GateFinding,
    LeakGate,
)
from annotation.services.leak_standing import Standing, standing_of
from annotation.services.sanitizing import check_key
from training.domain.formats.markers import mend
from training.models import Dataset
from training.services.datasets import streaming, withheld
from training.services.datasets.streaming import ExportRefused

BLOCK = 500
CODE = "leak_found"
CHECKED = "checked_under"
"""Key of a manifest: the standing under which the frozen rows were checked."""
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

    Each block that has to be checked is checked first. Raises ExportRefused
    (``leak_found``) at the first block that may not leave, (``file_damaged``) at one
    that was not frozen so, (``record_withheld``) where one of the records is not to
    leave, see `withheld`, and VaultRefused without the project's key.
    """
    withheld.refuse_waiting(dataset=dataset, split=split)
    gate = _gate_for(dataset)
    if gate is None:
        lines = streaming.iterate_lines(
            dataset=dataset, format_name=format_name, split=split, after=after
        )
        yield from islice(lines, most)
        return
    rows = streaming.iterate_rows(
        dataset=dataset, format_name=format_name, split=split, after=after
    )
    rows = islice(rows, most)
    while block := list(islice(rows, BLOCK)):
        _refuse_leaks(gate, block, after)
        yield from (line for _, line in block)
        after += len(block)


def checked_at(
    *, dataset: Dataset, split: str, places: Sequence[int]
) -> Iterator[bytes]:
    """The frozen lines at some places of a split, which count from 0.

    Checked as one block before the first is given. Raises as `checked_lines`.
    """
    withheld.refuse_waiting(dataset=dataset, split=split)
    gate = _gate_for(dataset)
    rows = [
        row
        for place in places
        for row in islice(
            streaming.iterate_rows(
                dataset=dataset,
                format_name=streaming.FROZEN_FORM,
                split=split,
                after=place,
            ),
            1,
        )
    ]
    if gate is not None:
        _refuse_leaks(gate, rows, 0)
    yield from (line for _, line in rows)


def _gate_for(dataset: Dataset) -> LeakGate | None:
    """What a dataset's rows have to pass today; None where nothing is new."""
    project = dataset.project
    checked = Standing.read(dataset.manifest.get(CHECKED))
    today = standing_of(project)
    if checked is None or not checked.sanitized_as(today):
        return LeakGate(project)
    if checked != today:
        return LeakGate(project, since=checked)
    check_key(project)
    return None


def _refuse_leaks(gate: LeakGate, block: list[tuple[str, bytes]], first: int) -> None:
    rows = [
        Read(number, name, text, is_identifier)
        for number, (name, line) in enumerate(block, first + 1)
        for text, is_identifier in _strings(json.loads(line))
    ]
    findings = check_reads(gate, rows)
    if findings:
        raise ExportRefused(CODE, _words(findings, [row.row for row in rows]))


class Read(NamedTuple):
    """A string to be checked: of which row and record, and what it is.

    is_vouched: it is what the sanitizer of today has made. is_beside: it is another
    record's, shown with this one.
    """

    row: int
    name: str
    text: str
    is_identifier: bool = False
    is_vouched: bool = False
    is_beside: bool = False


def check_reads(gate: LeakGate, rows: Sequence[Read]) -> list[GateFinding]:
    """Why strings may not leave, by their place in `rows`."""
    found = gate.check(
        [row.text for row in rows],
        [row.name for row in rows],
        {place for place, row in enumerate(rows) if row.is_vouched},
    )
    return [
        finding
        for finding in found
        if not (finding.what == OWN_RULE and rows[finding.row].is_identifier)
    ]


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, bool]]:
    """Every string in a decoded line that could hold something; whether it is an id."""
    if isinstance(value, str):
        for text in as_given(value):
            yield text, key in _IDENTIFIERS
    elif isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from _strings(inner, inner_key)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def as_given(text: str) -> Iterator[str]:
    """A text as it is written and as it was before its markers were broken."""
    if text:
        yield text
        if (whole := mend(text)) != text:
            yield whole


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
