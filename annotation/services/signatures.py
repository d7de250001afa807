"""Sketches of a project's records, kept in files beside the database.

A file holds those of a stretch of record ids, and a mark of each text that it was made
of, so a text that changed is noticed and sketched anew. Files of another version are
never read. Losing them all costs time, nothing else.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotation.domain.sketches import VERSION, Sketches, sketch
from annotation.models import Record
from annotation.querysets.records import RecordQuerySet
from netft_site.base.arrays import read_arrays, write_arrays

STRETCH = 10_000
SIGN_CHUNK = 10_000
SIGN_CHARACTERS = 15_000_000
_READ_AT_ONCE = 500

Columns = Mapping[str, NDArray[Any]]
_SKETCHES = Sketches.none().columns()


@dataclass(frozen=True, slots=True)
class Texts:
    """Ids of records with a text, rising, and marks that change with their texts."""

    ids: NDArray[np.int64]
    marks: NDArray[np.uint64]

    @property
    def digest(self) -> str:
        """Equal for the same texts of the same records, sketched in the same way."""
        seen = hashlib.sha256(VERSION.encode())
        seen.update(self.ids.tobytes())
        seen.update(self.marks.tobytes())
        return seen.hexdigest()

    def columns(self) -> dict[str, NDArray[Any]]:
        """Both by name."""
        return {"ids": self.ids, "marks": self.marks}

    def missing_in(self, others: Texts) -> NDArray[np.int64]:
        """The ids that others lack, or have with another text."""
        if not others.ids.size:
            return self.ids
        at = np.minimum(np.searchsorted(others.ids, self.ids), others.ids.size - 1)
        is_there = (others.ids[at] == self.ids) & (others.marks[at] == self.marks)
        return self.ids[~is_there]


_NONE = Texts(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint64))


def texts_of(project_id: int) -> Texts:
    """Return what the database holds now."""
    rows = _with_text(project_id).values_list("pk", "fingerprint")
    return _texts(rows.iterator(chunk_size=5000))


def sign(project_id: int, texts: Texts) -> int:
    """Sketch a chunk of the texts that have no sketch; return how many are left."""
    missing = texts.missing_in(_signed(project_id))
    rows = list(_rows(project_id, missing[:SIGN_CHUNK].tolist()))
    for stretch, group in groupby(rows, key=lambda row: row[0] // STRETCH):
        _keep(_path(project_id, stretch), list(group))
    return missing.size - len(rows)


def load(project_id: int, texts: Texts) -> Sketches:
    """Return the sketches of some texts."""
    parts = [read_arrays(path, _SKETCHES) for path in _paths(project_id)]
    every = Sketches.joined(Sketches.of_columns(part) for part in parts if part)
    wanted = np.isin(every.owners, texts.ids)
    return every if wanted.all() else every.take(wanted)


def read_texts(record_ids: Sequence[int]) -> dict[int, str]:
    """Return, as they are now, the texts that records are sketched by."""
    found = {}
    for wanted in _portions(record_ids):
        rows = Record.objects.with_text().filter(pk__in=wanted).order_by()
        for pk, title, body in rows.values_list("pk", "title", "body"):
            found[pk] = _joined(title, body)
    return found


def forget(project_id: int, record_id: int) -> None:
    """Drop what is kept of a record, so that it is sketched anew."""
    path = _path(project_id, record_id // STRETCH)
    if kept := read_arrays(path):
        write_arrays(path, _without(kept, [record_id]))


def folder(project_id: int) -> Path:
    """The folder of a project's files; what another version left is removed."""
    home = Path(settings.DATA_DIR) / "signatures"
    current = home / f"project-{project_id}.v{VERSION}"
    if not current.is_dir():
        for other in home.glob(f"project-{project_id}.*"):
            if other.is_dir():
                shutil.rmtree(other, ignore_errors=True)
            else:
                other.unlink(missing_ok=True)
        current.mkdir(mode=0o700, parents=True, exist_ok=True)
    return current


def _with_text(project_id: int) -> RecordQuerySet:
    return Record.objects.with_text().filter(project=project_id).order_by("pk")


def _texts(rows: Iterator[tuple[int, str]]) -> Texts:
    ids, marks = [], []
    for pk, fingerprint in rows:
        ids.append(pk)
        marks.append(int(fingerprint[-16:] or "0", 16))
    return Texts(np.array(ids, dtype=np.int64), np.array(marks, dtype=np.uint64))


def _joined(title: str, body: str) -> str:
    return f"{title}\n\n{body}".strip()


def _portions(record_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(record_ids), _READ_AT_ONCE):
        yield record_ids[start : start + _READ_AT_ONCE]


def _rows(project_id: int, record_ids: Sequence[int]) -> Iterator[tuple[int, str, str]]:
    """Id, fingerprint and text of records, until there are enough characters.

    One query gives all three: the fingerprint must be the text's, whoever changes it
    meanwhile.
    """
    characters = 0
    for wanted in _portions(record_ids):
        rows = _with_text(project_id).filter(pk__in=wanted)
        for pk, mark, *text in rows.values_list("pk", "fingerprint", "title", "body"):
            characters += sum(map(len, text))
            yield pk, mark, _joined(*text)
        if characters >= SIGN_CHARACTERS:
            return


def _keep(path: Path, rows: list[tuple[int, str, str]]) -> None:
    """Put rows into the file of their stretch, in place of what it had of them."""
    texts = _texts((pk, fingerprint) for pk, fingerprint, _ in rows)
    sketches = sketch(texts.ids.tolist(), (text for _, _, text in rows))
    new = {**texts.columns(), **sketches.columns()}
    if kept := read_arrays(path):
        old = _without(kept, texts.ids)
        new = {name: np.concatenate([old[name], new[name]]) for name in new}
        order = np.argsort(new["ids"])
        new |= {name: new[name][order] for name in texts.columns()}
    write_arrays(path, new)


def _without(kept: Columns, record_ids: Collection[int] | NDArray[np.int64]) -> Columns:
    gone = np.fromiter(record_ids, dtype=np.int64, count=len(record_ids))
    is_kept = {
        "ids": ~np.isin(kept["ids"], gone),
        "owners": ~np.isin(kept["owners"], gone),
    }
    return {
        name: column[is_kept["owners" if name in _SKETCHES else "ids"]]
        for name, column in kept.items()
    }


def _signed(project_id: int) -> Texts:
    """What is kept. Files come in the order of their stretches, so ids rise."""
    parts = [read_arrays(path, _NONE.columns()) for path in _paths(project_id)]
    every = [_NONE.columns(), *(part for part in parts if part)]
    return Texts(
        **{name: np.concatenate([part[name] for part in every]) for name in every[0]}
    )


def _path(project_id: int, stretch: int) -> Path:
    return folder(project_id) / f"{stretch:012d}.npz"


def _paths(project_id: int) -> list[Path]:
    return sorted(folder(project_id).glob("[0-9]*.npz"))
