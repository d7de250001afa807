"""Numpy arrays in files that are whole or absent.

Nothing here knows what the numbers mean. Pickled objects are neither written nor read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netft_site.base.files import atomic_writer


def write_arrays(
    path: Path, arrays: Mapping[str, NDArray[Any]], *, mode: int = 0o600
) -> None:
    """Write named arrays to `path`: wholly or not at all."""
    with atomic_writer(path, mode=mode) as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def read_arrays(
    path: Path, names: Collection[str] | None = None
) -> dict[str, NDArray[Any]] | None:
    """Read the arrays of a file, or only some of them; None where there is no file."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in names or stored.files}
    except FileNotFoundError:
        return None
