"""The pages of an import: choose a file, match its columns, watch it run.

Each page shows on GET; a POST does one thing through a service and redirects. The file
is read once when it arrives, so what is wrong with it is said on the first page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views import View

from annotation.admin.import_forms import (
    RECOGNISE,
    MappingForm,
    UploadForm,
    field_label,
)
from annotation.admin.owned import projects_allowing
from annotation.admin.pages import page_context
from annotation.domain.importing.fields import PRESETS, SYNONYMS
from annotation.domain.importing.mapping import ColumnMap
from annotation.models import ColumnMapping, ImportBatch
from annotation.services import importing
from annotation.services.importing.progress import describe
from netft_site.base.refusals import Refused

MAY_IMPORT = "annotation.add_importbatch"
MAY_LOOK = "annotation.view_importbatch"


def batch_for(request: HttpRequest, pk: int, permission: str) -> ImportBatch:
    """Return an import that this person may act on.

    Raises:
        Http404: none among those they may see.
        PermissionDenied: a member without that right.
    """
    found = ImportBatch.objects.visible_to(request.user).select_related("project")
    batch = get_object_or_404(found, pk=pk)
    if not request.user.has_perm(permission, batch.project):
        raise PermissionDenied
    return batch


class UploadView(View):
    """First step: a file for a project."""

    def dispatch(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.has_perm(MAY_IMPORT):
            raise PermissionDenied
        return super().dispatch(request)

    def get(self, request: HttpRequest) -> HttpResponse:
        wanted = request.GET.get("project", "")
        projects = projects_allowing(request, MAY_IMPORT).active()
        project = projects.filter(slug=wanted).first() or projects.first()
        initial = {"project": project}
        if project is not None and project.is_synthetic:
            initial["origin"] = "SYNTHETIC"
        return self._show(request, self._form(request, initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self._form(request, request.POST, request.FILES)
        if form.is_valid():
            try:
                batch = self._receive(request, form.cleaned_data)
            except Refused as refusal:
                form.add_error("file", refusal.message)
            else:
                page = redirect("admin:annotation_importbatch_map", batch.pk)
                page["Location"] += f"?how={form.cleaned_data['how']}"
                return page
        return self._show(request, form, status=422)

    def _form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> UploadForm:
        projects = projects_allowing(request, MAY_IMPORT).active()
        mappings = ColumnMapping.objects.filter(project__in=projects)
        return UploadForm(projects, mappings.select_related("project"), *args, **kwargs)

    def _receive(self, request: HttpRequest, cleaned: dict[str, Any]) -> ImportBatch:
        return importing.receive(
            project=cleaned["project"],
            stream=cleaned["file"].stream(),
            file_name=cleaned["file"].name,
            source=ImportBatch.Source.UPLOAD,
            kind=cleaned["kind"],
            origin=cleaned["origin"],
            user=cast(User, request.user),
        )

    def _show(
        self, request: HttpRequest, form: UploadForm, status: int = 200
    ) -> HttpResponse:
        context = page_context(request, "Import tickets", form=form)
        return TemplateResponse(
            request, "annotation/import_upload.html", context, status=status
        )


class MappingView(View):
    """Second step: the columns found, the first rows sanitized, and the start."""

    batch: ImportBatch

    def dispatch(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        self.batch = batch_for(request, pk, MAY_IMPORT)
        if self.batch.status != ImportBatch.Status.UPLOADED:
            return redirect("admin:annotation_importbatch_progress", pk)
        return super().dispatch(request, pk)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        mapping, refusal = self._suggested(request.GET.get("how", RECOGNISE))
        form = MappingForm(importing.columns(batch=self.batch))
        form = MappingForm(
            importing.columns(batch=self.batch), initial=form.initial_from(mapping)
        )
        return self._show(request, form, mapping, refusal)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.POST.get("action") == "discard":
            importing.discard(batch=self.batch)
            messages.info(request, "The file is removed; nothing was imported.")
            return redirect("admin:annotation_importbatch_upload")
        form = MappingForm(importing.columns(batch=self.batch), request.POST)
        if not form.is_valid():
            return self._show(request, form, ColumnMap(), "", status=422)
        try:
            mapping = self._settled(form)
            if request.POST.get("action") == "start":
                return self._start(request, form, mapping)
        except Refused as refusal:
            return self._show(request, form, ColumnMap(), refusal.message, status=422)
        return self._show(request, form, mapping, "")

    def _start(
        self, request: HttpRequest, form: MappingForm, mapping: ColumnMap
    ) -> HttpResponse:
        project, name = self.batch.project, form.cleaned_data["save_as"]
        may_save = request.user.has_perm("annotation.add_columnmapping", project)
        if name and may_save:
            importing.save_mapping(project=project, name=name, mapping=mapping)
        importing.start(
            batch=self.batch,
            now=timezone.now(),
            asked=form.asked,
            zone=mapping.zone,
            order=mapping.order,
            only_asked=True,
        )
        return redirect("admin:annotation_importbatch_progress", self.batch.pk)

    def _settled(self, form: MappingForm) -> ColumnMap:
        return importing.settle(
            batch=self.batch,
            asked=form.asked,
            zone=form.cleaned_data["zone"],
            order=form.cleaned_data["order"],
            only_asked=True,
        )

    def _suggested(self, how: str) -> tuple[ColumnMap, str]:
        """Return the mapping to begin with, and why it is incomplete, if it is."""
        kind, _, name = how.partition(":")
        saved = ColumnMap()
        if kind == "saved" and name.isdecimal():
            own = ColumnMapping.objects.filter(project=self.batch.project)
            row = own.filter(pk=int(name)).first()
            saved = ColumnMap.from_json(row.mapping) if row else saved
        preset = name if kind == "preset" and name in PRESETS else ""
        try:
            settled = importing.settle(
                batch=self.batch,
                asked=saved.columns,
                preset=preset,
                zone=saved.zone,
                order=saved.order,
            )
        except Refused as refusal:
            return ColumnMap(), refusal.message
        return settled, ""

    def _show(
        self,
        request: HttpRequest,
        form: MappingForm,
        mapping: ColumnMap,
        refusal: str,
        status: int = 200,
    ) -> HttpResponse:
        rows = []
        if mapping.is_settled:
            rows = importing.preview(batch=self.batch, mapping=mapping)
        project = self.batch.project
        context = page_context(
            request,
            "Match the columns",
            project=project,
            batch=self.batch,
            form=form,
            rows=rows,
            refusal=refusal,
            may_save=request.user.has_perm("annotation.add_columnmapping", project),
            unread=_unread(importing.columns(batch=self.batch), mapping),
        )
        return TemplateResponse(
            request, "annotation/import_map.html", context, status=status
        )


def _unread(columns: list[tuple[str, bool]], mapping: ColumnMap) -> list[str]:
    """Columns that fill no field, as far as they may be shown."""
    taken = {column for chosen in mapping.columns.values() for column in chosen}
    return [name for name, plain in columns if plain and name not in taken]


def progress_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Third step: how far the import is, live, and what came of it."""
    batch = batch_for(request, pk, MAY_LOOK)
    if batch.status == ImportBatch.Status.UPLOADED:
        return redirect("admin:annotation_importbatch_map", pk)
    context = page_context(
        request,
        f"Import of {batch}",
        project=batch.project,
        batch=batch,
        progress=describe(batch, now=timezone.now()),
        columns=_shown_mapping(batch),
    )
    return TemplateResponse(request, "annotation/import_progress.html", context)


def progress_json(request: HttpRequest, pk: int) -> JsonResponse:
    """The same, for the page's script."""
    batch = batch_for(request, pk, MAY_LOOK)
    return JsonResponse(describe(batch, now=timezone.now()).as_json())


def rejects_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rejected rows as a CSV download."""
    batch = batch_for(request, pk, MAY_LOOK)
    lines: Iterator[str] = importing.read_rejects(batch.pk)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"rejects-import-{batch.pk}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _shown_mapping(batch: ImportBatch) -> list[tuple[str, str]]:
    columns = batch.mapping.get("columns", {})
    order = {name: place for place, name in enumerate(SYNONYMS)}
    named = sorted(columns.items(), key=lambda item: order.get(item[0], len(order)))
    return [(field_label(name), ", ".join(chosen)) for name, chosen in named]
