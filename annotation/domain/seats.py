"""How many seats a record still has, and which one is free.

A seat is one reviewer's place at one record. Answers that came without a seat, from
an import or another workspace, use seats up too. Pure arithmetic: the database's
unique constraints are what makes it safe.
"""

from __future__ import annotations

from collections.abc import Collection


def free_slot(wanted: int, taken: Collection[int], seatless_answers: int) -> int | None:
    """Return the lowest free slot, counted from 1, or None when the record is full.

    ``taken`` are slots of live claims; ``seatless_answers`` are answers without one.

    >>> free_slot(3, {3}, 1), free_slot(3, {1, 3}, 1)
    (1, None)
    """
    if len(taken) + seatless_answers >= wanted:
        return None
    return next(slot for slot in range(1, wanted + 1) if slot not in taken)
