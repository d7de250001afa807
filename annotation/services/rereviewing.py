"""New guidelines ask for new answers: open what they touch for re-review.

A touched record begins a new round (see `rounds`). Nothing is deleted, and everything
changed is written down with the act. The act is one of the bulk acts: it goes through
the records in chunks, large ones in the task queue, and is undone from their history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Max

from annotation.models import BulkAct, BulkChange, Guidelines, Project, Record
from annotation.querysets.rereviews import answered_by_act
from annotation.services import bulk_acts, bulk_orders, touching
from annotation.services import guidelines as rules
from annotation.services.touching import Touched
from netft_site.base.refusals import Refused

SAMPLE = 10
LISTED = 20


class RereviewRefused(Refused):
    """The records cannot be opened; the code says why."""


@dataclass(frozen=True)
class Preview:
    """How many records would be opened, which for example, and what is left alone.

    ``adjudicated`` counts those decided by a senior among all that are touched.
    """

    count: int
    adjudicated: int
    sample: Sequence[Record]

    @property
    def by_queue(self) -> bool:
        """Whether the task queue would open them, not the request."""
        return self.count > bulk_orders.AT_ONCE


@dataclass(frozen=True)
class Rereview:
    """An act and how many of its records are settled or contested again."""

    act: BulkAct
    answered: int


def preview(*, guidelines: Guidelines, touched: Touched) -> Preview:
    """Count what `open_rereview` would open.

    Raises:
        RereviewRefused: as `open_rereview`, where it is about ``touched``.
    """
    _check_touched(guidelines.project, touched)
    opened = touching.opened(guidelines, touched)
    return Preview(
        count=opened.count(),
        adjudicated=touching.found(guidelines, touched).adjudicated().count(),
        sample=list(opened.order_by("id")[:SAMPLE]),
    )


@transaction.atomic
def open_rereview(
    *,
    project: Project,
    guidelines: Guidelines,
    touched: Touched,
    by: User,
    reason: str,
    now: datetime,
) -> BulkAct:
    """Open what new guidelines touch for a new round, or let the task queue do it.

    Records whose every answer was given under these guidelines are not touched, so
    asking twice opens nothing twice.

    Raises:
        RereviewRefused: nothing named (``nothing_named``), not the project's words
            (``unknown_level``, ``unknown_root_cause``), an older version
            (``old_version``), no reason (``no_reason``), nothing found
            (``nothing_touched``), or a closed project (``closed``).
        GuidelinesRefused: the reason cannot be made safe (``held_text``).
    """
    project = Project.objects.select_for_update().get(pk=project.pk)
    _check(project, guidelines, touched, reason)
    records = touching.opened(guidelines, touched).order_by()
    facts = records.aggregate(n=Count("pk"), last=Max("pk"))
    if not facts["n"]:
        raise RereviewRefused(
            "nothing_touched", "No answered record is touched by that."
        )
    act = BulkAct(
        project=project,
        kind=BulkAct.Kind.REREVIEW,
        query=touched.as_query(),
        guidelines=guidelines,
        reason=rules.safe_text(project=project, text=reason)[:200],
        sets_decisions_aside=touched.with_adjudicated,
        total=facts["n"],
        until=facts["last"],
        by=by,
        at=now,
    )
    return bulk_acts.begin(act, now=now)


def rereviews_of(*, project: Project) -> list[Rereview]:
    """Return the newest re-reviews of a project, each with how far it is."""
    acts = BulkAct.objects.of(project).filter(kind=BulkAct.Kind.REREVIEW)
    rows = list(acts.select_related("guidelines", "by")[:LISTED])
    standing = [row for row in rows if row.undone_at is None]
    answered = answered_by_act(BulkChange.objects.filter(act__in=standing))
    return [Rereview(row, answered.get(row.pk, 0)) for row in rows]


def _check(
    project: Project, guidelines: Guidelines, touched: Touched, reason: str
) -> None:
    if not project.is_active:
        raise RereviewRefused("closed", "The project is closed.")
    newest = rules.current(project)
    if newest is None or newest.pk != guidelines.pk:
        raise RereviewRefused(
            "old_version", "Only the guidelines in force can ask for new answers."
        )
    if not reason.strip():
        raise RereviewRefused("no_reason", "Say in a few words why.")
    _check_touched(project, touched)


def _check_touched(project: Project, touched: Touched) -> None:
    if not touched.is_named:
        raise RereviewRefused("nothing_named", "Say what the new guidelines touch.")
    if any(level not in project.scale for level in touched.levels):
        raise RereviewRefused("unknown_level", "The project has no such level.")
    if set(touched.root_causes) - set(project.root_causes):
        raise RereviewRefused(
            "unknown_root_cause", "The project has no such root cause."
        )
