""" "Find records": filter and search, keep filters, export, and act on what is found.

Open to everybody who may read records in the project; acting is for leads. GET shows;
a search is posted because its words may be ticket text, and leads to an address without
them.
"""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views import View

from annotation.admin.asked_records import Asked, asked_by, keep
from annotation.admin.find_forms import FilterForm, SaveForm
from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
    row_number,
)
from annotation.admin.states import state_pill
from annotation.domain.record_filter import RecordFilter
from annotation.domain.shown_state import shown_states
from annotation.models import Project, Record
from annotation.services import finding, record_export, saved_filters
from annotation.services.record_export import Format
from netft_site.base.refusals import Refused

PERMISSION = "annotation.view_record"
ACT = "annotation.add_bulkact"
PAGE = "admin:annotation_find_records"
LISTED = 50
_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSONL: "application/x-ndjson",
}


choose_project = project_chooser("Find records", PERMISSION, PAGE)


class FindView(View):
    """The filter, and a page of what it finds."""

    project: Project

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        self.project = project_for(request, slug, PERMISSION)
        return super().dispatch(request, slug)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        try:
            asked = asked_by(request, self.project)
        except Refused as refusal:
            return self._show(request, None, self._form(), refusal)
        form = self._form(initial=_initial(asked.wanted, self._sees_verdicts))
        return self._show(request, asked, form)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        form = self._form(request.POST)
        if not form.is_valid():
            return self._show(request, None, form)
        try:
            address = keep(request, self.project, _given(form.cleaned_data))
        except Refused as refusal:
            return self._show(request, None, form, refusal)
        return redirect(_with(reverse(PAGE, args=[slug]), address))

    def _form(self, *args: Any, **kwargs: Any) -> FilterForm:
        return FilterForm(
            self.project, *args, sees_verdicts=self._sees_verdicts, **kwargs
        )

    @property
    def _sees_verdicts(self) -> bool:
        return finding.sees_later_facts(project=self.project, user=self.request.user)

    def _show(
        self,
        request: HttpRequest,
        asked: Asked | None,
        form: FilterForm,
        refusal: Refused | None = None,
    ) -> HttpResponse:
        user, sees = cast("User", request.user), self._sees_verdicts
        context = page_context(
            request,
            "Find records",
            project=self.project,
            form=form,
            refusal=refusal,
            asked=asked,
            saved=saved_filters.listed(project=self.project, user=user),
            save_form=SaveForm(auto_id="save_%s"),
            sees_verdicts=sees,
            may_act=user.has_perm(ACT, self.project),
            may_export=user.has_perm(record_export.PERMISSION, self.project),
            any_records=asked is None or bool(asked.wanted) or self._has_records(),
            **(self._found(request, asked, sees) if asked else {}),
        )
        status = 200 if asked else 422
        return TemplateResponse(
            request, "annotation/find_records.html", context, status=status
        )

    def _has_records(self) -> bool:
        return Record.objects.of(self.project).exists()

    def _found(self, request: HttpRequest, asked: Asked, sees: bool) -> dict[str, Any]:
        """Return a page of records, the newest or the best first."""
        user, wanted = request.user, asked.wanted
        found = finding.find(project=self.project, user=user, wanted=wanted)
        by_relevance = bool(wanted.words) and request.GET.get("sort") == "best"
        if by_relevance:
            best = finding.best(project=self.project, user=user, wanted=wanted)
            page = finding.Page(list(best), finding.count(found), has_older=False)
        else:
            before = row_number(request.GET.get("before", ""))
            page = finding.page(found, size=LISTED, before=before)
        older = asked.with_parameters(before=page.rows[-1].pk) if page.has_older else ""
        return {
            "rows": _rows(self.project, page.rows, sees),
            "count": page.count,
            "by_relevance": by_relevance,
            "is_first": "before" not in request.GET,
            "older": older,
            "newest_address": asked.with_parameters(),
            "best_address": asked.with_parameters(sort="best"),
        }


class SaveView(View):
    """Keeps a filter under a name."""

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        project = project_for(request, slug, PERMISSION)
        user = cast("User", request.user)
        try:
            asked = asked_by(request, project)
            saved = saved_filters.save(
                project=project,
                owner=user,
                name=request.POST.get("name", ""),
                wanted=asked.wanted,
                is_shared=request.POST.get("is_shared") == "on",
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
            return redirect(_with(reverse(PAGE, args=[slug]), request.GET.dict()))
        messages.success(request, f"The filter is kept as {saved.name}.")
        return redirect(_with(reverse(PAGE, args=[slug]), {"saved": str(saved.pk)}))


class SavedView(View):
    """Renames, shares or removes a saved filter."""

    def post(self, request: HttpRequest, slug: str, number: int) -> HttpResponse:
        project = project_for(request, slug, PERMISSION)
        user = cast("User", request.user)
        usable = saved_filters.usable(project=project, user=user)
        saved = get_object_or_404(usable, pk=number)
        action = request.POST.get("action", "")
        try:
            if action == "remove":
                name = saved.name
                saved_filters.remove(saved=saved, by=user)
                messages.success(request, f"The filter {name} is removed.")
                return redirect(PAGE, slug)
            if action in {"share", "keep"}:
                saved_filters.change(saved=saved, by=user, is_shared=action == "share")
            elif action == "rename":
                name = request.POST.get("name", "")
                saved_filters.change(saved=saved, by=user, name=name)
            else:
                messages.error(request, "There is no such action.")
        except Refused as refusal:
            messages.error(request, refusal.message)
        return redirect(_with(reverse(PAGE, args=[slug]), {"saved": str(saved.pk)}))


def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Stream the records that an address asks for."""
    project = project_for(request, slug, record_export.PERMISSION)
    try:
        written_as = Format(request.GET.get("format", ""))
    except ValueError:
        raise Http404 from None
    try:
        asked = asked_by(request, project)
        blocks = record_export.export(
            project=project,
            user=cast("User", request.user),
            wanted=asked.wanted,
            written_as=written_as,
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect(PAGE, slug)
    name = f"{project.slug}-records.{written_as}"
    return StreamingHttpResponse(
        blocks,
        content_type=_TYPES[written_as],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _rows(
    project: Project, records: list[Record], sees_verdicts: bool
) -> list[dict[str, Any]]:
    """Return what the table shows of each record."""
    levels = finding.levels_of(records) if sees_verdicts else {}
    answers = finding.answers_of(records) if sees_verdicts else {}
    places = {level.key: level for level in project.scale.levels}
    return [
        {
            "record": record,
            "state": state_pill(record.state, reads_verdicts=sees_verdicts),
            "answers": answers.get(record.pk, 0),
            "level": places.get(levels.get(record.pk, "")),
            "because": _because(record),
        }
        for record in records
    ]


def _because(record: Record) -> str:
    """Why it waits; the page shows it to those who read verdicts alone."""
    waits = record.state in (Record.State.OPEN, Record.State.CONTESTED)
    return record.queued_because if waits else ""


def _initial(wanted: RecordFilter, sees_verdicts: bool) -> dict[str, Any]:
    states = shown_states(wanted.state, reads_verdicts=sees_verdicts)
    return {**wanted.as_query(), "state": states}


def _given(cleaned: dict[str, Any]) -> dict[str, object]:
    """Return the form's values as a filter is written."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in cleaned.items()
        if value not in (None, "", [])
    }


def _with(url: str, address: dict[str, str]) -> str:
    return f"{url}?{urlencode(address)}" if address else url
