"""What every hand-made page of a project needs: the project, the right, the frame."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from annotation.models import Project, Reviewer

# Digits of the largest key, less one, so that every such number is a key.
_LONGEST_NUMBER = 18


def project_for(request: HttpRequest, slug: str, permission: str) -> Project:
    """Return the project if this person may do ``permission`` in it.

    Raises:
        Http404: no such project among those the person may see.
        PermissionDenied: a member without that right.
    """
    visible = Project.objects.active().visible_to(request.user)
    project = get_object_or_404(visible, slug=slug)
    if not request.user.has_perm(permission, project):
        raise PermissionDenied
    return project


def reviewer_for(request: HttpRequest) -> Reviewer:
    """Return the active reviewer behind the signed-in person.

    Raises:
        PermissionDenied: the person is no reviewer, or a deactivated one.
    """
    reviewer = (
        Reviewer.objects.active().people().filter(user_id=request.user.pk or 0).first()
    )
    if reviewer is None:
        raise PermissionDenied("You are not set up as a reviewer.")
    return reviewer


def projects_with(request: HttpRequest, permission: str) -> list[Project]:
    """Return the projects in which the person holds ``permission``.

    Raises:
        Http404: there is none.
    """
    projects = [
        project
        for project in Project.objects.active().visible_to(request.user)
        if request.user.has_perm(permission, project)
    ]
    if not projects:
        raise Http404
    return projects


def row_number(text: str) -> int | None:
    """Return the number that an address names, if a row can have it."""
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_NUMBER else None


def page_context(request: HttpRequest, title: str, **more: Any) -> dict[str, Any]:
    """Return the context of the admin's frame with the page's own entries."""
    return {**admin.site.each_context(request), "title": title, **more}
