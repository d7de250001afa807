"""The base of every API view under ``/api/v1/projects/P/``.

The project is looked up among those the caller may see (404 otherwise); the right to
the method is asked for that project (403 otherwise); a refusal of a service becomes
400 with its code.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.models import Project
from netft_site.base.refusals import Refused


class ProjectView(APIView):
    """A view of one project; ``permissions`` names the right each method needs."""

    permissions: ClassVar[dict[str, str]] = {}
    project: Project

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        found = Project.objects.active().visible_to(request.user)
        project = found.filter(slug=kwargs["project"]).first()
        if project is None:
            raise Http404
        self.project = project
        needed = self.permissions.get(request.method or "")
        if needed and not request.user.has_perm(needed, project):
            raise PermissionDenied

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Refused):
            return Response(exc.as_dict(), status=400)
        return super().handle_exception(exc)
