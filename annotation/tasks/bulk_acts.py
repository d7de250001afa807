"""Queue tasks of acts on many records: one act on for a few seconds, and a sweep."""

from __future__ import annotations

import time
from datetime import timedelta

from django.utils import timezone

from annotation.services import bulk_acts, bulk_undoing
from netft_site.base.enqueue import enqueue

WORK_SECONDS = 6.0
STALLED_AFTER = timedelta(minutes=3)


def carry_on(act_id: int) -> str:
    """Carry out or undo chunks of one act for a few seconds; queue the rest."""
    until = time.monotonic() + WORK_SECONDS
    while True:
        act = bulk_acts.run_chunk(act_id=act_id, now=timezone.now())
        if act.is_at_work:
            act = bulk_undoing.run_chunk(act_id=act_id, now=timezone.now())
        if not act.is_at_work:
            return act.status
        if time.monotonic() > until:
            enqueue(bulk_acts.TASK, act_id)
            return act.status


def resume_stalled() -> int:
    """Queue acts that stood still; for a schedule of every few minutes."""
    stalled = bulk_acts.stalled(since=timezone.now() - STALLED_AFTER)
    for act_id in stalled:
        enqueue(bulk_acts.TASK, act_id)
    return len(stalled)
