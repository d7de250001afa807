"""The history of acts on many records, each with its Undo."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from annotation.admin.owned import OwnedFacts
from annotation.admin.pages import project_for, row_number
from annotation.models import BulkAct
from annotation.services import bulk_acts, bulk_undoing
from annotation.templatetags.chips import chips
from netft_site.base.refusals import Refused

UNDO = "annotation.change_bulkact"
_TONES = {"RUNNING": "live", "DONE": "good", "UNDOING": "live", "UNDONE": "quiet"}
CHOSEN = "chosen by hand"
_NAMES = {
    "words": "words",
    "external_id": "id begins with",
    "because": "waits because",
    "level": "verdict",
    "source": "came by",
    "batch": "import",
    "levels": "verdict",
    "gaps": "a senior found the guidelines open",
    "with_adjudicated": "what a senior decided, too",
    "records": CHOSEN,
}


@admin.register(BulkAct)
class BulkActAdmin(OwnedFacts):
    """Acts are begun on "Find records"; here they are read and taken back."""

    change_list_template = "annotation/bulk_acts.html"
    change_form_template = "annotation/bulk_act.html"
    list_display = [
        "what",
        "records_changed",
        "project",
        "why",
        "by",
        "at",
        "state",
    ]
    list_filter = ["kind", "status"]
    list_select_related = ["project", "by", "undone_by", "guidelines"]
    ordering = ["-id"]
    fields = [
        "what",
        "project",
        "which",
        "why",
        "records_changed",
        "state",
        "by",
        "at",
        "undoing",
    ]
    readonly_fields = ["what", "which", "why", "records_changed", "state", "undoing"]

    def get_urls(self) -> list[URLPattern]:
        undo = require_POST(self.admin_site.admin_view(self.undo))
        name = "annotation_bulkact_undo"
        return [path("<int:number>/undo/", undo, name=name), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        nothing_yet = not self.get_queryset(request).exists()
        context = {"title": "Bulk acts", "nothing_yet": nothing_yet}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        act = self.get_queryset(request).filter(pk=row_number(object_id) or 0).first()
        context = {
            "title": "Bulk act",
            "act": act,
            "done": act and bulk_acts.done_so_far(act),
            "may_undo": act is not None
            and request.user.has_perm(UNDO, act.project)
            and bulk_undoing.can_be_undone(act),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def undo(self, request: HttpRequest, number: int) -> HttpResponse:
        """Take an act back."""
        act = self.get_queryset(request).filter(pk=number).first()
        if act is None:
            raise Http404
        project_for(request, act.project.slug, UNDO)
        try:
            act = bulk_undoing.start(
                act_id=act.pk, by=cast("User", request.user), now=timezone.now()
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
            return redirect("admin:annotation_bulkact_change", number)
        if act.is_at_work:
            messages.info(request, "It is being undone.")
        elif act.left_alone:
            messages.warning(request, _outcome(act))
        else:
            messages.success(request, _outcome(act))
        return redirect("admin:annotation_bulkact_change", number)

    def owner_of(self, obj: Model) -> Any:
        return cast("BulkAct", obj).project

    @admin.display(description="What", ordering="kind")
    def what(self, act: BulkAct) -> str:
        if act.kind == BulkAct.Kind.OVERLAP:
            return f"Raised the overlap to {act.value}"
        if act.kind == BulkAct.Kind.REREVIEW and act.guidelines:
            return f"Opened for re-review, version {act.guidelines.version}"
        if act.sets_decisions_aside:
            return "Requeued, decisions of seniors as well"
        return act.get_kind_display()

    @admin.display(description="Records", ordering="count")
    def records_changed(self, act: BulkAct) -> str:
        if act.status == BulkAct.Status.RUNNING or act.count == act.total:
            return f"{act.count:,}"
        return f"{act.count:,} of {act.total:,}" if act.total else f"{act.count:,}"

    @admin.display(description="Why")
    def why(self, act: BulkAct) -> SafeString:
        return chips(act.reason)

    @admin.display(description="State", ordering="status")
    def state(self, act: BulkAct) -> SafeString:
        words = act.get_status_display()
        return format_html('<span class="pill {}">{}</span>', _TONES[act.status], words)

    @admin.display(description="Which records")
    def which(self, act: BulkAct) -> SafeString:
        parts = [
            _part(_NAMES.get(name, name.replace("_", " ")), value)
            for name, value in act.query.items()
        ]
        return chips(", ".join(parts) or "-")

    @admin.display(description="Undone")
    def undoing(self, act: BulkAct) -> str:
        if act.undone_at is None:
            return _outcome(act) if act.left_alone else "-"
        return f"{_outcome(act)} By {act.undone_by}, {act.undone_at:%Y-%m-%d %H:%M}."


def _part(name: str, value: Any) -> str:
    """One part of a filter in words."""
    if value is True:
        return name
    if name == CHOSEN:
        return f"{len(value):,} {name}"
    words = " or ".join(map(str, value)) if isinstance(value, list) else value
    return f"{name}: {words}"


def _outcome(act: BulkAct) -> str:
    """Say what undoing did, and what it left alone and why."""
    words = f"{act.restored:,} of {act.count:,} records are as they were."
    left = [f"{number:,} {why}" for why, number in sorted(act.left_alone.items())]
    return f"{words} Left alone: {', '.join(left)}." if left else words
