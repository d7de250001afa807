"""The texts behind planned examples: what a row of each is made of.

Read in blocks while chunks are written and while lengths are measured, so that both see
the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from annotation.models import Preference, Record, Review
from annotation.services.vouching import StoredText
from training.domain.eligibility import Mark
from training.domain.rows import Row
from training.domain.tasks import Material, fill
from training.domain.tasks.material import ATTRIBUTES
from training.services.datasets.refusals import BuildRefused

if TYPE_CHECKING:
    from training.services.datasets.plans import Entry


def read_rows(
    entries: Sequence[Entry], stored: Mapping[int, StoredText]
) -> dict[str, Row]:
    """The rows of some examples by their ids, without copies.

    Raises BuildRefused (``record_changed``) where a record lost its text since.
    """
    answers = _answers(entries)
    pairs = _pairs(entries)
    titles = _titles(entries)
    rows = {}
    for entry in entries:
        record = stored.get(entry.record_id)
        if record is None or not record.text:
            raise BuildRefused(
                "record_changed",
                f"Record {entry.key} lost its text or was excluded while the dataset "
                "was built. Build again.",
            )
        material = Material(
            answer=answers.get(entry.answer_id or 0, ""),
            root_cause=entry.root_cause,
            category=entry.category,
            repeats=titles.get(entry.repeats or 0, ("", ""))[0],
            earlier=tuple(titles[pk] for pk in entry.earlier if pk in titles),
            **_of_record(record),
            **_of_pair(pairs.get(entry.pair_id or 0)),
        )
        rows[entry.row] = _row(entry, record.text, material)
    return rows


def _of_record(record: StoredText) -> dict[str, Any]:
    kept = {k: record.attributes[k] for k in ATTRIBUTES if k in record.attributes}
    is_usable = record.mark not in (Mark.WRONG, Mark.MISSING)
    return {"resolution": record.resolution if is_usable else "", "attributes": kept}


def _of_pair(pair: Preference | None) -> dict[str, Any]:
    if pair is None:
        return {}
    return {
        "prompt": pair.prompt,
        "preferred": pair.chosen,
        "rejected": pair.rejected,
    }


def _answers(entries: Iterable[Entry]) -> dict[int, str]:
    ids = {e.answer_id for e in entries if e.answer_id}
    return dict(Review.objects.filter(id__in=ids).values_list("id", "response"))


def _pairs(entries: Iterable[Entry]) -> dict[int, Preference]:
    ids = {e.pair_id for e in entries if e.pair_id}
    return Preference.objects.in_bulk(ids) if ids else {}


def _titles(entries: Iterable[Entry]) -> dict[int, tuple[str, str]]:
    """External id and title of the records that are shown with others."""
    ids = {pk for entry in entries for pk in entry.earlier}
    if not ids:
        return {}
    rows = Record.objects.filter(pk__in=ids).values_list("pk", "external_id", "title")
    return {pk: (name, title) for pk, name, title in rows}


def _row(entry: Entry, text: str, material: Material) -> Row:
    return Row(
        id=entry.row,
        text=text,
        label=entry.label,
        split=entry.split,
        category=entry.category,
        opened_at=entry.opened_at,
        group=entry.group,
        method=entry.method,
        grade=entry.grade,
        gold=entry.gold,
        reviews=entry.reviews,
        root_cause=entry.root_cause,
        task=entry.task,
        record=entry.key if entry.row != entry.key else "",
        **fill(entry.task, material),
    )
