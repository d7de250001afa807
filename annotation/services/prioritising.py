"""Serve categories earlier that are rarer among labels than in production.

One update a category; categories whose labels have caught up go back to the end of the
queue. Projects that have not said what production looks like are left alone.
"""

from __future__ import annotations

from django.db import transaction

from annotation.domain.priority import (
    OLDEST,
    under_represented,
    under_represented_because,
)
from annotation.models import Project, Record
from annotation.querysets.prioritising import PrioritisedQuerySet


def prioritise_all() -> int:
    """Prioritise every active project with a production mix; return records changed."""
    projects = Project.objects.active().exclude(production_mix={})
    return sum(prioritise(project=project) for project in projects)


def prioritise(*, project: Project) -> int:
    """Set priority and reason of open records by category; return how many changed.

    Doing it again changes nothing.
    """
    mix = _shares(project)
    if not mix:
        return 0
    labeled = PrioritisedQuerySet(Record).labeled_by_category(project, mix)
    changed = 0
    for category, priority in under_represented(mix, labeled).items():
        changed += _apply(project, category, priority)
    return changed


@transaction.atomic
def _apply(project: Project, category: str, priority: int) -> int:
    because = under_represented_because(category)
    rows: PrioritisedQuerySet = PrioritisedQuerySet(Record).outranked(
        project, category, priority=priority, because=because
    )
    reason = because if priority > OLDEST else "oldest"
    return rows.update(priority=priority, queued_because=reason)


def _shares(project: Project) -> dict[str, float]:
    """The production mix as far as it is numbers; a wrong entry is no share."""
    return {
        category: float(share)
        for category, share in project.production_mix.items()
        if isinstance(share, int | float) and share >= 0
    }
