"""The trace of decisions: which verdict one took the place of, and who took it back.

Verdicts are never changed, so what stood before a decision is written beside it, in the
log that Django's admin keeps. Undoing reads it.
"""

from __future__ import annotations

import json

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from annotation.models import Reviewer, Verdict

_REPLACES = "replaces"
_TAKEN_BACK = "taken back"


def note_replaced(*, verdict: Verdict, before: Verdict) -> None:
    """Write down which verdict was current until this one."""
    assert verdict.adjudicated_by is not None  # noqa: S101
    _write(verdict, verdict.adjudicated_by, {_REPLACES: before.pk})


def replaced_by(*, verdict: Verdict) -> int | None:
    """Return the verdict that was current until this one, if there was one."""
    for message in _entries(verdict).values_list("change_message", flat=True):
        if before := json.loads(message)[0].get(_REPLACES):
            return int(before)
    return None


def note_taken_back(*, verdict: Verdict, by: Reviewer) -> None:
    """Write down that somebody took a decision back."""
    _write(verdict, by, {_TAKEN_BACK: verdict.pk})


def _entries(verdict: Verdict) -> QuerySet[LogEntry]:
    kind = ContentType.objects.get_for_model(Verdict)
    return LogEntry.objects.filter(content_type=kind, object_id=str(verdict.pk))


def _write(verdict: Verdict, by: Reviewer, what: dict[str, int]) -> None:
    assert by.user_id is not None  # noqa: S101  # a person has an account
    LogEntry.objects.create(
        user_id=by.user_id,
        content_type=ContentType.objects.get_for_model(Verdict),
        object_id=str(verdict.pk),
        object_repr=str(verdict),
        action_flag=CHANGE,
        change_message=json.dumps([what]),
    )
