"""What every parser reads from."""

from __future__ import annotations

from typing import Protocol


class ByteSource(Protocol):
    """Anything that hands out bytes in order: a file, an upload, a spool."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, none at the end."""
