"""Which look at DEV was best, and whether it is worth going on.

Everything follows from the history of looks, so a resumed run has lost no patience.
"""

from __future__ import annotations

from collections.abc import Sequence

from training.domain.run_files import EpochRecord

# A loss must fall by this share to count as better; without it, patience never ends
# while the loss creeps.
MIN_DELTA = 0.005


def lowest(history: Sequence[EpochRecord]) -> EpochRecord:
    """The look with the lowest loss on DEV; of equal ones the first."""
    return min(history, key=lambda record: record.dev_loss)


def looks_without_gain(history: Sequence[EpochRecord]) -> int:
    """How many looks have passed since the loss on DEV last fell by `MIN_DELTA`.

    Each is held against the last that counted, so many small steps count in the end.
    """
    standing, waited = history[0].dev_loss, 0
    for record in history[1:]:
        waited += 1
        if record.dev_loss < (1 - MIN_DELTA) * standing:
            standing, waited = record.dev_loss, 0
    return waited
