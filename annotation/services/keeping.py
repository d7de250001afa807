"""Figures over many rows, kept for some minutes and shown with their time.

What is computed from few rows is computed anew each time: it is quick, and somebody
who has just answered looks for the answer in it. Among thousands one more changes
nothing that can be read, while computing them anew would make everybody wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.core.cache import cache

KEPT_SECONDS = 300
MANY = 2_000
"""From so many rows on, figures are kept."""

LARGE, LARGE_KEPT_SECONDS = 20_000, 60
"""From so many records on, what is counted over all of them is kept for a minute."""

T = TypeVar("T")


@dataclass(frozen=True)
class Kept(Generic[T]):
    """A value and when it was computed."""

    value: T
    at: datetime


def kept(
    key: str,
    compute: Callable[[], T],
    *,
    rows: Callable[[T], int],
    now: datetime,
    many: int = MANY,
    seconds: int = KEPT_SECONDS,
) -> Kept[T]:
    """Return what is kept under a key, or compute it; ``rows`` says of how many.

    It is kept for so many seconds, where it is of ``many`` rows or more.
    """
    name = f"netft.kept.{key}"
    found: Kept[T] | None = cache.get(name)
    if found is None:
        found = Kept(compute(), now)
        if rows(found.value) >= many:
            cache.set(name, found, seconds)
    return found
