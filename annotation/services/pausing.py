"""Stopping and going on: the whole queue, or one person at the end of a shift."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from annotation.models import Project, Reviewer, ShiftNote
from annotation.services import drafting, seating
from annotation.services.answers import clean

NOTES_FOR = timedelta(hours=36)
NOTES_SHOWN = 5


def pause(*, project: Project, because: str, now: datetime) -> Project:
    """Serve nobody in a project, or go on if ``because`` is empty.

    Open seats stay, so that what somebody is at can be finished.

    Raises:
        AnswerRefused: ``held_text``: the reason cannot be made safe.
    """
    because = clean(project, because)[:200]
    project.paused_because = because
    project.paused_at = now if because else None
    project.save(update_fields=["paused_because", "paused_at"])
    return project


@transaction.atomic
def hand_over(*, project: Project, reviewer: Reviewer, note: str, now: datetime) -> int:
    """Give back all seats of somebody who stops, and leave their note to the others.

    Drafts stay with their writer. Returns how many seats were returned.

    Raises:
        AnswerRefused: ``held_text``: the note cannot be made safe.
    """
    note = clean(project, note)[:500]
    seat = seating.open_seat(project=project, reviewer=reviewer)
    if seat is not None:
        # It is with the others now, and no draft any more.
        drafting.drop(claim=seat, name="note", now=now)
    if note:
        ShiftNote.objects.create(project=project, reviewer=reviewer, note=note, at=now)
    return seating.release_all(project=project, reviewer=reviewer)


def recent_notes(*, project: Project, now: datetime) -> Sequence[ShiftNote]:
    """Return the newest notes of the last day and a half."""
    notes = project.shift_notes.filter(at__gt=now - NOTES_FOR)
    return list(notes.select_related("reviewer")[:NOTES_SHOWN])
