"""Who may do what in which project.

A membership's role grants, inside its project, the permissions of the Django group of
the same name, through Django's own ``user.has_perm(permission, project)``. Asked
without a project, the backend answers whether the role in *any* project grants it,
which is what the stock admin asks before it shows a menu; lists are then narrowed to
``projects_granting``.
"""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.core.cache import cache
from django.db.models import Model

from annotation.models import Membership, Project
from netft_site.base.compiled import CompiledQuery

GROUPS_KEPT_SECONDS = 10
"""How long a process may go on with a group's permissions after a change."""

_CACHE_KEY = "netft.role-permissions"

REVEAL = "annotation.reveal_sanitization"
"""Read the raw text behind a sanitized record."""


class MembershipBackend(BaseBackend):
    """Grants the permissions of a user's project roles."""

    def get_all_permissions(
        self, user_obj: User | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous:
            return set()
        if obj is None:
            return set().union(*_granted(user_obj).values())
        if not isinstance(obj, Project):
            return set()
        entered = _entered(user_obj)
        if obj.pk not in entered:
            entered.update(_granted(user_obj))
        return set(entered.get(obj.pk, ()))

    def has_perm(
        self, user_obj: User | AnonymousUser, perm: str, obj: Model | None = None
    ) -> bool:
        return perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: User | AnonymousUser, app_label: str) -> bool:
        return any(
            perm.startswith(f"{app_label}.")
            for perm in self.get_all_permissions(user_obj)
        )


def enter(user: User | AnonymousUser, slug: str) -> Project | None:
    """Return an active project that a person may see, with their role in it.

    One query for the project and the role, where every page and route begins.
    """
    if user.is_superuser:
        return Project.objects.active().filter(slug=slug).first()
    membership = _MEMBERSHIP.first(user=user.pk or 0, slug=slug)
    if membership is None:
        return None
    may = _permissions_of({membership.role})[membership.role]
    _entered(user)[membership.project_id] = may
    return membership.project


def closed_project(user: User | AnonymousUser, slug: str) -> Project | None:
    """Return a closed project that a person was a member of."""
    closed = Project.objects.filter(slug=slug, is_active=False)
    return closed.visible_to(user).first()


_MEMBERSHIP = CompiledQuery(
    lambda user, slug: Membership.objects.filter(
        user_id=user, project__slug=slug, project__is_active=True
    ).select_related("project"),
    user=int,
    slug=str,
)


def projects_granting(user: User | AnonymousUser, permission: str) -> set[int]:
    """Return the ids of the projects in which a role grants ``permission``."""
    if not user.is_active or user.is_anonymous:
        return set()
    return {pk for pk, may in _granted(user).items() if permission in may}


def roles_granting(permission: str) -> list[str]:
    """Return the roles whose group holds ``permission``."""
    found = _permissions_of(set(Membership.Role.values))
    return [role for role, may in found.items() if permission in may]


def _entered(user: User | AnonymousUser) -> dict[int, frozenset[str]]:
    """Permissions by project id, as far as they were read for this user object."""
    entered: dict[int, frozenset[str]] | None = getattr(user, "_netft_entered", None)
    if entered is None:
        entered = {}
        user._netft_entered = entered  # type: ignore[union-attr]
    return entered


def _granted(user: User | AnonymousUser) -> dict[int, frozenset[str]]:
    """Permissions by project id, read once for each user object, hence each request."""
    cached: dict[int, frozenset[str]] | None = getattr(user, "_netft_granted", None)
    if cached is None:
        rows = Membership.objects.filter(user_id=user.pk or 0, project__is_active=True)
        roles = dict(rows.values_list("project_id", "role"))
        may = _permissions_of(set(roles.values()))
        cached = {pk: may[role] for pk, role in roles.items()}
        user._netft_granted = cached  # type: ignore[union-attr]
    return cached


def _permissions_of(roles: set[str]) -> dict[str, frozenset[str]]:
    """Permissions by role; what an administrator changes holds after ten seconds."""
    found = cache.get(_CACHE_KEY)
    if found is None:
        found = _read_groups()
        cache.set(_CACHE_KEY, found, GROUPS_KEPT_SECONDS)
    return {role: found[role] for role in roles}


def _read_groups() -> dict[str, frozenset[str]]:
    """Permissions of every role's group, as ``app.codename``."""
    names = {role.label: role.value for role in Membership.Role}
    rows = Permission.objects.filter(group__name__in=names).values_list(
        "group__name", "content_type__app_label", "codename"
    )
    found: dict[str, set[str]] = {role: set() for role in names.values()}
    for name, app, codename in rows.order_by():
        found[names[name]].add(f"{app}.{codename}")
    return {role: frozenset(may) for role, may in found.items()}
