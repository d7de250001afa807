"""Moments as trackers write them, to aware UTC.

Read are ISO 8601, seconds or milliseconds since 1970, `31/Jan/24 1:45 PM` (Jira),
`31.01.2024 13:45`, and day and month in figures where their order is certain. A
moment without a zone is taken in the zone that the mapping names.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

_MONTHS = (
    "jan", "feb", "mar", "apr", "may", "jun",
    "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_DAY_MONTH = re.compile(
    r"(?P<first>\d{1,2})(?P<mark>[/.\- ])(?P<second>\d{1,2}|[A-Za-z]{3,9})[/.\- ,]{1,2}"
    r"(?P<year>\d{4}|\d{2})"
    r"(?:[T, ]{1,2}(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second_>\d{2}))?"
    r"(?:\.\d+)?\s?(?P<half>[AaPp])?\.?[Mm]?\.?)?"
)


class MomentUnclear(ValueError):
    """Text that is no moment, or could be two."""


def parse_moment(value: Any, *, zone: tzinfo = UTC, order: str = "") -> datetime:
    """Return the moment in UTC.

    `order` is "dmy" or "mdy" for figures such as 03/04/2024, or empty where the file
    does not say; then such a moment is unclear.

    Raises
    ------
    MomentUnclear
        The text is no moment between 1980 and 2100, or it could mean two days.

    Examples
    --------
    >>> parse_moment("31/Jan/24 1:45 PM").isoformat()
    '2024-01-31T13:45:00+00:00'
    """
    text = str(value).strip()
    try:
        moment = _from_number(text) or _from_iso(text) or _from_words(text, order)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        reason = str(error) if isinstance(error, MomentUnclear) else "not a date"
        raise MomentUnclear(reason) from None
    if not _EARLIEST <= moment < _LATEST:
        raise MomentUnclear("not between 1980 and 2100")
    return moment


def _from_number(text: str) -> datetime | None:
    if not re.fullmatch(r"\d{9,10}(\.\d+)?|\d{12,13}", text):
        return None
    seconds = float(text) / (1000 if len(text.partition(".")[0]) >= 12 else 1)
    return _EPOCH + timedelta(seconds=seconds)


def _from_iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _from_words(text: str, order: str) -> datetime:
    found = _DAY_MONTH.fullmatch(text)
    if found is None:
        raise MomentUnclear("not a date")
    day, month = _day_and_month(found, order)
    year = int(found["year"]) + (2000 if len(found["year"]) == 2 else 0)
    hour = int(found["hour"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise MomentUnclear("not a date")
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    minute, second = int(found["minute"] or 0), int(found["second_"] or 0)
    return datetime(year, month, day, hour, minute, second)


def _day_and_month(found: re.Match[str], order: str) -> tuple[int, int]:
    first, second = int(found["first"]), found["second"]
    if not second.isdigit():
        return first, _MONTHS.index(second[:3].lower()) + 1
    other = int(second)
    if found["mark"] == "." or order == "dmy":
        return first, other
    if order == "mdy":
        return other, first
    if first > 12 or first == other:
        return first, other
    if other > 12:
        return other, first
    raise MomentUnclear("day and month could be swapped; say which with a date order")
