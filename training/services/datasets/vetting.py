"""Which of the records that a recipe chooses may enter a dataset, and what they hold.

Every text of a row passes the leak gate as it stands in the database. What was checked
is noted for each row, so that the freeze can tell whether that is what was written;
only then does the manifest say under what the rows were checked. Checking many rows
takes longer than a task of the queue may: what was found is kept for the next one.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotation.models import Project
from annotation.services import vouching
from annotation.services.leak_gate import LeakGate
from annotation.services.leak_standing import Standing, standing_of
from annotation.services.vouching import StoredText
from netft_site.base.files import write_atomic
from training.domain import tasks
from training.domain.rows import Row
from training.domain.tasks.material import EARLIER
from training.services.datasets import materials
from training.services.datasets.gating import BLOCK, Read, as_given, check_reads
from training.services.datasets.lengths import Measure

if TYPE_CHECKING:
    from training.services.datasets.plans import Entry

# What `grouping` makes of a hash can hold nothing.
_OUR_GROUP = re.compile(r"g-[0-9a-f]{20}")


class OutOfTime(Exception):
    """Not every row is checked yet; what was found so far is kept."""


@dataclass(frozen=True)
class Vetted:
    """Under what rows were checked, and what of each was, by the row's id.

    unsafe: ids of rows that may not enter. alone: of those that are safe only without
    the earlier tickets that they show. tokens: of each row, where rows are measured.
    """

    standing: Standing
    unsafe: set[str] = field(default_factory=set)
    alone: set[str] = field(default_factory=set)
    checked: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)


class Vetter:
    """Checks the rows of one project; those it has seen are not read again."""

    def __init__(
        self,
        project: Project,
        kept: Path,
        seconds: float = math.inf,
        measure: Measure | None = None,
    ) -> None:
        """Load the gate, and what an earlier step found and kept.

        Raises VaultRefused without the project's key.
        """
        self._project, self.measure = project, measure
        self._kept, self._until = kept, time.monotonic() + seconds
        self.vetted = _resumed(standing_of(project), kept)
        self._gate = LeakGate(project)

    def unsafe(self, entries: Sequence[Entry]) -> set[str]:
        """Ids of the planned rows that would not be let out.

        Those that hold nothing of the kind but in the earlier tickets that they show
        are noted in `vetted.alone`, to be planned and checked again without them.
        Raises OutOfTime, and BuildRefused (``record_changed``).
        """
        known = self.vetted
        rest = [one for one in entries if one.row not in known.checked]
        for start in range(0, len(rest), BLOCK):
            known.unsafe.update(self._unsafe_of(rest[start : start + BLOCK]))
            if time.monotonic() > self._until:
                self._keep()
                raise OutOfTime
        return known.unsafe & {one.row for one in entries}

    def _keep(self) -> None:
        found = {
            "standing": self.vetted.standing.as_json(),
            "unsafe": sorted(self.vetted.unsafe),
            "alone": sorted(self.vetted.alone),
            "checked": self.vetted.checked,
            "tokens": self.vetted.tokens,
        }
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(self._kept, json.dumps(found))

    def _unsafe_of(self, block: Sequence[Entry]) -> set[str]:
        ids = {entry.record_id for entry in block}
        stored = vouching.read_texts(ids, self.vetted.standing)
        rows = materials.read_rows(block, stored)
        reads = [
            read
            for place, entry in enumerate(block)
            for read in _reads(place, entry, rows[entry.row], stored[entry.record_id])
        ]
        if self.measure:
            self.vetted.tokens.update(
                (name, self.measure.of(row, self._project))
                for name, row in rows.items()
            )
        self.vetted.checked.update(
            (name, digest_of(texts_of(row))) for name, row in rows.items()
        )
        found = [reads[finding.row] for finding in check_reads(self._gate, reads)]
        own = {block[read.row].row for read in found if not read.is_beside}
        alone = {block[read.row].row for read in found if read.is_beside} - own
        self.vetted.alone.update(alone)
        for name in alone:
            del self.vetted.checked[name]
        return own


def _resumed(today: Standing, kept: Path) -> Vetted:
    """What an earlier step found, if its sanitizer was today's; else nothing.

    It stays under its own standing: secrets that came since were not looked for.
    """
    if not kept.is_file():
        return Vetted(today)
    found = json.loads(kept.read_bytes())
    standing = Standing.read(found["standing"])
    if standing is None or not standing.sanitized_as(today):
        return Vetted(today)
    return Vetted(
        standing,
        set(found["unsafe"]),
        set(found.get("alone", ())),
        dict(found["checked"]),
        dict(found["tokens"]),
    )


def _reads(place: int, entry: Entry, row: Row, stored: StoredText) -> Iterator[Read]:
    """Every text of a row, under its place in the block."""
    key = entry.key
    for text in as_given(row.text):
        is_vouched = stored.is_vouched and text == row.text
        yield Read(place, key, text, is_vouched=is_vouched)
        if is_vouched and stored.seam:
            yield Read(place, key, stored.seam)
    own = {name: value for name, value in row.fields.items() if name != EARLIER}
    parts = (row.answer, row.rejected, row.category, row.root_cause)
    for part in (*parts, *_strings(own)):
        for text in as_given(part):
            yield Read(place, key, text)
    for part in _strings(row.fields.get(EARLIER)):
        for text in as_given(part):
            yield Read(place, key, text, is_beside=True)
    yield Read(place, key, key, is_identifier=True)
    if row.group and not _OUR_GROUP.fullmatch(row.group):
        yield Read(place, key, row.group, is_identifier=True)


def _strings(value: Any) -> Iterator[str]:
    """Every text within a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, dict):
        yield from _strings(list(value.values()))


def digest_of(texts: Iterable[str]) -> str:
    """Texts in short: equal where the same ones, not empty, stand in the same order."""
    told = "".join(f"{len(text)}:{text}" for text in texts if text)
    raw = told.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def texts_of(row: Row) -> tuple[str, ...]:
    """The texts of a row that the plan does not hold."""
    fields = json.dumps(row.fields, sort_keys=True) if row.fields else ""
    return row.text, row.answer, row.rejected, fields


def frame_is_safe(project: Project, taught: Iterable[str]) -> bool:
    """Whether the words that stand around every row pass the gate: tasks, levels."""
    scale, causes = project.scale, project.root_causes
    levels = [level.key for level in scale]
    exchanges = [
        tasks.turns(Row("", "", key, "", task=task), scale, causes)
        for task in taught
        if task != tasks.DOMAIN_TEXT
        for key in levels
    ]
    texts = {text for turns in exchanges for text in vars(turns).values() if text}
    return not LeakGate(project).check(sorted({*texts, *levels, *causes}))
