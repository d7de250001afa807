"""Chance, taken at the doors and passed inwards as a number."""

from __future__ import annotations

import random

_RANDOM = random.SystemRandom()


def draw() -> float:
    """Return a uniform number in [0, 1) that nobody can foresee."""
    return _RANDOM.random()
