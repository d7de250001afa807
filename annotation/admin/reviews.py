"""Reviews and verdicts as tables to read; they are written by the desk and services."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from annotation.admin import adjudication, label_desk
from annotation.admin.owned import OwnedFacts
from annotation.models import Review, Verdict
from annotation.templatetags.chips import chips

# Texts of a row, which may hold pseudonyms, and the name each is shown under.
_WRITTEN = {"response": "ideal_answer", "reason": "reason_given"}
# Names of other teams' projects are none of one's business.
_OWN_PROJECTS = ("record__project", admin.RelatedOnlyFieldListFilter)


class WrittenFacts(OwnedFacts):
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
    list_filter = [_OWN_PROJECTS, "status", "source", "severity", "grade"]
    list_select_related = ["record", "reviewer"]
    search_fields = ["record__external_id", "reviewer__name"]
    date_hierarchy = "submitted_at"

    @admin.display(description="Ideal answer")
    def ideal_answer(self, review: Review) -> SafeString | str:
        return chips(review.response) if review.response else "-"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        desk, beat = label_desk.DeskView.as_view(), label_desk.HeartbeatView.as_view()
        return [
            path(
                "desk/", view(label_desk.choose_project), name="annotation_label_desk"
            ),
            path("desk/<slug:slug>/", view(desk), name="annotation_desk"),
            path(
                "desk/<slug:slug>/seat/<int:claim_id>/",
                view(beat),
                name="annotation_desk_heartbeat",
            ),
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
    list_filter = [_OWN_PROJECTS, "method", "severity", "grade", "is_current"]
    list_select_related = ["record"]
    search_fields = ["record__external_id"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = {"adjudicates": adjudication.adjudicates(request)}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        page = adjudication.AdjudicationView.as_view()
        return [
            path(
                "adjudicate/",
                view(adjudication.choose_project),
                name="annotation_adjudication",
            ),
            path("adjudicate/<slug:slug>/", view(page), name="annotation_adjudicate"),
            path(
                "adjudicate/<slug:slug>/<int:record_id>/",
                view(page),
                name="annotation_adjudicate_record",
            ),
            *super().get_urls(),
        ]
