"""Every pair of texts in two splits of a dataset, as a table to take along."""

from __future__ import annotations

import csv
from dataclasses import astuple, fields

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from training.domain.items import Resemblance
from training.models import Dataset
from training.services.datasets import leakage

VIEW = "training.view_dataset"


@require_GET
def download(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Send the pairs that the last build met, the nearest first; ids, no texts."""
    visible = Dataset.objects.visible_to(request.user).select_related("project")
    dataset = get_object_or_404(visible, pk=dataset_id)
    if not request.user.has_perm(VIEW, dataset.project):
        raise PermissionDenied
    name = f"{dataset.name}.v{dataset.version}.resemblances.csv"
    answer = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    table = csv.writer(answer)
    table.writerow(field.name for field in fields(Resemblance))
    table.writerows(astuple(pair) for pair in leakage.read_kept(dataset))
    return answer
