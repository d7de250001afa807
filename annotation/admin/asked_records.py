"""Which records an address asks for, without ticket text in the address.

Search words may be ticket text. They are posted, kept in the visitor's session under a
number that the address carries, and gone with the session. A saved filter is named by
its own number.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest

from annotation.admin.pages import row_number
from annotation.domain.record_filter import RecordFilter
from annotation.models import Project, SavedFilter
from annotation.services import finding, saved_filters
from annotation.services.finding import FilterRefused

_SESSION = "searches"
_KEPT = 20
# Parameters of the pages that are no part of a filter.
_OF_PAGES = frozenset(
    ("before", "sort", "act", "reviews_wanted", "aside", "format", "after")
)


@dataclass(frozen=True)
class Asked:
    """A filter, the parameters that lead back to it, and where it was saved."""

    wanted: RecordFilter
    address: dict[str, str]
    saved: SavedFilter | None = None

    def with_parameters(self, **more: object) -> str:
        """Return the address's query with parameters of a page added."""
        return urlencode({**self.address, **more})


def asked_by(request: HttpRequest, project: Project) -> Asked:
    """Read the filter of an address.

    Raises:
        FilterRefused: it cannot be used, or its words are not kept (``gone``).
        Http404: a saved filter that the person may not use.
    """
    user = cast("User", request.user)
    given = {k: ",".join(v) for k, v in request.GET.lists() if k not in _OF_PAGES}
    if "words" in given:
        raise FilterRefused(
            "words_in_address", "words", "Search words are posted, never in an address."
        )
    if "saved" in given:
        rows = saved_filters.usable(project=project, user=user)
        saved = rows.filter(pk=row_number(given["saved"]) or 0).first()
        if saved is None:
            raise Http404
        query, address = dict(saved.query), {"saved": str(saved.pk)}
        wanted = finding.read_filter(
            project=project, user=user, query=query, was_kept=True
        )
        return Asked(wanted, address, saved)
    query = {**given}
    search = query.pop("search", "")
    if search:
        query["words"] = _kept_words(request, project, search)
    # Words in an address are refused above: these were kept.
    wanted = finding.read_filter(project=project, user=user, query=query, was_kept=True)
    address = wanted.as_address()
    return Asked(wanted, {**address, "search": search} if search else address)


def keep(
    request: HttpRequest, project: Project, query: Mapping[str, object]
) -> dict[str, str]:
    """Read a posted filter, keep its words, and return the address that leads to it.

    Raises:
        FilterRefused: it cannot be used.
    """
    user = cast("User", request.user)
    wanted = finding.read_filter(project=project, user=user, query=query)
    address = wanted.as_address()
    if wanted.words:
        number = secrets.token_hex(6)
        kept = dict(request.session.get(_SESSION, {}))
        kept[f"{project.pk}/{number}"] = wanted.words
        request.session[_SESSION] = dict(list(kept.items())[-_KEPT:])
        address["search"] = number
    return address


def _kept_words(request: HttpRequest, project: Project, number: str) -> str:
    words = request.session.get(_SESSION, {}).get(f"{project.pk}/{number}")
    if words is None:
        raise FilterRefused(
            "gone",
            "words",
            "The words of this search are no longer kept. Type them again.",
        )
    return str(words)
