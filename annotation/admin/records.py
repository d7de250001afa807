"""Records as a table to read: sanitized text with its pseudonyms as chips.

What became known after a ticket was opened is shown to those who may see verdicts;
the others may have to label it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation.admin import sanitizing_review
from annotation.admin.owned import OwnedFacts
from annotation.admin.pages import row_number
from annotation.models import Record
from annotation.services import stored_texts
from annotation.templatetags.chips import chips

_TONES = {
    "OPEN": "info",
    "HELD": "warn",
    "CONTESTED": "warn",
    "SETTLED": "good",
    "EXCLUDED": "quiet",
}
_OPENING = ["external_id", "text", "category", "vendor", "device_type", "site_shown"]
_LATER = ["later_updates", "how_it_was_resolved"]
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
        "state",
        ("project", admin.RelatedOnlyFieldListFilter),
        "kind",
        "origin",
    ]
    list_select_related = ["project"]
    search_fields = ["external_id__startswith", "title", "category__iexact"]
    search_help_text = "Beginning of an id, words of a title, or a category."

    class Media:
        css = {"all": ["annotation/records.css"]}

    def get_urls(self) -> list[URLPattern]:
        return [
            *sanitizing_review.urls(self.admin_site.admin_view),
            *super().get_urls(),
        ]

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

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list:
        sections = [("What was known at opening", {"fields": _OPENING})]
        owner = obj and self.owner_of(obj)
        if owner and request.user.has_perm("annotation.view_verdict", owner):
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
        return format_html(
            '<span class="pill {}">{}</span>',
            _TONES[record.state],
            record.state.capitalize(),
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
