"""Tables whose rows are in force until somebody withdraws them; nothing is deleted.

The action asks once more before it withdraws, and the row's history says who did.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation.admin.owned import OwnedFacts, projects_allowing
from annotation.admin.pages import page_context, row_number
from netft_site.base.refusals import Refused

_SHOWN = 20


class InForceFilter(admin.SimpleListFilter):
    """In force or withdrawn."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("in_force", "In force"), ("withdrawn", "Withdrawn")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in ("in_force", "withdrawn"):
            return queryset
        return queryset.filter(withdrawn_at__isnull=self.value() == "in_force")


class Withdrawable(OwnedFacts):
    """A table of what a project taught its sanitizer."""

    change_form_template = "annotation/in_force.html"
    actions = ["withdraw"]
    list_title = ""
    # What becomes of it, said on the page that asks.
    what_follows = ""

    class Media:
        css = {"all": ["annotation/taught.css"]}

    def withdraw_row(self, row: Any, by: User, now: datetime) -> None:
        """Withdraw one row through its service."""
        raise NotImplementedError

    def called(self, row: Any) -> str:
        """What the confirmation calls a row."""
        return str(row)

    def newer_url(self, request: HttpRequest, row: Any) -> str:
        """Where a new version of a row begins, if there are versions."""
        return ""

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self._named("change"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        empty = not self.get_queryset(request).exists()
        context = {
            "nothing_yet": empty,
            "title": self.list_title,
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = None
        if row_number(object_id) is not None:
            row = self.get_queryset(request).filter(pk=object_id).first()
        may = row is not None and self.may_withdraw(request, row)
        context = {
            "may_withdraw": may,
            "newer_url": self.newer_url(request, row) if row else "",
            "title": self.called(row) if row else "",
            "subtitle": None,
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    @admin.action(description="Withdraw the chosen ones", permissions=["withdraw"])
    def withdraw(
        self, request: HttpRequest, chosen: QuerySet[Any]
    ) -> HttpResponse | None:
        """Ask, then withdraw those of the chosen that are in force."""
        allowed = projects_allowing(request, self._named("change"))
        rows = chosen.filter(withdrawn_at__isnull=True, project__in=allowed)
        rows = rows.select_related("project")
        if not rows.exists():
            messages.warning(request, "None of the chosen is in force.")
            return None
        if "confirmed" not in request.POST:
            return self._ask(request, rows)
        self._withdraw_all(request, rows)
        return None

    def _withdraw_all(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        count = 0
        for row in rows:
            try:
                self.withdraw_row(row, cast(User, request.user), timezone.now())
            except Refused as refusal:
                messages.error(request, f"{self.called(row)}: {refusal.message}")
                continue
            self.log_change(request, row, "Withdrawn.")
            count += 1
        if count:
            messages.success(request, f"Withdrawn: {count}. {self.what_follows}")

    @admin.display(description="State", ordering="withdrawn_at")
    def state(self, row: Any) -> SafeString:
        tone, word = (
            ("quiet", "Withdrawn") if row.withdrawn_at else ("good", "In force")
        )
        return format_html('<span class="pill {}">{}</span>', tone, word)

    def may_withdraw(self, request: HttpRequest, row: Any) -> bool:
        """Whether this person may withdraw this row."""
        owner = self.owner_of(row)
        may = request.user.has_perm(self._named("change"), owner)
        return may and row.withdrawn_at is None

    def _ask(self, request: HttpRequest, rows: QuerySet[Model]) -> HttpResponse:
        every = request.POST.get("select_across") == "1"
        count = rows.count()
        context = page_context(
            request,
            "Withdraw?",
            opts=self.opts,
            count=count,
            shown=[self.called(row) for row in rows[:_SHOWN]],
            more=max(0, count - _SHOWN),
            every=every,
            keys=[row.pk for row in (rows[:1] if every else rows)],
            what_follows=self.what_follows,
        )
        return TemplateResponse(request, "annotation/withdraw.html", context)
