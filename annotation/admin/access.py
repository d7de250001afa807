"""API tokens: issued for oneself, shown once, revoked, never read again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from annotation.admin.owned import NeverChanged
from annotation.admin.pages import page_context
from annotation.models import ApiToken
from annotation.services import tokens


class TokenForm(forms.Form):
    """What a new token is for and how long it lives."""

    name = forms.CharField(max_length=80, help_text="What uses it, for example ITSM.")
    days = forms.IntegerField(
        label="Days until it expires", min_value=1, max_value=366, initial=90
    )
    user = forms.ModelChoiceField(
        User.objects.none(),
        empty_label=None,
        help_text="The token may do what this person may do.",
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everyone = User.objects.filter(is_active=True).order_by("username")
        allowed = everyone if user.is_superuser else everyone.filter(pk=user.pk)
        self.fields["user"].queryset = allowed  # type: ignore[attr-defined]
        self.fields["user"].initial = user.pk


@admin.register(ApiToken)
class ApiTokenAdmin(NeverChanged):
    """Everybody sees their own tokens; a superuser sees all."""

    list_display = ["name", "prefix", "user", "state", "expires_at", "last_used_at"]
    list_display_links = None
    list_select_related = ["user"]
    actions = ["revoke"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        rows = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.filter(user=request.user.pk)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_view_permission(
        self, request: HttpRequest, obj: ApiToken | None = None
    ) -> bool:
        own = obj is None or obj.user_id == request.user.pk
        return bool(request.user.is_superuser or (request.user.is_staff and own))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Issue a token; the answer is the only page that ever shows it."""
        user = cast(User, request.user)
        form = TokenForm(user, request.POST or None)
        secret = ""
        status = 200
        if request.method == "POST":
            if form.is_valid():
                _, secret = tokens.issue(
                    user=form.cleaned_data["user"],
                    name=form.cleaned_data["name"],
                    now=timezone.now(),
                    lifetime=timedelta(days=form.cleaned_data["days"]),
                )
            else:
                status = 422
        context = page_context(request, "API token", form=form, secret=secret)
        return TemplateResponse(
            request, "annotation/token.html", context, status=status
        )

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """A token has no page: there is nothing to show of it."""
        return redirect("admin:annotation_apitoken_changelist")

    @admin.action(description="Revoke the chosen tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        for token in chosen:
            tokens.revoke(token=token, now=timezone.now())
        messages.success(request, f"Revoked: {len(chosen)}.")

    @admin.display(description="State")
    def state(self, token: ApiToken) -> str:
        if token.revoked_at:
            return "revoked"
        return "expired" if token.expires_at <= timezone.now() else "usable"
