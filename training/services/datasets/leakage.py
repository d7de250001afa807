"""Find texts that lie in two splits, over the lines that were written.

This is the last guard: groups should have kept such texts together already. It reads
the parts on disk, not the database, so what it judges is what will be trained on. It
goes in steps that leave what they found beside the parts: sketches of the texts, then
pairs, and at the end the pairs that cross splits, for a freeze that has to be repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotation.domain import comparing
from annotation.domain.duplicates import fingerprint
from annotation.domain.judging import TextChanged
from annotation.domain.near_search import Search
from annotation.domain.sketches import VERSION, Sketches, sketch
from netft_site.base.arrays import read_arrays, write_arrays
from netft_site.base.files import write_atomic, write_json
from training.domain.items import Item, Resemblance
from training.domain.recipe import Split
from training.domain.rows import FormatError, Row, read_row
from training.models import Dataset
from training.services.datasets import folders

SKETCH_CHARACTERS = 15_000_000
COMPARE_CHARACTERS = 20_000_000
SHOWN_FROM = 0.7
"""Pairs from here on are told, though near copies begin at 0.8."""
_FOUND = "leaks.json"
_SEARCH = f"search.v{VERSION}.npz"
# A place is the number of a part and, below these bits, an offset in it.
_OFFSET_BITS = 40


def item_of(row: Row) -> Item:
    """The example without its text; pseudonyms and addresses count as their type."""
    return Item(
        id=row.id,
        split=Split(row.split),
        label=row.label,
        fingerprint=fingerprint(row.text, masked=True),
        opened_at=datetime.fromisoformat(row.opened_at) if row.opened_at else None,
        group=row.group,
        record=row.record,
        is_cut=bool(row.cut),
    )


def is_searched(dataset: Dataset) -> bool:
    """Whether the search for leaks has been done."""
    return (folders.building_folder(dataset) / _FOUND).is_file()


def search(dataset: Dataset) -> None:
    """Take the next step of the search; `is_searched` says whether it was the last.

    A cluster of near duplicates that reaches into two splits always has a pair that
    does: the pairs that are found connect it.
    """
    parts = folders.part_paths(dataset)
    try:
        if _sketch_more(parts):
            search = _compare(folders.building_folder(dataset) / _SEARCH, parts)
            if search.is_done:
                _write_found(dataset, parts, search)
    except TextChanged:
        """A worker that hung wrote a part once more; the next step sketches it anew."""


def read_found(dataset: Dataset) -> list[Resemblance]:
    """The pairs that `search` kept."""
    return _read_pairs(folders.building_folder(dataset) / _FOUND)


def keep_found(dataset: Dataset) -> None:
    """Keep every pair that `search` found beside the dataset, frozen or not."""
    found = folders.building_folder(dataset) / _FOUND
    path = folders.resemblances_path(dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, found.read_bytes())


def read_kept(dataset: Dataset) -> list[Resemblance]:
    """Every pair of texts in two splits that the last build met, the nearest first.

    Empty where it has not come so far.
    """
    path = folders.resemblances_path(dataset)
    found = _read_pairs(path) if path.is_file() else []
    return sorted(found, key=lambda pair: -pair.similarity)


def _read_pairs(path: Path) -> list[Resemblance]:
    return [
        Resemblance(
            **{
                **pair,
                "first_split": Split(pair["first_split"]),
                "second_split": Split(pair["second_split"]),
            }
        )
        for pair in json.loads(path.read_text(encoding="utf-8"))
    ]


def _sketch_more(parts: Sequence[Path]) -> bool:
    """Sketch some of the parts that have no sketches; return whether all have now."""
    characters = 0
    for part in parts:
        kept = read_arrays(_sketches_path(part), ["made_of"])
        if kept and np.array_equal(kept["made_of"], _state(part)):
            continue
        if characters >= SKETCH_CHARACTERS:
            return False
        characters += _sketch_part(part)
    return True


def _sketch_part(part: Path) -> int:
    """Leave the sketches of a part's examples beside it; return their length."""
    offsets, texts = [], []
    made_of, offset = _state(part), 0
    with part.open("rb") as stream:
        for line in stream:
            row = read_row(line)
            if not row.copy:
                offsets.append(offset)
                texts.append(row.text)
            offset += len(line)
    columns = {**sketch(offsets, texts).columns(), "made_of": made_of}
    write_arrays(_sketches_path(part), columns, mode=0o644)
    return sum(map(len, texts))


def _state(part: Path) -> NDArray[np.int64]:
    """What differs when a part was written again."""
    state = part.stat()
    return np.array([state.st_mtime_ns, state.st_ino, state.st_size], dtype=np.int64)


def _compare(path: Path, parts: Sequence[Path]) -> Search:
    """Go on with the search, or begin it again where parts were written again.

    A text's number says where it stands: its part and its offset in it.
    """
    kept = [read_arrays(_sketches_path(part)) or {} for part in parts]
    about = np.array([columns["made_of"] for columns in kept])
    every = []
    for number, columns in enumerate(kept):
        sketches = Sketches.of_columns(columns)
        owners = sketches.owners + (number << _OFFSET_BITS)
        every.append(replace(sketches, owners=owners))
    search = comparing.advance(
        _load_search(path, about),
        Sketches.joined(every),
        lambda places: {at: row.text for at, row in _rows_at(parts, places)},
        characters=COMPARE_CHARACTERS,
        shown_from=SHOWN_FROM,
    )
    write_arrays(path, {**search.columns(), "about": about}, mode=0o644)
    return search


def _load_search(path: Path, about: NDArray[np.int64]) -> Search:
    kept = read_arrays(path)
    if kept is None:
        return Search()
    search = Search.of_columns(kept)
    is_same = np.array_equal(kept["about"], about)
    return search if is_same else search.begun_again()


def _rows_at(parts: Sequence[Path], places: Sequence[int]) -> Iterator[tuple[int, Row]]:
    """The examples at some places, in the order of the plan. Raises TextChanged."""
    by_part = groupby(sorted(places), key=lambda place: place >> _OFFSET_BITS)
    for number, of_part in by_part:
        with parts[number].open("rb") as stream:
            for place in of_part:
                stream.seek(place & ((1 << _OFFSET_BITS) - 1))
                try:
                    yield place, read_row(stream.readline())
                except FormatError as error:
                    raise TextChanged(place) from error


def _write_found(dataset: Dataset, parts: Sequence[Path], search: Search) -> None:
    splits = np.array([folders.split_of_part(part).value for part in parts])
    split_of = splits[search.ends >> _OFFSET_BITS]
    crosses = split_of[:, 0] != split_of[:, 1]
    rows = dict(_rows_at(parts, np.unique(search.ends[crosses]).tolist()))
    found = [
        _resemblance(rows[pair.a], rows[pair.b], pair.similarity)
        for pair, is_wanted in zip(search.pairs(), crosses.tolist(), strict=True)
        if is_wanted
    ]
    path = folders.building_folder(dataset) / _FOUND
    write_json(path, [asdict(resemblance) for resemblance in found])


def _resemblance(one: Row, other: Row, similarity: float) -> Resemblance:
    return Resemblance(
        one.id,
        Split(one.split),
        other.id,
        Split(other.split),
        similarity,
        is_cut=bool(one.cut or other.cut),
    )


def _sketches_path(part: Path) -> Path:
    return part.with_suffix(f".sketches.v{VERSION}.npz")
