"""Files that are whole or absent.

Everything other parts rely on (manifests, exports, run specifications) is written
to a temporary neighbour, flushed to disk and renamed, so a reader or a crash never
meets half a file. Checksums are computed in a stream. Nothing here knows what the
bytes mean.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

_CHUNK = 1 << 20


@contextlib.contextmanager
def atomic_writer(path: Path, *, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Open a binary stream whose content appears at `path` only when all is well.

    The content is fsynced and renamed over `path` when the block ends, and the
    directory entry is fsynced too. If the block raises, `path` is untouched and the
    temporary file is removed. `mode` are the permission bits of the result.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def write_atomic(path: Path, content: bytes | str, *, mode: int = 0o644) -> None:
    """Write `content` (text as UTF-8) to `path`: wholly or not at all."""
    data = content.encode() if isinstance(content, str) else content
    with atomic_writer(path, mode=mode) as stream:
        stream.write(data)


def write_json(path: Path, payload: Any, *, mode: int = 0o644) -> None:
    """Write `payload` as indented JSON with sorted keys, so equal data are equal bytes.

    Raises
    ------
    ValueError
        On NaN or infinity, which are not JSON.
    """
    text = json.dumps(
        payload, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True
    )
    write_atomic(path, text + "\n", mode=mode)


def sync_directory(path: Path) -> None:
    """Make renames and creations in the directory `path` survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(source: Path | IO[bytes]) -> str:
    """Return the hex SHA-256 of a file or of the rest of a binary stream.

    Memory stays flat: the content is read in chunks of 1 MiB.
    """
    if isinstance(source, Path):
        with source.open("rb") as stream:
            return sha256_of(stream)
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


class HashingWriter:
    """A binary writer that knows the SHA-256 and the size of all it passed on."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Pass `data` on and count it."""
        self._stream.write(data)
        self._digest.update(data)
        self.size += len(data)
        return len(data)

    @property
    def sha256(self) -> str:
        """The hex SHA-256 of everything written so far."""
        return self._digest.hexdigest()


def append_line(path: Path, line: str, *, durable: bool = False) -> None:
    """Append one line to `path` in a single write, so lines never interleave.

    With `durable` the file is fsynced as well. The line must not hold a newline.
    """
    if "\n" in line:
        raise ValueError("a line cannot hold a newline")
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    with os.fdopen(descriptor, "ab", buffering=0) as stream:
        stream.write(line.encode() + b"\n")
        if durable:
            os.fsync(stream.fileno())
