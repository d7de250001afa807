"""The first rows of a dataset in the chat template of a family of models."""

from __future__ import annotations

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from annotation.admin.pages import page_context
from netft_site.base.refusals import Refused
from training.domain.chat_templates import TEMPLATES
from training.domain.recipe import Split
from training.models import Dataset
from training.services.datasets import rendering

READ_FILES = "training.view_export"


class TemplateForm(forms.Form):
    """What to look at."""

    template = forms.ChoiceField(
        label="Chat template",
        choices=[(name, known.title) for name, known in TEMPLATES.items()],
    )
    split = forms.ChoiceField(choices=[(s.value, s.value) for s in Split])


@require_GET
def rendered_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Show the first rows as a model would read them."""
    visible = Dataset.objects.visible_to(request.user).select_related("project")
    dataset = get_object_or_404(visible, pk=dataset_id)
    if not request.user.has_perm(READ_FILES, dataset.project):
        raise PermissionDenied
    first = {"template": next(iter(TEMPLATES)), "split": Split.TRAIN.value}
    form = TemplateForm({**first, **request.GET.dict()})
    rows: list[rendering.RenderedRow] = []
    refusal = ""
    if dataset.is_frozen and form.is_valid():
        try:
            rows = rendering.render_rows(dataset=dataset, **form.cleaned_data)
        except Refused as refused:
            refusal = refused.message
    context = page_context(
        request,
        "As a model reads it",
        dataset=dataset,
        project=dataset.project,
        form=form,
        rows=rows,
        refusal=refusal,
    )
    return TemplateResponse(request, "training/rendered.html", context)
