"""The page of one dataset: building, failed or frozen, with its files and exports.

GET shows; the POST that starts an export redirects back. While a build goes on, a
script asks `progress` and reloads the page when it is over; without scripts one reloads
it by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from annotation.admin.pages import page_context
from netft_site.base.refusals import Refused
from training.admin.dataset_charts import dataset_charts
from training.admin.version_pages import VIEW_EXAMPLES, may_see_stale
from training.domain.formats import FORMATS
from training.domain.left_out import LEFT_OUT_WORDS
from training.domain.recipe import Recipe, Split
from training.domain.task_table import task_lines
from training.models import Dataset, Export
from training.services import recalling
from training.services.datasets import (
    exporting,
    folders,
    gating,
    handing,
    stale,
    streaming,
    withheld,
)
from training.services.datasets.watching import watch_build

VIEW, READ_FILES, WRITE_FILES = (
    "training.view_dataset",
    "training.view_export",
    "training.add_export",
)
SEE_LEAKS = "annotation.view_sanitization"
_LENGTHS = (("0.5", "half"), ("0.95", "95 %"), ("1", "all"))
_LINES = "application/x-ndjson"


class ExportForm(forms.Form):
    """A file to be written."""

    format = forms.ChoiceField(
        choices=[(name, known.title) for name, known in FORMATS.items()]
    )
    split = forms.ChoiceField(
        required=False,
        choices=[("", "all splits"), *((s.value, s.value) for s in Split)],
    )


@require_GET
def dataset_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Show one dataset."""
    dataset = _find(request, dataset_id, VIEW)
    manifest = dataset.manifest
    context = page_context(
        request,
        str(dataset),
        dataset=dataset,
        project=dataset.project,
        progress=watch_build(dataset=dataset, now=timezone.now()),
        findings=manifest.get("findings", []),
        has_resemblances=folders.resemblances_path(dataset).is_file(),
        left_out=_left_out(manifest),
        tasks=task_lines(
            manifest.get("mix", {}).get("task", {}), manifest.get("left_out_of", {})
        ),
        splits=_splits(dataset),
        charts=_charts(dataset),
        lengths=_lengths(manifest),
        exports=dataset.exports.all(),
        leaking=recalling.count_leaking_records(dataset=dataset),
        withheld=withheld.count(dataset=dataset) if dataset.is_frozen else None,
        stale=stale.count(dataset=dataset) if may_see_stale(request, dataset) else 0,
        may_compare=_may_compare(request, dataset),
        may_recall=request.user.has_perm(SEE_LEAKS, dataset.project),
        export_form=ExportForm(),
        may=_rights(request, dataset),
        upsamples=dataset.is_frozen and not Recipe.parse(dataset.recipe).is_plain,
        recipe_text=json.dumps(dataset.recipe, indent=2),
    )
    return TemplateResponse(request, "training/dataset.html", context)


@require_GET
def progress(request: HttpRequest, dataset_id: int) -> JsonResponse:
    """Say how far the build is."""
    dataset = _find(request, dataset_id, VIEW)
    now = watch_build(dataset=dataset, now=timezone.now())
    return JsonResponse(
        {
            "done": now.done,
            "total": now.total,
            "words": now.words,
            "over": now.is_over,
            "quiet": now.is_quiet,
        }
    )


@require_POST
def start_export(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Have a file written by the queue."""
    dataset = _find(request, dataset_id, WRITE_FILES)
    form = ExportForm(request.POST)
    if form.is_valid():
        try:
            exporting.start(
                dataset=dataset,
                format_name=form.cleaned_data["format"],
                split=form.cleaned_data["split"],
                user=cast(User, request.user),
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
    else:
        messages.error(request, "There is no such format or split.")
    return redirect("admin:training_dataset_page", dataset.pk)


@require_GET
def download_split(
    request: HttpRequest, dataset_id: int, split: str
) -> HttpResponseBase:
    """Send one frozen file, unless its lines may not leave."""
    dataset = _find(request, dataset_id, READ_FILES)
    if split not in list(Split):
        raise Http404
    try:
        path = folders.split_path(dataset, split)
    except Refused as refusal:
        raise Http404(refusal.message) from refusal
    lines = gating.checked_lines(
        dataset=dataset, format_name="classification", split=split
    )
    try:
        first = list(islice(lines, 1))
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("admin:training_dataset_page", dataset.pk)
    return _stream(
        streaming.in_blocks(chain(first, lines)),
        f"{dataset.name}.v{dataset.version}.{path.name}",
    )


@require_GET
def download_export(
    request: HttpRequest, export_id: int, part: str = handing.FILE
) -> HttpResponseBase:
    """Send a finished export, its manifest or checksum, unless it may not leave."""
    if part not in handing.PARTS:
        raise Http404
    exports = Export.objects.visible_to(request.user).select_related("dataset__project")
    export = get_object_or_404(exports, pk=export_id)
    if not request.user.has_perm(READ_FILES, export.dataset.project):
        raise PermissionDenied
    if not export.path or not exporting.final_path(export).is_file():
        raise Http404
    try:
        path = handing.hand_out(export=export, clock=timezone.now, part=part)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("admin:training_dataset_page", export.dataset_id)
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=path.name,
        content_type=handing.content_type_of(path),
    )


def _find(request: HttpRequest, dataset_id: int, permission: str) -> Dataset:
    visible = Dataset.objects.visible_to(request.user).select_related(
        "project", "created_by"
    )
    dataset = get_object_or_404(visible, pk=dataset_id)
    if not request.user.has_perm(permission, dataset.project):
        raise PermissionDenied
    return dataset


def _rights(request: HttpRequest, dataset: Dataset) -> dict[str, bool]:
    def may(permission: str) -> bool:
        return request.user.has_perm(permission, dataset.project)

    return {
        "build": may("training.add_dataset"),
        "train": may("training.add_trainingrun"),
        "read_files": may(READ_FILES),
        "write_files": may(WRITE_FILES),
    }


def _may_compare(request: HttpRequest, dataset: Dataset) -> bool:
    """Whether there is a second frozen dataset, and the right to look at examples."""
    if not request.user.has_perm(VIEW_EXAMPLES, dataset.project):
        return False
    others = Dataset.objects.frozen().filter(project=dataset.project)
    return dataset.is_frozen and others.exclude(pk=dataset.pk).exists()


def _splits(dataset: Dataset) -> list[dict[str, Any]]:
    counted = dataset.manifest.get("splits", {})
    return [{"name": s.value, **counted[s.value]} for s in Split if s.value in counted]


def _left_out(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"count": count, "words": LEFT_OUT_WORDS[reason]}
        for reason, count in manifest.get("left_out", {}).items()
    ]


def _lengths(manifest: dict[str, Any]) -> list[tuple[str, int]]:
    """Characters that a share of the texts does not exceed, as the freeze measured."""
    characters = manifest.get("quality", {}).get("texts", {}).get("characters", {})
    return [(words, characters[s]) for s, words in _LENGTHS if s in characters]


def _charts(dataset: Dataset) -> Any:
    mix = dataset.manifest.get("mix")
    if not mix:
        return []
    return dataset_charts(
        mix, dataset.manifest["levels"], dataset.manifest["production_mix"]
    )


def _stream(blocks: Iterator[bytes], name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        blocks,
        content_type=_LINES,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
