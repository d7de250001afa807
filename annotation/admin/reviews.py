"""Reviews and verdicts as tables to read; they are written by the desk and services."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from annotation.admin import (
    adjudication,
    disagreements,
    label_desk,
    progress,
    seat_pages,
)
from annotation.admin.long_tables import FoundByRecord, LevelFilter, OwnProjectsFilter
from annotation.admin.owned import OwnedFacts
from annotation.models import Review, Verdict
from annotation.querysets.reviews import ReviewQuerySet
from annotation.services.independence import readable_reviews
from annotation.templatetags.chips import chips

_SEAT = "seat/<int:claim_id>"
_SEAT_PAGES = (
    (_SEAT, seat_pages.HeartbeatView, "heartbeat"),
    (f"{_SEAT}/draft", seat_pages.DraftView, "draft"),
    (f"{_SEAT}/leave", seat_pages.LeaveView, "leave"),
    ("similar/<int:record_id>", seat_pages.SimilarView, "similar"),
)
# Texts of a row, which may hold pseudonyms, and the name each is shown under.
_WRITTEN = {"response": "ideal_answer", "reason": "reason_given"}
_OWN_PROJECTS = ("record__project", OwnProjectsFilter)


class WrittenFacts(FoundByRecord, OwnedFacts):
    """A table of facts with texts in which pseudonyms show as chips."""

    readonly_fields = ["reason_given"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        fields = [_WRITTEN.get(str(f), f) for f in super().get_fields(request, obj)]
        return list(dict.fromkeys(fields))

    @admin.display(description="Reason")
    def reason_given(self, row: Review | Verdict) -> SafeString | str:
        return chips(row.reason) if row.reason else "-"


@admin.register(Review)
class ReviewAdmin(WrittenFacts):
    readonly_fields = ["ideal_answer", "reason_given"]
    owner_path = "record__project"
    list_display = [
        "record",
        "reviewer",
        "grade",
        "severity",
        "root_cause",
        "status",
        "independent",
        "source",
        "submitted_at",
    ]
    list_filter = [_OWN_PROJECTS, "status", "source", LevelFilter, "grade"]
    list_select_related = ["record", "reviewer"]
    search_help_text = "Beginning of a record's id, or a reviewer's name."
    finds_reviewers = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        """Others' answers can be read once a record is decided."""
        rows = cast("ReviewQuerySet", super().get_queryset(request))
        return readable_reviews(request.user, rows)

    @admin.display(description="Ideal answer")
    def ideal_answer(self, review: Review) -> SafeString | str:
        return chips(review.response) if review.response else "-"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        desk = label_desk.DeskView.as_view()
        return [
            path(
                "desk/", view(label_desk.choose_project), name="annotation_label_desk"
            ),
            path("desk/<slug:slug>/", view(desk), name="annotation_desk"),
            *(
                path(
                    f"desk/<slug:slug>/{where}/",
                    view(page.as_view()),
                    name=f"annotation_desk_{name}",
                )
                for where, page, name in _SEAT_PAGES
            ),
            *progress.urls(view),
            *super().get_urls(),
        ]


@admin.register(Verdict)
class VerdictAdmin(WrittenFacts):
    owner_path = "record__project"
    change_list_template = "annotation/verdicts.html"
    list_display = [
        "record",
        "severity",
        "root_cause",
        "method",
        "grade",
        "reviews_count",
        "is_current",
        "created_at",
    ]
    list_filter = [_OWN_PROJECTS, "method", LevelFilter, "grade", "is_current"]
    list_select_related = ["record"]
    search_help_text = "Beginning of a record's id."

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = {"adjudicates": adjudication.adjudicates(request)}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            *adjudication.pages(view),
            *disagreements.pages(view),
            *super().get_urls(),
        ]
