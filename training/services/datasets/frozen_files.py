"""Read frozen files so that nothing but what was frozen is read.

A file's hash is compared with the manifest's when it is opened. Hashing a large file
for every page of a stream would take most of the time, so a process remembers by what
the system knows of the file (device, number, size, times) that it held the right bytes.
Every block of lines is looked after again before it is given: a file that changes under
a reader is refused. Also remembered is where a reader stopped, for the one who goes on.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import IO, Any, NamedTuple

from netft_site.base.files import sha256_of
from training.services.datasets.refusals import ExportRefused

_BLOCK = 500
_FILES = 64
_PLACES = 256
# A change within the same tick of the file system's clock would leave equal times.
_SETTLED_NS = 2_000_000_000

Block = list[bytes]


class Frozen(NamedTuple):
    """A frozen file, the hash it was frozen with, and what it is called.

    holding, lacking: only lines with, and without, these bytes are read and counted.
    """

    path: Path
    sha256: str
    title: str
    holding: bytes = b""
    lacking: bytes = b""

    @property
    def taken(self) -> tuple[bytes, bytes]:
        """What tells the lines that are read."""
        return self.holding, self.lacking


class _Identity(NamedTuple):
    """What changes with a file's content, whoever changes it."""

    device: int
    number: int
    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, stream: IO[bytes]) -> _Identity:
        seen = os.fstat(stream.fileno())
        return cls(
            seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns
        )


# A web server's threads share what is remembered.
_lock = Lock()
_right: OrderedDict[tuple[_Identity, str], None] = OrderedDict()
_places: OrderedDict[tuple[_Identity, tuple[bytes, bytes], int], int] = OrderedDict()


def verify(frozen: Frozen) -> None:
    """Compare a file with its hash. Raises ExportRefused (``file_damaged``)."""
    with frozen.path.open("rb") as stream:
        _verified(stream, frozen)


def blocks(frozen: Frozen, after: int = 0) -> Iterator[Block]:
    """Yield the lines after the first `after`, some hundreds at a time.

    Raises ExportRefused (``file_damaged``) before any line that was not frozen.
    """
    with frozen.path.open("rb") as stream:
        identity = _verified(stream, frozen)
        at = _go_to(stream, frozen, identity, after)
        while True:
            lines = list(islice(_kept(stream, frozen), _BLOCK))
            if _Identity.of(stream) != identity:
                raise _damaged(frozen)
            if not lines:
                return
            at += len(lines)
            _remember(_places, (identity, frozen.taken, at), stream.tell(), _PLACES)
            yield lines


def count(frozen: Frozen) -> int:
    """How many lines a file has. Raises ExportRefused (``file_damaged``)."""
    with frozen.path.open("rb") as stream:
        identity = _verified(stream, frozen)
        key = identity, frozen.taken, -1
        found = _places.get(key)
        if found is None:
            found = sum(1 for _ in _kept(stream, frozen))
            _remember(_places, key, found, _PLACES)
        return found


def _go_to(stream: IO[bytes], frozen: Frozen, identity: _Identity, after: int) -> int:
    """Skip the first `after` lines, from the nearest place that is known."""
    with _lock:
        known = [
            (lines, place)
            for (seen, taken, lines), place in _places.items()
            if (seen, taken) == (identity, frozen.taken) and 0 <= lines <= after
        ]
    lines, place = max(known, default=(0, 0))
    stream.seek(place)
    return lines + sum(1 for _ in islice(_kept(stream, frozen), after - lines))


def _kept(stream: IO[bytes], frozen: Frozen) -> Iterator[bytes]:
    # `readline`, because iterating reads ahead of the place that `tell` gives.
    for line in iter(stream.readline, b""):
        if frozen.holding in line and not (frozen.lacking and frozen.lacking in line):
            yield line


def _verified(stream: IO[bytes], frozen: Frozen) -> _Identity:
    before = _Identity.of(stream)
    key = before, frozen.sha256
    if key in _right:
        return before
    digest = sha256_of(stream)
    if digest != frozen.sha256 or _Identity.of(stream) != before:
        raise _damaged(frozen)
    if time.time_ns() - max(before.modified, before.changed) > _SETTLED_NS:
        _remember(_right, key, None, _FILES)
    stream.seek(0)
    return before


def _remember(known: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    with _lock:
        known[key] = value
        known.move_to_end(key)
        while len(known) > most:
            known.popitem(last=False)


def _damaged(frozen: Frozen) -> ExportRefused:
    return ExportRefused(
        "file_damaged", f"{frozen.title} is not the file that was frozen."
    )
