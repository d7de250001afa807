"""Sweeps of the label desk: seats come free, what matters comes early."""

from __future__ import annotations

from django.utils import timezone

from annotation.services import disputing, drafting, people, prioritising, seating


def release_expired() -> int:
    """Free expired seats, and those of people who are no longer active.

    Running it twice changes nothing more.
    """
    people.release_seats_of_inactive()
    return seating.release_expired(now=timezone.now())


def purge_drafts() -> int:
    """Delete drafts that nobody has touched for a month; for a daily schedule."""
    return drafting.purge(now=timezone.now())


def prioritise() -> int:
    """Serve rare categories and disputed records earlier; twice changes nothing."""
    return prioritising.prioritise_all() + disputing.raise_disputed()
