"""One click builds a dataset again without up-sampling, to see what that is worth."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from netft_site.base.refusals import Refused
from training.models import Dataset
from training.services.datasets import building


@require_POST
def build_plain(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Build the same recipe with nobody's examples weighing more."""
    visible = Dataset.objects.visible_to(request.user).select_related("project")
    dataset = get_object_or_404(visible, pk=dataset_id)
    if not request.user.has_perm("training.add_dataset", dataset.project):
        raise PermissionDenied
    try:
        plain = building.start_plain(dataset=dataset, user=cast(User, request.user))
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("admin:training_dataset_page", dataset.pk)
    return redirect("admin:training_dataset_page", plain.pk)
