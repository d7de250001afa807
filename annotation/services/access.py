"""Who may do what in which project.

A membership's role grants model permissions inside its project, through Django's own
``user.has_perm(permission, project)``. Asked without a project, the backend answers
whether the role in *any* project grants it, which is what the stock admin asks
before it shows a menu; lists are then narrowed to ``projects_granting``.
"""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model

from annotation.models import Membership, Project

_VIEW = (
    "annotation.view_project annotation.view_record annotation.view_importbatch "
    "annotation.view_review annotation.view_verdict annotation.view_reviewer "
    "annotation.view_guidelines training.view_dataset training.view_example "
    "training.view_export training.view_basemodel training.view_trainingrun "
    "training.view_modelversion training.view_job evaluation.view_evaluation"
)
_LABEL = (
    "annotation.view_project annotation.view_record annotation.add_review "
    "annotation.view_guidelines"
)
_INTEGRATE = (
    "annotation.view_project annotation.view_record annotation.add_record "
    "annotation.add_importbatch annotation.view_importbatch annotation.add_review "
    "training.view_dataset training.view_export"
)
_TRAIN = (
    "training.add_dataset training.change_dataset training.add_export "
    "training.add_trainingrun training.change_trainingrun training.change_job "
    "evaluation.add_evaluation evaluation.change_evaluation"
)
_LEAD = (
    "annotation.change_project annotation.add_record annotation.change_record "
    "annotation.add_importbatch annotation.change_importbatch "
    "annotation.add_columnmapping annotation.view_columnmapping "
    "annotation.change_columnmapping annotation.delete_columnmapping "
    "annotation.add_review annotation.add_verdict "
    "annotation.view_term annotation.add_term annotation.change_term "
    "annotation.view_sanitizingrule annotation.add_sanitizingrule "
    "annotation.change_sanitizingrule "
    "annotation.add_guidelines annotation.change_reviewer annotation.add_reviewer "
    "annotation.add_membership annotation.change_membership "
    "annotation.view_membership annotation.delete_membership "
    "annotation.view_sanitization annotation.change_sanitization "
    "annotation.reveal_sanitization"
)
REVEAL = "annotation.reveal_sanitization"
"""Read the raw text behind a sanitized record."""

ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    Membership.Role.LEAD: frozenset(f"{_VIEW} {_LEAD} {_TRAIN}".split()),
    Membership.Role.LABELER: frozenset(_LABEL.split()),
    Membership.Role.ML: frozenset(f"{_VIEW} {_TRAIN}".split()),
    Membership.Role.INTEGRATION: frozenset(_INTEGRATE.split()),
    Membership.Role.READER: frozenset(_VIEW.split()),
}


class MembershipBackend(BaseBackend):
    """Grants the permissions of a user's project roles."""

    def get_all_permissions(
        self, user_obj: User | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous:
            return set()
        roles = _roles(user_obj)
        if obj is None:
            return set().union(*(ROLE_PERMISSIONS[role] for role in roles.values()))
        if not isinstance(obj, Project) or obj.pk not in roles:
            return set()
        return set(ROLE_PERMISSIONS[roles[obj.pk]])

    def has_perm(
        self, user_obj: User | AnonymousUser, perm: str, obj: Model | None = None
    ) -> bool:
        return perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: User | AnonymousUser, app_label: str) -> bool:
        return any(
            perm.startswith(f"{app_label}.")
            for perm in self.get_all_permissions(user_obj)
        )


def projects_granting(user: User | AnonymousUser, permission: str) -> set[int]:
    """Return the ids of the projects in which a role grants ``permission``."""
    if not user.is_active or user.is_anonymous:
        return set()
    roles = _roles(user)
    return {pk for pk, role in roles.items() if permission in ROLE_PERMISSIONS[role]}


def _roles(user: User | AnonymousUser) -> dict[int, str]:
    """Roles by project id, read once for each user object, hence each request."""
    cached: dict[int, str] | None = getattr(user, "_netft_roles", None)
    if cached is None:
        rows = Membership.objects.filter(user_id=user.pk or 0, project__is_active=True)
        cached = dict(rows.values_list("project_id", "role"))
        user._netft_roles = cached  # type: ignore[union-attr]
    return cached
