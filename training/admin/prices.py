"""The price book: a table of prices with their sources, and a page that adds one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation.admin.owned import projects_allowing
from annotation.admin.pages import page_context
from annotation.admin.withdrawing import InForceFilter, Withdrawable
from annotation.models import Project
from netft_site.base.charts.amounts import money
from netft_site.base.refusals import Refused
from training.models import Price
from training.services.economics import pricing

_USUAL_LIFE = timedelta(days=90)


class StaleFilter(admin.SimpleListFilter):
    """Prices to be checked again."""

    title = "check"
    parameter_name = "stale"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Stale"), ("no", "Fresh")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        today = timezone.localdate()
        if self.value() == "yes":
            return queryset.filter(expires_on__lt=today, withdrawn_at__isnull=True)
        if self.value() == "no":
            return queryset.filter(expires_on__gte=today)
        return queryset


class PriceForm(forms.Form):
    """A price with its source and its days."""

    project = forms.ModelChoiceField(Project.objects.none(), empty_label=None)
    provider = forms.CharField(
        max_length=80, help_text="Who is paid: a provider, your own rack, a team."
    )
    model = forms.CharField(
        label="Model, machine or work",
        max_length=80,
        help_text="As scenarios will name it.",
    )
    unit = forms.ChoiceField(
        label="Price of one", choices=Price._meta.get_field("unit").choices or []
    )
    amount = forms.DecimalField(min_value=0, max_digits=16, decimal_places=6)
    currency = forms.CharField(
        max_length=3, help_text="Three letters, such as EUR. Nothing is converted."
    )
    source = forms.CharField(
        max_length=500, help_text="A web address, or the name of a contract."
    )
    valid_from = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    expires_on = forms.DateField(
        label="Check again by",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="After this day the price is flagged as stale wherever it is used.",
    )

    def __init__(self, projects: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()


@admin.register(Price)
class PriceAdmin(Withdrawable):
    change_list_template = "training/prices.html"
    list_title = "Price book"
    list_display = [
        "item",
        "state",
        "unit",
        "price",
        "valid_from",
        "expires_on",
        "cited",
        "project",
    ]
    list_filter = [
        InForceFilter,
        StaleFilter,
        "unit",
        ("project", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["project", "added_by"]
    search_fields = ["provider", "model"]
    fields = [
        "project",
        "provider",
        "model",
        "unit",
        "price",
        "cited",
        "valid_from",
        "expires_on",
        "added_by",
        "created_at",
        "withdrawn_at",
    ]
    readonly_fields = ["price", "cited"]
    what_follows = (
        "Figures from now on do without it: an earlier price holds again where there "
        "is one, and scenarios without any price say so."
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("training.add_price")

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Add a price, from a source and a day."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        projects = projects_allowing(request, "training.add_price").active()
        if request.method != "POST":
            return _show(request, PriceForm(projects, initial=_first(request)))
        form = PriceForm(projects, request.POST)
        if form.is_valid():
            try:
                price = pricing.add_price(
                    **form.cleaned_data, by=cast(User, request.user)
                )
            except Refused as refusal:
                key = getattr(refusal, "key", "") or None
                form.add_error(key, refusal.message)
            else:
                self.log_addition(request, price, "Added.")
                self.message_user(request, f"Added: {price}.")
                return redirect("admin:training_price_changelist")
        return _show(request, form, status=422)

    def withdraw_row(self, row: Price, by: User, now: datetime) -> None:
        pricing.withdraw_price(price=row, now=now)

    @admin.display(description="Entry", ordering="provider")
    def item(self, price: Price) -> str:
        return f"{price.provider} {price.model}"

    @admin.display(description="State", ordering="withdrawn_at")
    def state(self, row: Price) -> SafeString:
        if row.withdrawn_at is None and row.is_stale(timezone.localdate()):
            return format_html('<span class="pill {}">{}</span>', "warn", "Stale")
        return super().state(row)

    @admin.display(description="Price", ordering="amount")
    def price(self, price: Price) -> str:
        return f"{money(price.amount)} {price.currency}"

    @admin.display(description="Source")
    def cited(self, price: Price) -> SafeString | str:
        if not price.source.startswith(("https://", "http://")):
            return price.source
        # A link only to the web: a source is typed by a person.
        words = price.source.split("://", 1)[1]
        short = words if len(words) <= 40 else f"{words[:39]}…"
        return format_html(
            '<a href="{}" rel="noopener noreferrer">{}</a>', price.source, short
        )


def _first(request: HttpRequest) -> dict[str, Any]:
    today = timezone.localdate()
    slug = request.GET.get("project", "")
    project = Project.objects.active().filter(slug=slug).first()
    return {"project": project, "valid_from": today, "expires_on": today + _USUAL_LIFE}


def _show(request: HttpRequest, form: PriceForm, status: int = 200) -> HttpResponse:
    context = page_context(
        request,
        "Add a price",
        form=form,
        list_url=reverse("admin:training_price_changelist"),
    )
    return TemplateResponse(request, "training/price_add.html", context, status=status)
