"""What somebody has seen of a record from other seats that they have held at it.

A seat is given back, runs out and is taken anew; what was shown from it stays seen.
Whichever seat an answer comes from, the severity that was given before what came later
was shown stands, and a suggestion that was in view was in view.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from annotation.models import Claim
from annotation.models.review import Purpose


def seen_from(seats: Iterable[Claim], *, purpose: str) -> dict[str, Any]:
    """Return what one person has seen from these seats, as the columns of a seat.

    All are of one record and one round. A repeat asks anew for the severity that was
    given the first time, so that alone is left out for one.
    """
    seats = list(seats)
    is_repeat = purpose == Purpose.REPEAT
    fixed = [
        (seat.revealed_at, seat.severity)
        for seat in seats
        if seat.revealed_at and (seat.purpose == Purpose.REPEAT) == is_repeat
    ]
    found: dict[str, Any] = {}
    if fixed:
        found["revealed_at"], found["severity"] = min(fixed)
    if any(seat.suggested for seat in seats):
        found["suggested"] = True
    return found


def remember(claim: Claim) -> None:
    """Note at a seat that is no longer held what was seen from its person's others.

    An open one knows it since it was taken; the caller has locked the record.
    """
    others = Claim.objects.filter(
        record=claim.record_id, reviewer=claim.reviewer_id, round=claim.round
    ).exclude(pk=claim.pk)
    seen = seen_from(others, purpose=claim.purpose)
    if claim.revealed_at:
        seen.pop("severity", None)
        seen.pop("revealed_at", None)
    if seen:
        for name, value in seen.items():
            setattr(claim, name, value)
        claim.save(update_fields=list(seen))
