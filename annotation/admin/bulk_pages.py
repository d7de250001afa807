"""The confirmation of an act on many records: how many, what happens, and why.

GET counts and changes nothing; POST acts only if the number is still the one confirmed.
"""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views import View

from annotation.admin.asked_records import Asked, asked_by
from annotation.admin.find_forms import ConfirmForm
from annotation.admin.pages import page_context, project_for, row_number
from annotation.models import BulkAct, Project
from annotation.services import bulk_acts, bulk_orders
from annotation.services.bulk_orders import Order, Preview
from netft_site.base.refusals import Refused

PERMISSION = "annotation.add_bulkact"
PAGE = "admin:annotation_find_records"
_VERBS = {
    BulkAct.Kind.EXCLUDE: "Exclude",
    BulkAct.Kind.REQUEUE: "Requeue",
    BulkAct.Kind.OVERLAP: "Raise the overlap of",
}


class BulkView(View):
    """One act, looked at and confirmed."""

    project: Project

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        self.project = project_for(request, slug, PERMISSION)
        return super().dispatch(request, slug)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        try:
            asked = asked_by(request, self.project)
            order = _order(request, asked)
            seen = self._preview(request, order)
        except Refused as refusal:
            return self._back(request, refusal)
        form = ConfirmForm(initial={"expected_count": seen.count})
        return self._show(request, asked, order, seen, form)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        try:
            asked = asked_by(request, self.project)
            order = _order(request, asked)
            seen = self._preview(request, order)
        except Refused as refusal:
            return self._back(request, refusal)
        form = ConfirmForm(request.POST)
        if not form.is_valid():
            return self._show(request, asked, order, seen, form)
        try:
            act = bulk_acts.start(
                project=self.project,
                by=cast("User", request.user),
                order=order,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except Refused as refusal:
            form.add_error(None, refusal.message)
            # Confirmed anew, it is confirmed for the number that is shown now.
            form.data = {**request.POST.dict(), "expected_count": str(seen.count)}
            return self._show(request, asked, order, seen, form)
        if act.is_at_work:
            messages.info(request, f"At work on {act.total:,} records.")
        else:
            messages.success(request, f"{act.count:,} records changed.")
        return redirect("admin:annotation_bulkact_change", act.pk)

    def _preview(self, request: HttpRequest, order: Order) -> Preview:
        return bulk_orders.preview(
            project=self.project,
            by=cast("User", request.user),
            order=order,
            now=timezone.now(),
        )

    def _back(self, request: HttpRequest, refusal: Refused) -> HttpResponse:
        messages.error(request, refusal.message)
        return redirect(reverse(PAGE, args=[self.project.slug]))

    def _show(
        self,
        request: HttpRequest,
        asked: Asked,
        order: Order,
        seen: Preview,
        form: ConfirmForm,
    ) -> HttpResponse:
        number = (
            {"reviews_wanted": order.reviews_wanted} if order.reviews_wanted else {}
        )
        noun = "record" if seen.count == 1 else "records"
        context = page_context(
            request,
            f"{_VERBS[BulkAct.Kind(order.kind)]} {seen.count:,} {noun}",
            project=self.project,
            asked=asked,
            order=order,
            seen=seen,
            form=form,
            verb=_VERBS[BulkAct.Kind(order.kind)],
            with_decisions=asked.with_parameters(act=order.kind, aside=1),
            without_decisions=asked.with_parameters(act=order.kind),
            here=asked.with_parameters(
                act=order.kind,
                **number,
                **({"aside": 1} if order.sets_decisions_aside else {}),
            ),
            back=asked.with_parameters(),
        )
        status = 422 if form.errors else 200
        return TemplateResponse(
            request, "annotation/bulk_confirm.html", context, status=status
        )


def _order(request: HttpRequest, asked: Asked) -> Order:
    kind = request.GET.get("act", "").upper()
    number = row_number(request.GET.get("reviews_wanted", ""))
    order = Order(
        kind=kind,
        wanted=asked.wanted,
        reviews_wanted=number if kind == BulkAct.Kind.OVERLAP else None,
        sets_decisions_aside=kind == BulkAct.Kind.REQUEUE
        and request.GET.get("aside") == "1",
    )
    bulk_orders.check(order)
    return order
