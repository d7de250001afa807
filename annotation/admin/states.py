"""A record's state on the admin's pages: the pill, and the filter of the stock list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation.domain.record_filter import STATES
from annotation.domain.shown_state import (
    COARSE,
    IN_LABELING,
    LABELING,
    label_of,
    shown_state,
)
from annotation.services.access import projects_granting
from annotation.services.finding import VIEW_VERDICTS

_TONES = {
    "OPEN": "info",
    LABELING: "info",
    "HELD": "warn",
    "CONTESTED": "warn",
    "SETTLED": "good",
    "EXCLUDED": "quiet",
    "REFERENCE": "quiet",
}


def state_pill(state: str, *, reads_verdicts: bool) -> SafeString:
    """Return a state as this person is told it."""
    told = shown_state(state, reads_verdicts=reads_verdicts)
    return format_html('<span class="pill {}">{}</span>', _TONES[told], label_of(told))


def reads_all_verdicts(request: HttpRequest) -> bool:
    """Whether a person reads the verdicts of every project whose records they see.

    A list holds the records of all of them: one filter or order serves all.
    """
    if request.user.is_superuser:
        return True
    sees = projects_granting(request.user, "annotation.view_record")
    return sees <= projects_granting(request.user, VIEW_VERDICTS)


class StateFilter(admin.SimpleListFilter):
    """Records by the states that a person is told."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        told = STATES if reads_all_verdicts(request) else COARSE
        return [(state, label_of(state)) for state in told]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        asked = self.value()
        if asked not in dict(self.lookup_choices):
            return queryset
        return queryset.filter(state__in=IN_LABELING if asked == LABELING else [asked])
