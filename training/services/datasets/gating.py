"""Rows pass the leak gate before anybody gets them, and before they enter a dataset.

An export, a stream and a download read their lines through here, in blocks: a block is
checked as a whole before its first line is given. What is checked is every string of
the line as it is written. A refusal names rows, records and kinds, never a value.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from annotation.models import Project, Record, Review
from annotation.services.leak_gate import GateFinding, LeakGate
from training.domain.selection import Selection
from training.models import Dataset
from training.services.datasets import streaming
from training.services.datasets.facts import load_answers
from training.services.datasets.streaming import ExportRefused

BLOCK = 500
CODE = "leak_found"
_NAMED = 3
_LONGEST_ID = 30
_WHAT_TO_DO = (
    "Report or confirm what stands in these records in the sanitizing review, then "
    "build a new version."
)
# What an export's row keeps of a reason, without what to do.
_LONGEST = 300 - len(_WHAT_TO_DO) - 4


def checked_lines(
    *, dataset: Dataset, format_name: str, split: str = "", after: int = 0
) -> Iterator[bytes]:
    """The lines of a format after the first `after` rows, each block checked first.

    Raises ExportRefused (``leak_found``) at the first block that may not leave, and
    VaultRefused without the project's key.
    """
    rows = streaming.iterate_rows(
        dataset=dataset, format_name=format_name, split=split, after=after
    )
    gate = LeakGate(dataset.project)
    while block := list(islice(rows, BLOCK)):
        _refuse_leaks(gate, block, after)
        yield from (line for _, line in block)
        after += len(block)


def unsafe_records(*, project: Project, selection: Selection) -> frozenset[int]:
    """Ids of a selection's records whose text, or answer, may not leave."""
    labels = {c.record.id: c.ruling.label for c in selection.examples}
    answers = load_answers(project=project, labels=labels)
    gate = LeakGate(project)
    ids = iter(labels)
    unsafe: set[int] = set()
    while block := list(islice(ids, BLOCK)):
        unsafe |= _unsafe_of(gate, block, answers)
    return frozenset(unsafe)


def _unsafe_of(gate: LeakGate, ids: list[int], answers: dict[int, int]) -> set[int]:
    records = Record.objects.filter(id__in=ids)
    found = records.only("id", "title", "body", "external_id")
    said = dict(
        Review.objects.filter(
            id__in=[answers[pk] for pk in ids if pk in answers]
        ).values_list("record_id", "response")
    )
    rows = [
        (record, text)
        for record in found
        for text in (record.text, said.get(record.pk, ""))
        if text
    ]
    texts = [text for _, text in rows]
    names = [record.external_id for record, _ in rows]
    return {rows[f.row][0].pk for f in gate.check(texts, names)}


def _refuse_leaks(gate: LeakGate, block: list[tuple[str, bytes]], first: int) -> None:
    rows, names, texts = [], [], []
    for number, (name, line) in enumerate(block, first + 1):
        for text in _strings(json.loads(line)):
            rows.append(number)
            names.append(name)
            texts.append(text)
    findings = gate.check(texts, names)
    if findings:
        raise ExportRefused(CODE, _words(findings, rows))


def _strings(value: Any) -> Iterator[str]:
    """Every string in a decoded line that could hold something."""
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
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
    return f"{reason[:_LONGEST].rstrip(' ;')}. {_WHAT_TO_DO}"
