"""Values that people reported as missed: a table, and the way back.

Nobody knows the values any more: the table tells their type, who reported them, and in
how many records a pseudonym stands for them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation.admin.withdrawing import InForceFilter, Withdrawable
from annotation.models import MissedValue
from annotation.services import missed_withdrawing
from annotation.services.missed_values import SECRETS


@admin.register(MissedValue)
class MissedValueAdmin(Withdrawable):
    change_list_template = "annotation/missed_values.html"
    list_title = "Missed values"
    list_display = ["what", "state", "project", "reported_by", "created_at"]
    list_filter = [
        InForceFilter,
        "span_type",
        ("project", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["project", "reported_by"]
    # Every row looks for its pseudonym in the texts.
    list_per_page = 20
    fields = [
        "what", "pseudonym", "standing", "project", "reported_by", "created_at",
        "withdrawn_at",
    ]  # fmt: skip
    readonly_fields = ["what", "pseudonym", "standing"]
    what_follows = (
        "The value stands again wherever the raw text is still kept: the task queue "
        "does it. Records without raw text keep the pseudonym for good, and so do "
        "frozen datasets."
    )

    def withdraw_row(self, row: MissedValue, by: User, now: datetime) -> None:
        missed_withdrawing.withdraw(missed=row, by=by, now=now)

    def may_withdraw(self, request: HttpRequest, row: MissedValue) -> bool:
        """Whether this person may: a credential needs somebody but its reporter."""
        person = cast(User, request.user)
        may = super().may_withdraw(request, row)
        return may and not missed_withdrawing.needs_another(row, person)

    def called(self, row: MissedValue) -> str:
        count = _count(row)
        where = "" if count is None else f", in {count} record{'s' * (count != 1)}"
        return f"{_type(row)} {row.pk}, reported by {row.reported_by}{where}"

    @admin.display(description="Type", ordering="span_type")
    def what(self, row: MissedValue) -> str:
        return _type(row)

    @admin.display(description="Pseudonym")
    def pseudonym(self, row: MissedValue) -> SafeString | str:
        token = missed_withdrawing.token_of(row)
        return format_html('<span class="mono">{}</span>', token) if token else "-"

    @admin.display(description="Stands in records")
    def standing(self, row: MissedValue) -> str:
        count = _count(row)
        return "-" if count is None else str(count)

    def _named(self, verb: str) -> str:
        """Who reviews the sanitizing reports missed values, and takes them back."""
        return f"annotation.{verb}_sanitization"


def _count(row: MissedValue) -> int | None:
    return missed_withdrawing.records_with(row)


def _type(row: Any) -> str:
    return SECRETS.get(row.span_type, row.span_type)
