"""Records as a table to read: sanitized text with its pseudonyms as chips.

What became known after a ticket was opened is shown to those who may see verdicts;
the others may have to label it, and are not told whether it is settled: a gold record
is, and must not be recognised.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation.admin import resolution_marks, sanitizing_review
from annotation.admin.find_urls import find_urls
from annotation.admin.long_tables import CappedPaginator, OwnProjectsFilter
from annotation.admin.owned import OwnedFacts
from annotation.admin.pages import row_number
from annotation.admin.states import StateFilter, reads_all_verdicts, state_pill
from annotation.models import Record
from annotation.querysets.records import RecordQuerySet
from annotation.services import stored_texts
from annotation.services.access import projects_granting
from annotation.services.finding import VIEW_VERDICTS
from annotation.templatetags.chips import chips

_OPENING = ["external_id", "text", "category", "vendor", "device_type", "site_shown"]
_LATER = ["later_updates", "how_it_was_resolved", "judged"]
_FACTS = [
    "state_shown",
    "kind",
    "origin",
    "opened_at",
    "context",
    "incident_key",
    "near_duplicate_of",
    "reviews_wanted",
    "batch",
    "created_at",
]
_SANITIZING = ["replaced", "looked_at", "raw_text"]


_ASKED_BY_ALL = {"project", "kind", "origin", "category", "vendor", "batch"}
"""Columns that anybody filters by; the state has a filter of its own."""


@admin.register(Record)
class RecordAdmin(OwnedFacts):
    change_list_template = "annotation/records.html"
    change_form_template = "annotation/record.html"
    list_display = [
        "external_id",
        "title_shown",
        "category",
        "state_shown",
        "project",
        "opened_at",
    ]
    list_filter = [
        StateFilter,
        ("project", OwnProjectsFilter),
        "kind",
        "origin",
    ]
    list_select_related = ["project"]
    actions = ["mark_right", "mark_wrong", "mark_missing", "unmark"]
    paginator = CappedPaginator
    ordering = ("-pk",)
    search_fields = ["external_id__startswith"]
    search_help_text = "Beginning of an id; “Find records” searches the texts."

    class Media:
        css = {"all": ["annotation/records.css"]}

    def walks_all(self, request: HttpRequest) -> bool:
        return request.GET.keys() <= {"p"}

    def get_urls(self) -> list[URLPattern]:
        return [
            *sanitizing_review.urls(self.admin_site.admin_view),
            *find_urls(self.admin_site.admin_view),
            *resolution_marks.urls(self.admin_site.admin_view),
            *super().get_urls(),
        ]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse to filter by tables that lead here: gold, reviews, verdicts, seats.

        The stock admin takes any such filter from an address, and its answer would tell
        a reviewer what a page does not. For the same reason those who do not read
        verdicts filter by a few columns alone: state, priority and the round are not
        among them.
        """
        first = lookup.split("__")[0]
        if lookup == StateFilter.parameter_name:
            return True
        if first not in _ASKED_BY_ALL and not reads_all_verdicts(request):
            return False
        reverse_names = {
            one.name for one in self.opts.get_fields() if one.auto_created
        } - {"id"}
        return first not in reverse_names and super().lookup_allowed(
            lookup, value, request
        )

    def get_queryset(self, request: HttpRequest) -> RecordQuerySet:
        rows = cast("RecordQuerySet", super().get_queryset(request))
        if request.user.is_superuser:
            return rows.telling_states_of(None)
        return rows.telling_states_of(projects_granting(request.user, VIEW_VERDICTS))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """An order by state would tell what the column does not."""
        columns = super().get_list_display(request)
        if reads_all_verdicts(request):
            return columns
        return ["state_told" if one == "state_shown" else one for one in columns]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Records", **(extra_context or {})}
        return super().changelist_view(request, context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {
            "title": "Record",
            "sanitizing_page": self._sanitizing_page(request, object_id),
            "mark_choices": self._mark_choices(request, object_id),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def _sanitizing_page(self, request: HttpRequest, object_id: str) -> str:
        """Return where the record's sanitizing is reviewed, for those who may."""
        number = row_number(object_id)
        rows = Record.objects.filter(pk=number or 0, sanitization__isnull=False)
        record = rows.select_related("project").first()
        if record is None or not request.user.has_perm(
            sanitizing_review.PERMISSION, record.project
        ):
            return ""
        return reverse(sanitizing_review.RECORD, args=[record.project.slug, record.pk])

    def _mark_choices(
        self, request: HttpRequest, object_id: str
    ) -> list[tuple[str, str]]:
        """What the resolution may be marked as, by those who read and judge it."""
        rows = Record.objects.filter(pk=row_number(object_id) or 0)
        record = rows.select_related("project").first()
        if record is None or not record.resolution:
            return []
        asked = (resolution_marks.PERMISSION, VIEW_VERDICTS)
        if not all(request.user.has_perm(one, record.project) for one in asked):
            return []
        return [
            one
            for one in resolution_marks.CHOICES
            if one[0] != (record.resolution_mark)
        ]

    def has_mark_permission(self, request: HttpRequest) -> bool:
        """Who marks resolutions reads them."""
        asked = (resolution_marks.PERMISSION, VIEW_VERDICTS)
        return all(projects_granting(request.user, one) for one in asked)

    @admin.action(description="Resolution: it is right", permissions=["mark"])
    def mark_right(self, request: HttpRequest, chosen: RecordQuerySet) -> None:
        resolution_marks.mark_chosen(request, chosen, "CONFIRMED")

    @admin.action(description="Resolution: it is wrong", permissions=["mark"])
    def mark_wrong(self, request: HttpRequest, chosen: RecordQuerySet) -> None:
        resolution_marks.mark_chosen(request, chosen, "WRONG")

    @admin.action(description="Resolution: it says nothing", permissions=["mark"])
    def mark_missing(self, request: HttpRequest, chosen: RecordQuerySet) -> None:
        resolution_marks.mark_chosen(request, chosen, "MISSING")

    @admin.action(description="Resolution: take the mark back", permissions=["mark"])
    def unmark(self, request: HttpRequest, chosen: RecordQuerySet) -> None:
        resolution_marks.mark_chosen(request, chosen, "")

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list:
        sections = [("What was known at opening", {"fields": _OPENING})]
        owner = obj and self.owner_of(obj)
        if owner and request.user.has_perm(VIEW_VERDICTS, owner):
            sections.append(("What became known later", {"fields": _LATER}))
        sections.append(("Facts", {"fields": _FACTS}))
        if owner and request.user.has_perm("annotation.view_sanitization", owner):
            sections.append(("Sanitizing", {"fields": _SANITIZING}))
        return sections

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> list[str]:
        return [*_OPENING, *_LATER, *_FACTS, *_SANITIZING]

    @admin.display(description="Title", ordering="title")
    def title_shown(self, record: Record) -> SafeString | str:
        if record.state == Record.State.HELD:
            return format_html('<span class="quiet">{}</span>', "held, no text shown")
        return chips(record.title or record.body[:100])

    @admin.display(description="State", ordering="state")
    def state_shown(self, record: Record) -> SafeString:
        return self.state_told(record)

    @admin.display(description="State")
    def state_told(self, record: Record) -> SafeString:
        return state_pill(
            record.state, reads_verdicts=bool(vars(record)["tells_state"])
        )

    @admin.display(description="Text")
    def text(self, record: Record) -> SafeString | str:
        return _pre(record.text)

    @admin.display(description="Site")
    def site_shown(self, record: Record) -> SafeString | str:
        return chips(record.site) if record.site else "-"

    @admin.display(description="Updates")
    def later_updates(self, record: Record) -> SafeString:
        return render_to_string("annotation/thread.html", {"thread": record.thread})

    @admin.display(description="Resolution")
    def how_it_was_resolved(self, record: Record) -> SafeString | str:
        return _pre(record.resolution)

    @admin.display(description="Judged as")
    def judged(self, record: Record) -> str:
        return record.get_resolution_mark_display() or "not judged"

    @admin.display(description="Attributes")
    def context(self, record: Record) -> SafeString | str:
        words = [f"{name}: {value}" for name, value in record.attributes.items()]
        return chips(", ".join(words)) if words else "-"

    @admin.display(description="Replaced")
    def replaced(self, record: Record) -> str:
        spans = getattr(record, "sanitization", None)
        if spans is None:
            return "-"
        kinds = Counter(span[2] for part in spans.spans.values() for span in part)
        found = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        return f"{found or 'nothing'} (ruleset {spans.ruleset}, key {spans.key_id})"

    @admin.display(description="Worth a look")
    def looked_at(self, record: Record) -> str:
        found = getattr(record, "sanitization", None)
        if found is None:
            return "-"
        if found.reason:
            return f"Held: {found.reason}"
        wires = [wire[2] for part in found.tripwires.values() for wire in part]
        return ", ".join(sorted(set(wires))) or "nothing"

    @admin.display(description="Raw text")
    def raw_text(self, record: Record) -> str:
        found = getattr(record, "sanitization", None)
        if found is None or not found.raw_ciphertext:
            return "not kept"
        if found.expires_at is None:
            return "kept encrypted"
        if not stored_texts.raw_is_kept(found, timezone.now()):
            return "expired"
        return f"kept encrypted until {found.expires_at:%Y-%m-%d}"


def _pre(text: str) -> SafeString | str:
    if not text:
        return "-"
    return format_html('<pre class="text" tabindex="0">{}</pre>', chips(text))
