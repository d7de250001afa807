"""Garbage collection out of the way of work that makes objects by the million."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG = 200_000
"""Objects between two collections; the default of 700 costs an import a tenth."""


def calm_collector() -> None:
    """Set what is loaded aside and collect more rarely, for the rest of the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)


@contextmanager
def calm_collection() -> Iterator[None]:
    """Collect more rarely inside the block."""
    before = gc.get_threshold()
    calm_collector()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
