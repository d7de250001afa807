"""The admin site of netft: one brand, one navigation, one dashboard.

The stock site gives structure, accessibility and permissions. This room adds what
every page's frame needs: the links to the stations of the river that this person may
open. It holds no business rules; the dashboard's content comes from
`netft_site.dashboard`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from netft_site.dashboard import build_dashboard


@dataclass(frozen=True)
class StationLink:
    """A link of the navigation and whether the shown page belongs to it."""

    label: str
    url: str
    is_current: bool


# Label, permission to look, and the page with the tables behind it.
_STATIONS = (
    ("Records", "annotation.view_record", "admin:annotation_record_changelist"),
    ("Label desk", "annotation.add_review", "admin:annotation_label_desk"),
    ("Verdicts", "annotation.view_verdict", "admin:annotation_verdict_changelist"),
    ("Datasets", "training.view_dataset", "admin:training_dataset_changelist"),
    ("Runs", "training.view_trainingrun", "admin:training_trainingrun_changelist"),
    ("Comparison", "evaluation.view_evaluation", "admin:evaluation_comparison"),
)


class NetftAdminSite(AdminSite):
    """The stock admin with the river in its frame."""

    site_header = "netft"
    site_title = "netft"
    index_title = "Dashboard"
    site_url = None

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the stations' links and the version to every page."""
        return {
            **super().each_context(request),
            "station_nav": _station_links(request),
            "netft_version": settings.VERSION,
        }

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """The tables one may open, looked up only where a page lists them.

        The frame of every page asks for them, and the hand-made ones show none.
        """
        found = partial(super().get_app_list, request, app_label)
        return cast("list[dict[str, Any]]", SimpleLazyObject(found))

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the dashboard above the stock list of tables."""
        dashboard = build_dashboard(request.user, now=timezone.now())
        context = {"dashboard": dashboard, **(extra_context or {})}
        return super().index(request, context)


def _station_links(request: HttpRequest) -> list[StationLink]:
    links = []
    for label, permission, url_name in _STATIONS:
        if not request.user.has_perm(permission):
            continue
        try:
            url = reverse(url_name)
        except NoReverseMatch:
            # A deployment may unregister a table; its station then has no link.
            continue
        links.append(StationLink(label, url, request.path.startswith(url)))
    return links
