"""Filters that people keep by name, for themselves or for their team.

Everybody who may read records may keep filters. A shared one is used by all members and
changed by its owner alone; those who may act on many records may remove it as well, so
that it does not outlast its owner's time in the team.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from annotation.domain.record_filter import RecordFilter
from annotation.models import Project, SavedFilter
from annotation.querysets.bulk import SavedFilterQuerySet
from annotation.services.finding import FilterRefused, read_filter, safe_words
from netft_site.base.refusals import Refused

MOST = 50
ACT = "annotation.add_bulkact"
UsableFilters = SavedFilterQuerySet


class SavedFilterRefused(Refused):
    """The filter cannot be kept or changed; the code says why."""


def usable(*, project: Project, user: User) -> UsableFilters:
    """Return a person's own filters and those that colleagues share."""
    return SavedFilter.objects.of(project).usable_by(user)


def listed(*, project: Project, user: User) -> list[SavedFilter]:
    """Return the usable ones, but none of a colleague's that this person may not ask.

    One's own are listed whatever became of one's role, so that they can be removed.
    """
    rows = usable(project=project, user=user)
    return [one for one in rows if one.owner_id == user.pk or _may_ask(user, one)]


def save(
    *,
    project: Project,
    owner: User,
    name: str,
    wanted: RecordFilter,
    is_shared: bool = False,
) -> SavedFilter:
    """Keep a filter under a name; the name again replaces what it stood for.

    Raises:
        SavedFilterRefused: no name (``bad_name``), an empty filter (``empty``), or more
            than `MOST` filters of one person (``too_many``).
    """
    if not wanted:
        raise SavedFilterRefused(
            "empty", "This filter is empty: it names every record."
        )
    name = _name(project, name)
    own = SavedFilter.objects.of(project).owned_by(owner)
    if own.exclude(name=name).count() >= MOST:
        raise SavedFilterRefused(
            "too_many", f"You keep {MOST} filters already. Remove one first."
        )
    saved, _ = SavedFilter.objects.update_or_create(
        project=project,
        owner=owner,
        name=name,
        defaults={"query": wanted.as_query(), "is_shared": is_shared},
    )
    return saved


def change(
    *,
    saved: SavedFilter,
    by: User,
    name: str | None = None,
    is_shared: bool | None = None,
) -> SavedFilter:
    """Rename a filter of one's own, or share it, or stop sharing it.

    Raises:
        SavedFilterRefused: somebody else's (``not_yours``), no name (``bad_name``), or
            a name that another filter of this person has (``name_taken``).
    """
    if saved.owner_id != by.pk:
        raise SavedFilterRefused("not_yours", "Only its owner changes a filter.")
    if name is not None:
        saved.name = _name(saved.project, name)
    if is_shared is not None:
        saved.is_shared = is_shared
    try:
        with transaction.atomic():
            saved.save(update_fields=["name", "is_shared"])
    except IntegrityError:
        raise SavedFilterRefused(
            "name_taken", "You keep another filter under that name."
        ) from None
    return saved


def remove(*, saved: SavedFilter, by: User) -> None:
    """Remove a filter of one's own, or, as a lead, a shared one.

    Raises:
        SavedFilterRefused: somebody else's (``not_yours``).
    """
    may = saved.owner_id == by.pk or by.has_perm(ACT, saved.project)
    if not may:
        raise SavedFilterRefused("not_yours", "Only its owner removes a filter.")
    saved.delete()


def _may_ask(user: User, saved: SavedFilter) -> bool:
    """Whether a role may ask for it; one that is wrong otherwise says so when used."""
    try:
        read_filter(project=saved.project, user=user, query=saved.query, was_kept=True)
    except FilterRefused as refusal:
        return refusal.code != "not_allowed"
    return True


def _name(project: Project, typed: str) -> str:
    name = safe_words(project, " ".join(typed.split()))
    if not 1 <= len(name) <= 80:
        raise SavedFilterRefused("bad_name", "A name has 1 to 80 characters.")
    return name
