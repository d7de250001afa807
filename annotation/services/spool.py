"""Encrypted files for text that is on its way: uploads and staged rows.

A spool is a header and frames, each sealed with AES-256-GCM under a key of its own
(HKDF of the key ring and a random salt), numbered, and with the last one marked, so
that a changed, reordered or cut file does not read. A frame says in clear how many
rows it holds: a reader goes to any row without decrypting what lies before.
"""

from __future__ import annotations

import hmac
import os
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from annotation.services.vault import keyring_of
from netft_site.base.refusals import Refused

FRAME_BYTES = 1 << 20
_MAGIC = b"NETFTSP1"
_SALT = 32
_HEAD = struct.Struct(">II?")


class SpoolRefused(Refused):
    """A spool file that is missing, damaged or under another key."""


@dataclass(frozen=True)
class Frame:
    """A decrypted frame: the rows before it, its own rows, its bytes."""

    before: int
    rows: int
    payload: bytes


def spool_dir() -> Path:
    """Where spools lie; only the owner may look."""
    path = Path(settings.DATA_DIR) / "spool"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def new_spool() -> SpoolWriter:
    """Open a new spool under the default key."""
    path = spool_dir() / f"{secrets.token_hex(16)}.spool"
    return SpoolWriter(path, settings.DEFAULT_KEY_ID)


class SpoolWriter:
    """Writes frames; the last one is written by `close`."""

    def __init__(self, path: Path, key_id: str) -> None:
        self.path = path
        salt = secrets.token_bytes(_SALT)
        self._aead = _aead(key_id, salt)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb")
        name = key_id.encode()
        self._file.write(_MAGIC + bytes([len(name)]) + name + salt)
        self._pending: tuple[bytes, int] | None = None
        self._count = 0

    def write_frame(self, payload: bytes, rows: int = 0) -> None:
        """Add a frame that holds `rows` rows."""
        self._flush(is_last=False)
        self._pending = (payload, rows)

    def close(self) -> None:
        """Seal the file and put it on disk for good."""
        if self._file.closed:
            return
        self._pending = self._pending or (b"", 0)
        self._flush(is_last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        """Close and remove the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def _flush(self, *, is_last: bool) -> None:
        if self._pending is None:
            return
        payload, rows = self._pending
        head = _HEAD.pack(len(payload) + 16, rows, is_last)
        self._file.write(head)
        self._file.write(self._aead.encrypt(_nonce(self._count), payload, head))
        self._pending = None
        self._count += 1


class SpoolReader:
    """Reads the frames of one spool file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def frames(self, from_row: int = 0) -> Iterator[Frame]:
        """Yield the frames that end after `from_row`; earlier ones are skipped.

        Raises:
            SpoolRefused: the file is missing, damaged or under an unknown key.
        """
        try:
            with self._path.open("rb") as file:
                yield from _frames(file, from_row)
        except FileNotFoundError:
            raise SpoolRefused("spool_missing", "The spooled file is gone.") from None

    def last(self) -> bytes:
        """Return the payload of the last frame."""
        payload = b""
        for frame in self.frames(from_row=1 << 32):
            payload = frame.payload
        return payload


class SpoolStream:
    """The payloads of a spool as one binary stream to read."""

    def __init__(self, path: Path) -> None:
        self._frames = SpoolReader(path).frames()
        self._rest = b""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, all of them for a negative size."""
        parts: list[bytes] = []
        wanted = size if size >= 0 else None
        while wanted is None or wanted > 0:
            if not self._rest:
                frame = next(self._frames, None)
                if frame is None:
                    break
                self._rest = frame.payload
            part = self._rest[:wanted]
            self._rest = self._rest[len(part) :]
            parts.append(part)
            if wanted is not None:
                wanted -= len(part)
        return b"".join(parts)


def _frames(file: BinaryIO, from_row: int) -> Iterator[Frame]:
    aead = _opened(file)
    number = before = 0
    is_last = False
    while not is_last:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise _damaged()
        size, rows, is_last = _HEAD.unpack(head)
        if before + rows <= from_row and not is_last:
            file.seek(size, os.SEEK_CUR)
        else:
            payload = _decrypted(aead, number, file.read(size), head)
            yield Frame(before, rows, payload)
        before += rows
        number += 1


def _opened(file: BinaryIO) -> AESGCM:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise _damaged()
    size = file.read(1)
    key_id = file.read(size[0] if size else 0).decode("ascii", "replace")
    return _aead(key_id, file.read(_SALT))


def _decrypted(aead: AESGCM, number: int, sealed: bytes, head: bytes) -> bytes:
    try:
        return aead.decrypt(_nonce(number), sealed, head)
    except (InvalidTag, ValueError):
        raise _damaged() from None


def _aead(key_id: str, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(keyring_of(key_id).subkey("spool"), salt, "sha256"))


def _nonce(number: int) -> bytes:
    # The key is used for this file alone, so a counter never repeats under it.
    return number.to_bytes(12, "big")


def _damaged() -> SpoolRefused:
    return SpoolRefused("spool_damaged", "The spooled file is damaged.")
