"""Whether a stored text is what the sanitizer of today has made of it.

Such a text was sanitized under the present ruleset, knowledge and key, nothing in it
waits for a person, and it is still the text that was stored then. To sanitize it once
more would find nothing, and takes most of the time of a check. One place is new: title
and body were sanitized with a separator between them, and a reader sees them joined. A
title that announces a password is the cue for what the body begins with, so the seam
between the two is never vouched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from annotation.domain.duplicates import fingerprint
from annotation.models import Record, Sanitization
from annotation.services.leak_standing import Standing

_FIELDS = (
    "pk", "title", "body", "fingerprint", "resolution", "resolution_mark", "attributes",
)  # fmt: skip
# Characters on either side of the seam; a cue and its value stand within fewer.
_SEAM = 200
_MADE_UNDER = ("knowledge", "ruleset", "key_id", "state", "tripwires")


class StoredText(NamedTuple):
    """A record's texts, and what its title and body were sanitized under.

    text: title and body; is_vouched: they need no sanitizing but for the seam, the end
    of the title with the beginning of the body, which is empty where one of them is.
    mark: what a person said of the resolution. made_under: ruleset, knowledge and key,
    empty where unknown.
    """

    text: str
    is_vouched: bool
    seam: str
    resolution: str
    mark: str
    attributes: dict[str, Any]
    made_under: dict[str, Any]


def read_texts(ids: Iterable[int], standing: Standing) -> dict[int, StoredText]:
    """Return the texts of some records, vouched for under a standing or not.

    Text and sanitizing come in one query: between two a record may be sanitized again.
    The fingerprint was made when the text was stored, so a text that was changed past
    the sanitizer is not vouched for.
    """
    rows = Record.objects.usable().filter(id__in=list(ids)).order_by()
    kept = (f"sanitization__{name}" for name in _MADE_UNDER)
    return {
        row[0]: _stored(row[1 : len(_FIELDS)], row[len(_FIELDS) :], standing)
        for row in rows.values_list(*_FIELDS, *kept)
    }


def _stored(
    told: Sequence[Any], made_under: Sequence[Any], standing: Standing
) -> StoredText:
    title, body, name, resolution, mark, attributes = told
    knowledge, ruleset, key, state, tripwires = made_under
    text = f"{title}\n\n{body}".strip()
    today = (standing.knowledge, standing.ruleset, standing.key)
    is_read = state == Sanitization.State.APPROVED
    is_plain = state == Sanitization.State.CLEAN and not tripwires
    is_vouched = (
        (knowledge, ruleset, key) == today
        and (is_read or is_plain)
        and fingerprint(text) == name
    )
    origin = {"ruleset": ruleset, "knowledge": knowledge, "key_id": key}
    return StoredText(
        text,
        is_vouched,
        _seam(title, body),
        resolution,
        mark,
        attributes,
        origin if ruleset else {},
    )


def _seam(title: str, body: str) -> str:
    """The end of a title and the beginning of a body, as readers see them joined.

    Cut between words: half a pseudonym would look like somebody's name.
    """
    if not title or not body:
        return ""
    end, start = title[-_SEAM:], body[:_SEAM]
    if len(end) < len(title):
        end = end.partition(" ")[2]
    if len(start) < len(body):
        start = start[: max(start.rfind(" "), start.rfind("\n"))]
    return f"{end}\n\n{start}"
