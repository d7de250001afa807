"""Base models: the registry, a page for each, and the approval of its licence."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from annotation.admin.owned import FactsOnly
from annotation.admin.pages import page_context, row_number
from netft_site.base.refusals import Refused
from training.models import BaseModel
from training.services import base_folders, base_models, registering

REGISTER = "training.add_basemodel"
APPROVE = "training.approve_licence"
_PAGE = "admin:training_basemodel_change"


class RegisterForm(forms.Form):
    """A folder on this machine, and what to call the model in it."""

    folder = forms.ChoiceField(
        help_text="With config.json, tokenizer.json and weights as safetensors."
    )
    name = forms.SlugField(max_length=80, help_text="What runs will call it.")
    licence = forms.CharField(
        max_length=80, help_text="Of the weights, such as Apache-2.0."
    )
    revision = forms.CharField(
        max_length=80,
        required=False,
        help_text="Which state of the published model it is, if you know.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder = cast(forms.ChoiceField, self.fields["folder"])
        folder.choices = [(name, name) for name in base_folders.on_offer()]


class ApproveForm(forms.Form):
    """What a licence permits, in words."""

    note = forms.CharField(
        label="What the licence permits",
        max_length=500,
        help_text="Stays beside your name: commercial use, changes, limits on use.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@admin.register(BaseModel)
class BaseModelAdmin(FactsOnly):
    change_list_template = "training/base_models.html"
    list_display = [
        "name",
        "architecture",
        "state",
        "size",
        "reads",
        "licence",
    ]
    list_filter = ["architecture", "source"]
    search_fields = ["name"]

    @admin.display(description="Licence approved")
    def state(self, base: BaseModel) -> SafeString:
        tone, words = ("good", "Yes") if base.is_approved else ("warn", "Waits")
        return format_html('<span class="pill {}">{}</span>', tone, words)

    @admin.display(description="Parameters", ordering="parameters")
    def size(self, base: BaseModel) -> str:
        return f"{base.parameters:,}" if base.parameters else "-"

    @admin.display(description="Reads tokens", ordering="context_length")
    def reads(self, base: BaseModel) -> str:
        return f"{base.context_length:,}" if base.context_length else "-"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(REGISTER)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Base models", **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_urls(self) -> list[URLPattern]:
        approve = require_POST(self.admin_site.admin_view(self.approve))
        name = "training_basemodel_approve"
        return [path("<int:number>/approve/", approve, name=name), *super().get_urls()]

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Register the model in a folder on offer."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return _ask(request, RegisterForm())
        form = RegisterForm(request.POST)
        if form.is_valid():
            try:
                base = registering.register_offered(**form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, f"{base} is registered.")
                return redirect(_PAGE, base.pk)
        return _ask(request, form, status=422)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What is known of a base model."""
        return _show(request, self._base(request, row_number(object_id)), ApproveForm())

    def approve(self, request: HttpRequest, number: int) -> HttpResponse:
        """Approve a licence in one's own name."""
        base = self._base(request, number)
        if not request.user.has_perm(APPROVE):
            raise PermissionDenied
        form = ApproveForm(request.POST)
        if form.is_valid():
            try:
                registering.approve_licence(
                    base=base,
                    by=cast(User, request.user),
                    note=form.cleaned_data["note"],
                    now=timezone.now(),
                )
            except Refused as refusal:
                messages.error(request, refusal.message)
            else:
                messages.success(request, f"The licence of {base} is approved.")
            return redirect(_PAGE, base.pk)
        return _show(request, base, form, status=422)

    def _base(self, request: HttpRequest, number: int | None) -> BaseModel:
        base = self.get_queryset(request).filter(pk=number or 0).first()
        if base is None:
            raise Http404
        if not self.has_view_permission(request, base):
            raise PermissionDenied
        return base


def _ask(request: HttpRequest, form: RegisterForm, status: int = 200) -> HttpResponse:
    context = page_context(
        request,
        "Register a base model",
        form=form,
        folders=base_folders.on_offer(),
        directory=base_folders.models_dir(),
    )
    page = "training/base_model_add.html"
    return TemplateResponse(request, page, context, status=status)


def _show(
    request: HttpRequest, base: BaseModel, form: ApproveForm, status: int = 200
) -> HttpResponse:
    known, problem = None, ""
    try:
        known = base_models.read(base)
    except Refused as refusal:
        problem = refusal.message
    context = page_context(
        request,
        base.name,
        base=base,
        known=known,
        problem=problem,
        form=form,
        parameters=f"{base.parameters:,}",
        context_length=f"{base.context_length:,}",
        runs=base.runs.count(),
        may_approve=request.user.has_perm(APPROVE) and not base.is_approved,
    )
    page = "training/base_model.html"
    return TemplateResponse(request, page, context, status=status)
