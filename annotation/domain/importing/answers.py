"""One row of a reviews file as an answer, in raw text, or why it is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from annotation.domain.importing.cells import cell_at, text_of
from annotation.domain.importing.dates import MomentUnclear, parse_moment
from annotation.domain.importing.mapping import ColumnMap
from annotation.domain.importing.raw_row import RawRow
from annotation.domain.importing.refusals import RowRejected
from annotation.domain.scale import Grade, Scale

_LIMITS = {
    "external_id": 300, "reviewer": 150, "severity": 40, "grade": 20,
    "root_cause": 80, "response": 100_000, "confidence": 20, "submitted_at": 60,
}  # fmt: skip


@dataclass(frozen=True)
class GivenAnswer:
    """What a row says: who, about which record, and the answer."""

    number: int
    external_id: str
    reviewer: str
    severity: str
    grade: Grade | None = None
    root_cause: str = ""
    response: str = ""
    confidence: int | None = None
    submitted_at: datetime | None = None


def answer_of(
    row: RawRow, mapping: ColumnMap, scale: Scale, default_reviewer: str = ""
) -> GivenAnswer:
    """Read one row; levels may be given by key or label, in any case.

    Raises
    ------
    RowRejected
        With the field and the reason, never with what the cell holds.
    """
    if row.problem:
        raise RowRejected("", row.problem)
    texts = {name: _text(row, mapping, name) for name in _LIMITS}
    reviewer = texts["reviewer"] or default_reviewer
    for name, value in (("external_id", texts["external_id"]), ("reviewer", reviewer)):
        if not value:
            raise RowRejected(name, "blank")
    return GivenAnswer(
        number=row.number,
        external_id=texts["external_id"],
        reviewer=" ".join(reviewer.split()),
        severity=_severity(texts["severity"], scale),
        grade=_grade(texts["grade"]),
        root_cause=texts["root_cause"],
        response=texts["response"],
        confidence=_confidence(texts["confidence"]),
        submitted_at=_moment(texts["submitted_at"], mapping),
    )


def _text(row: RawRow, mapping: ColumnMap, name: str) -> str:
    columns = mapping.columns.get(name)
    text = text_of(cell_at(row.cells, columns[0])) if columns else ""
    if len(text) > _LIMITS[name]:
        raise RowRejected(name, f"longer than {_LIMITS[name]:,} characters")
    return text


def _severity(text: str, scale: Scale) -> str:
    if not text:
        raise RowRejected("severity", "blank")
    for level in scale:
        if text.casefold() in (level.key.casefold(), level.label.casefold()):
            return level.key
    raise RowRejected("severity", f"not one of {', '.join(scale.keys)}")


def _grade(text: str) -> Grade | None:
    if not text:
        return None
    try:
        return Grade(text.upper())
    except ValueError:
        raise RowRejected("grade", f"not one of {', '.join(Grade)}") from None


def _confidence(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[1-5](\.0)?", text):
        raise RowRejected("confidence", "not a number from 1 to 5")
    return int(text[0])


def _moment(text: str, mapping: ColumnMap) -> datetime | None:
    if not text:
        return None
    try:
        return parse_moment(text, zone=mapping.tzinfo, order=mapping.order)
    except MomentUnclear as error:
        raise RowRejected("submitted_at", str(error)) from None
