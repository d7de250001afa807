"""What every hand-made page of a project needs: the project, the right, the frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from annotation.models import Project, Reviewer
from annotation.services.access import enter

# Digits of the largest key, less one, so that every such number is a key.
_LONGEST_NUMBER = 18


def project_for(request: HttpRequest, slug: str, permission: str) -> Project:
    """Return the project if this person may do ``permission`` in it.

    Raises:
        Http404: no such project among those the person may see.
        PermissionDenied: a member without that right.
    """
    project = enter(request.user, slug)
    if project is None:
        raise Http404
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


def project_chooser(
    title: str, permission: str, page: str
) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view before a page of one project: the only one opens by itself.

    ``page`` is the name of that page's address, which takes the project's slug; 404 for
    who holds ``permission`` in no project.
    """

    def choose(request: HttpRequest) -> HttpResponse:
        return offer_projects(request, projects_with(request, permission), title, page)

    return choose


def offer_projects(
    request: HttpRequest, projects: Sequence[Project], title: str, page: str
) -> HttpResponse:
    """Open a page of the only project, or let the person choose among several."""
    if len(projects) == 1:
        return redirect(page, projects[0].slug)
    context = page_context(request, title, projects=projects, url_name=page)
    return TemplateResponse(request, "annotation/choose_project.html", context)
