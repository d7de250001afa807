"""Gold records as a table with how each was answered, and the page that chooses them.

For those who may see gold. Nobody who only labels can open either.
"""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views import View

from annotation.admin.owned import OwnedFacts
from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
    row_number,
)
from annotation.domain.reviewer_habits import GoldRecord, gold_accuracy
from annotation.models import Gold, Project
from annotation.querysets.gold import GoldFigures
from annotation.services import gold as golds
from annotation.templatetags.chips import chips

ADD = "annotation.add_gold"
CHANGE = "annotation.change_gold"
LISTED = 50


@admin.register(Gold)
class GoldAdmin(OwnedFacts):
    owner_path = "record__project"
    change_list_template = "annotation/gold.html"
    list_display = [
        "record",
        "level",
        "answered_right",
        "worth_a_look",
        "state",
    ]
    list_filter = ["is_active", "severity"]
    list_select_related = ["record__project"]
    search_fields = ["record__external_id__startswith"]
    fields = [
        "record",
        "level",
        "root_cause",
        "why",
        "answered_right",
        "worth_a_look",
        "state",
        "made_by",
        "created_at",
    ]
    readonly_fields = ["level", "why", "answered_right", "worth_a_look", "state"]
    actions = ["retire", "restore"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        mine = super().get_queryset(request).values("pk")
        return GoldFigures(Gold).filter(pk__in=mine).with_answers()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(ADD)

    def has_retire_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(CHANGE)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        choose = ChooseView.as_view()
        return [
            path("add/", view(choose_project), name="annotation_gold_add"),
            path("add/<slug:slug>/", view(choose), name="annotation_gold_choose"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        nothing = not super().get_queryset(request).exists()
        context = {
            "title": "Gold records",
            "nothing_yet": nothing,
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    @admin.action(description="Retire the chosen records", permissions=["retire"])
    def retire(self, request: HttpRequest, chosen: QuerySet[Gold]) -> None:
        rows = _changeable(request, chosen)
        for row in rows:
            golds.retire(gold=row)
        messages.success(
            request, f"Retired: {len(rows)}. “Use again” takes them back in."
        )

    @admin.action(description="Use the chosen records again", permissions=["retire"])
    def restore(self, request: HttpRequest, chosen: QuerySet[Gold]) -> None:
        used = 0
        for row in _changeable(request, chosen):
            try:
                golds.restore(gold=row)
                used += 1
            except golds.GoldRefused as refusal:
                messages.error(request, f"{row.record}: {refusal.message}")
        messages.success(request, f"In use again: {used}.")

    @admin.display(description="Right answer", ordering="severity")
    def level(self, row: Gold) -> SafeString:
        return _level(row.record.project, row.severity)

    @admin.display(description="Answered right")
    def answered_right(self, row: Any) -> str:
        found = gold_accuracy(row.right, row.answered)
        if found.ci is None:
            return "not answered yet"
        low, high = found.ci
        return f"{row.right} of {row.answered} ({low:.0%} to {high:.0%})"

    @admin.display(description="Worth a look")
    def worth_a_look(self, row: Any) -> SafeString | str:
        if row.verdict_now != row.severity:
            return _warning("the verdict has changed")
        if GoldRecord(row.right, row.answered).is_doubtful:
            return _warning("check the gold itself")
        return "-"

    @admin.display(description="State", ordering="is_active")
    def state(self, row: Gold) -> SafeString:
        tone, word = ("good", "In use") if row.is_active else ("quiet", "Retired")
        return format_html('<span class="pill {}">{}</span>', tone, word)

    @admin.display(description="Why")
    def why(self, row: Gold) -> SafeString | str:
        return chips(row.reason)


class ChosenForm(forms.Form):
    """Why the ticked records are answered as they are."""

    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Shown to leads beside the answers. Left empty, the verdict's own "
        "reason is taken.",
    )


choose_project = project_chooser(
    "New gold records", ADD, "admin:annotation_gold_choose"
)


class ChooseView(View):
    """Settled records with a sure answer, to tick and make gold."""

    project: Project

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        self.project = project_for(request, slug, ADD)
        return super().dispatch(request, slug)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        return self._show(request, ChosenForm())

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        form = ChosenForm(request.POST)
        numbers = [row_number(text) for text in request.POST.getlist("record")]
        if form.is_valid():
            try:
                made = golds.add(
                    project=self.project,
                    record_ids=[number for number in numbers if number is not None],
                    by=cast(User, request.user),
                    now=timezone.now(),
                    **form.cleaned_data,
                )
            except golds.GoldRefused as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, f"New gold records: {len(made)}.")
                return redirect(request.get_full_path())
        ticked = {number for number in numbers if number is not None}
        return self._show(request, form, ticked, status=422)

    def _show(
        self,
        request: HttpRequest,
        form: ChosenForm,
        ticked: set[int] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        wanted = {
            "severity": request.GET.get("severity", ""),
            "category": request.GET.get("category", ""),
        }
        found = golds.candidates(project=self.project).matching(
            before=row_number(request.GET.get("before", "")), **wanted
        )
        rows = list(found.select_related("record")[: LISTED + 1])
        context = page_context(
            request,
            "New gold records",
            project=self.project,
            form=form,
            ticked=ticked or set(),
            wanted=wanted,
            rows=[(_level(self.project, row.severity), row) for row in rows[:LISTED]],
            next_before=rows[LISTED - 1].pk if len(rows) > LISTED else None,
            in_use=self._in_use(),
        )
        return TemplateResponse(
            request, "annotation/gold_choose.html", context, status=status
        )

    def _in_use(self) -> list[tuple[SafeString, int]]:
        """How many gold records each level has."""
        counts = GoldFigures(Gold).of(self.project).count_by_level()
        return [
            (_level(self.project, key), counts.get(key, 0))
            for key in self.project.scale.keys
        ]


def _changeable(request: HttpRequest, chosen: QuerySet[Gold]) -> list[Gold]:
    rows = chosen.select_related("record__project")
    return [row for row in rows if request.user.has_perm(CHANGE, row.record.project)]


def _level(project: Project, key: str) -> SafeString:
    levels = [{"level": level} for level in project.scale]
    return render_to_string("annotation/severity.html", {"levels": levels, "key": key})


def _warning(words: str) -> SafeString:
    return format_html('<span class="pill warn">{}</span>', words)
