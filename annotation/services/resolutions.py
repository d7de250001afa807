"""What people say of resolutions: right, wrong, or saying nothing.

A wrong resolution taught is worse than none. Marking changes no text; datasets leave
out what is marked, and count it. Who marked what stands in the log of Django's admin.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from annotation.models import Project, Record
from netft_site.base.refusals import Refused

AT_ONCE = 1000


class MarkRefused(Refused):
    """Resolutions that cannot be marked so."""


@transaction.atomic
def mark(*, project: Project, record_ids: Iterable[int], as_: str, by: User) -> int:
    """Mark the resolutions of records; an empty mark takes one back.

    Returns how many marks changed.

    Raises:
        MarkRefused: ``bad_count``, ``bad_mark``, ``unknown_record``, or
            ``no_resolution``: there is nothing that could be right or wrong.
    """
    wanted = sorted(set(record_ids))
    if not 1 <= len(wanted) <= AT_ONCE:
        raise MarkRefused("bad_count", f"Choose between 1 and {AT_ONCE:,} records.")
    if as_ and as_ not in Record.ResolutionMark.values:
        known = ", ".join(Record.ResolutionMark.values)
        raise MarkRefused("bad_mark", f"A resolution is marked as {known}, or not.")
    records = list(Record.objects.of(project).select_for_update().with_ids(wanted))
    if len(records) < len(wanted):
        raise MarkRefused("unknown_record", "A record is not in the project.")
    if as_ and as_ != Record.ResolutionMark.MISSING:
        _refuse_without_resolution(records)
    changed = [record for record in records if record.resolution_mark != as_]
    ids = [record.pk for record in changed]
    Record.objects.with_ids(ids).update(resolution_mark=as_)
    _note(changed, as_, by)
    return len(changed)


def ids_of(*, project: Project, external_ids: Iterable[str]) -> list[int]:
    """Find records by their external ids. Raises MarkRefused (``unknown_record``)."""
    names = set(external_ids)
    found = Record.objects.of(project).ids_by_external_id(names)
    if missing := len(names) - len(found):
        raise MarkRefused(
            "unknown_record", f"{missing} of the records are not in the project."
        )
    return list(found.values())


def _refuse_without_resolution(records: list[Record]) -> None:
    without = [record.external_id for record in records if not record.resolution]
    if without:
        raise MarkRefused(
            "no_resolution", f"{without[0]} has no resolution that could be marked."
        )


def _note(records: list[Record], as_: str, by: User) -> None:
    kind = ContentType.objects.get_for_model(Record)
    words = f"resolution marked as {as_.lower()}" if as_ else "resolution unmarked"
    LogEntry.objects.bulk_create(
        [
            LogEntry(
                user=by,
                content_type=kind,
                object_id=str(record.pk),
                object_repr=str(record),
                action_flag=CHANGE,
                change_message=words,
            )
            for record in records
        ]
    )
