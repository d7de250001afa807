"""Judged pairs of answers as a table to read; they come by the API and from ratings."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation.admin.owned import OwnedFacts
from annotation.models import Preference
from annotation.templatetags.chips import chips


@admin.register(Preference)
class PreferenceAdmin(OwnedFacts):
    owner_path = "record__project"
    list_display = ["record", "better", "source", "created_at"]
    list_filter = ["source"]
    list_select_related = ["record__project"]
    search_fields = ["record__external_id__startswith"]
    search_help_text = "Beginning of a record's id."
    readonly_fields = [
        "record",
        "asked",
        "better",
        "worse",
        "source",
        "provenance",
        "created_at",
    ]
    fields = tuple(readonly_fields)

    @admin.display(description="What was asked")
    def asked(self, pair: Preference) -> SafeString | str:
        return chips(pair.prompt) if pair.prompt else "-"

    @admin.display(description="Better answer")
    def better(self, pair: Preference) -> SafeString:
        return format_html('<pre class="text">{}</pre>', chips(pair.chosen))

    @admin.display(description="Other answer")
    def worse(self, pair: Preference) -> SafeString:
        return format_html('<pre class="text">{}</pre>', chips(pair.rejected))
