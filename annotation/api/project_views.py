"""The base of every API view under ``/api/v1/projects/P/``.

The project is looked up among those the caller may see (404 otherwise, and 409 for
members of a closed one); the right to the method is asked for that project (403
otherwise); a refusal of a service becomes 400 with its code.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.models import Project
from annotation.services.access import closed_project, enter
from netft_site.base.refusals import Refused


class ProjectClosed(Refused):
    """A lead has closed the project; ``kept`` is the version of the draft kept."""

    def __init__(self, kept: int | None) -> None:
        fate = (
            "nothing was stored"
            if kept is None
            else "what you sent was kept as your draft and not stored otherwise"
        )
        super().__init__("closed", f"The project was closed; {fate}.")
        self.kept = kept

    def as_reply(self) -> dict[str, Any]:
        """Return the refusal with what became of what was typed."""
        if self.kept is None:
            return dict(self.as_dict())
        return {**self.as_dict(), "kept_as_draft": True, "version": self.kept}


class ProjectView(APIView):
    """A view of one project; ``permissions`` names the right each method needs."""

    permissions: ClassVar[dict[str, str]] = {}
    project: Project

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        project = enter(request.user, kwargs["project"])
        if project is None:
            closed = closed_project(request.user, kwargs["project"])
            if closed is None:
                raise Http404
            raise ProjectClosed(self.keep_typed(request, closed, **kwargs))
        self.project = project
        # Who may not read must not learn by HEAD how much there is to read.
        method = "GET" if request.method == "HEAD" else request.method or ""
        needed = self.permissions.get(method)
        if needed and not request.user.has_perm(needed, project):
            raise PermissionDenied

    def keep_typed(
        self, request: Request, closed: Project, **kwargs: Any
    ) -> int | None:
        """Keep what was typed for a closed project; the draft's version, if any."""
        return None

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, ProjectClosed):
            return Response(exc.as_reply(), status.HTTP_409_CONFLICT)
        if isinstance(exc, Refused):
            return Response(exc.as_dict(), status=400)
        return super().handle_exception(exc)
