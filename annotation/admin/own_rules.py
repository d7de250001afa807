"""A project's own rules: a table with what was measured, and the page of a new one.

The page shows what a rule would change before anything is saved. A rule is never
edited: its page begins a new version, which takes its place.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation.admin.own_rule_forms import TYPE_WORDS, RuleForm
from annotation.admin.owned import projects_allowing
from annotation.admin.pages import page_context, row_number
from annotation.admin.withdrawing import Withdrawable
from annotation.models import SanitizingRule
from annotation.services import own_rules
from netft_site.base.refusals import Refused

_MEASURED = ["recall", "clean_texts", "matches_per_mb", "ms_per_mb", "on_ruleset"]


@admin.register(SanitizingRule)
class SanitizingRuleAdmin(Withdrawable):
    change_list_template = "annotation/own_rules.html"
    list_display = [
        "name",
        "state",
        "pattern_shown",
        "type",
        "project",
        "recall",
        "matches_per_mb",
        "ms_per_mb",
    ]
    list_title = "Sanitizing rules"
    ordering = [F("withdrawn_at").asc(nulls_first=True), "name"]
    list_select_related = ["project", "created_by"]
    readonly_fields = [
        "type",
        "pattern_shown",
        "lines_that_must_match",
        "lines_that_must_not",
        "written_by",
        *_MEASURED,
    ]
    fieldsets: ClassVar[list[Any]] = [
        (
            None,
            {
                "fields": [
                    "name",
                    "project",
                    "type",
                    "pattern_shown",
                    "lines_that_must_match",
                    "lines_that_must_not",
                    "written_by",
                    "created_at",
                    "withdrawn_at",
                ]
            },
        ),
        ("Measured when it was saved", {"fields": _MEASURED}),
    ]
    what_follows = (
        "Imports from now on do without it. Tickets stored before keep what it "
        "replaced until they are sanitized again."
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("annotation.add_sanitizingrule")

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Preview a rule, or save it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        projects = projects_allowing(request, "annotation.add_sanitizingrule").active()
        if request.method != "POST":
            return _show(request, RuleForm(projects, initial=self._like(request)))
        previews = request.POST.get("action") == "preview"
        form = RuleForm(projects, request.POST, needs_all=not previews)
        if form.is_valid():
            try:
                if previews:
                    return _show(request, form, shown=_preview(form))
                return _save(request, form)
            except own_rules.RuleRefused as refusal:
                for flaw in refusal.flaws:
                    form.add_error(flaw.part, flaw.words)
            except Refused as refusal:
                form.add_error(None, refusal.message)
        return _show(request, form, status=422)

    def _like(self, request: HttpRequest) -> dict[str, Any]:
        """Return the fields of the rule that a new version begins with."""
        number = row_number(request.GET.get("like", ""))
        rule = self.get_queryset(request).filter(pk=number).first()
        if rule is None:
            return {}
        return {
            "project": rule.project_id,
            "name": rule.name,
            "span_type": rule.span_type,
            "pattern": rule.pattern,
            "must": "\n".join(rule.must),
            "must_not": "\n".join(rule.must_not),
        }

    def newer_url(self, request: HttpRequest, row: SanitizingRule) -> str:
        if not request.user.has_perm("annotation.add_sanitizingrule", row.project):
            return ""
        return f"{reverse('admin:annotation_sanitizingrule_add')}?like={row.pk}"

    def withdraw_row(self, row: SanitizingRule, by: User, now: datetime) -> None:
        own_rules.withdraw_rule(rule=row, by=by, now=now)

    @admin.display(description="Replaces", ordering="span_type")
    def type(self, rule: SanitizingRule) -> str:
        return TYPE_WORDS.get(rule.span_type, rule.span_type)

    @admin.display(description="Pattern")
    def pattern_shown(self, rule: SanitizingRule) -> SafeString:
        return format_html('<code class="pattern">{}</code>', rule.pattern)

    @admin.display(description="Lines that must match")
    def lines_that_must_match(self, rule: SanitizingRule) -> SafeString | str:
        return _pre(rule.must)

    @admin.display(description="Lines that must not match")
    def lines_that_must_not(self, rule: SanitizingRule) -> SafeString | str:
        return _pre(rule.must_not)

    @admin.display(description="Written by")
    def written_by(self, rule: SanitizingRule) -> str:
        return str(rule.created_by or "-")

    @admin.display(description="Recall")
    def recall(self, rule: SanitizingRule) -> str:
        found = rule.measured
        return f"{found['recall']:.1%}" if "recall" in found else "-"

    @admin.display(description="Bundled clean texts changed")
    def clean_texts(self, rule: SanitizingRule) -> str:
        found = rule.measured
        if "clean" not in found:
            return "-"
        return f"{found['clean_changed']} of {found['clean']}"

    @admin.display(description="Matches per MB")
    def matches_per_mb(self, rule: SanitizingRule) -> str:
        found = rule.measured
        if not found.get("bytes"):
            return "-"
        return f"{found['matches_per_mb']:,.0f}"

    @admin.display(description="Time per MB")
    def ms_per_mb(self, rule: SanitizingRule) -> str:
        found = rule.measured
        return f"{found['ms_per_mb']:,.1f} ms" if "ms_per_mb" in found else "-"

    @admin.display(description="Ruleset")
    def on_ruleset(self, rule: SanitizingRule) -> str:
        return str(rule.measured.get("ruleset", "-"))


def _preview(form: RuleForm) -> own_rules.Preview:
    cleaned = form.cleaned_data
    return own_rules.preview(
        project=cleaned["project"],
        span_type=cleaned["span_type"],
        pattern=cleaned["pattern"],
    )


def _save(request: HttpRequest, form: RuleForm) -> HttpResponse:
    rule = own_rules.save_rule(
        **form.cleaned_data, by=cast(User, request.user), now=timezone.now()
    )
    messages.success(
        request,
        f"The rule {rule.name} is in force. Imports from now on use it; tickets "
        "stored before stay as they are until they are sanitized again.",
    )
    return redirect("admin:annotation_sanitizingrule_change", rule.pk)


def _show(
    request: HttpRequest,
    form: RuleForm,
    shown: own_rules.Preview | None = None,
    status: int = 200,
) -> HttpResponse:
    context = page_context(request, "New rule", form=form, preview=shown)
    return TemplateResponse(
        request, "annotation/own_rule_add.html", context, status=status
    )


def _pre(lines: list[str]) -> SafeString | str:
    if not lines:
        return "-"
    return format_html('<pre class="text" tabindex="0">{}</pre>', "\n".join(lines))
