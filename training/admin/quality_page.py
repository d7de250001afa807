"""The quality page of a frozen dataset: what was measured, as a data sheet.

It shows what the freeze measured, and what was found out about its labels since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from annotation.admin.pages import page_context
from netft_site.base.charts import Chart, accuracy_with_intervals
from netft_site.base.refusals import Refused
from training.admin.label_doubts import labels_of
from training.domain.diversity import empty_pairs
from training.domain.gates import TARGET
from training.domain.recipe import Recipe
from training.domain.row_quality import FEW_DIFFERENT_PAIRS
from training.domain.token_counts import TokenReport
from training.models import BaseModel, Dataset
from training.services import tokenizing
from training.services.datasets import lengths, token_counting
from training.services.datasets.token_counting import DatasetTokens

VIEW = "training.view_dataset"
MOST_VENDORS = 12
_POINTS = {"0.5": "half", "0.9": "90 %", "0.95": "95 %", "0.99": "99 %", "1": "all"}


@dataclass(frozen=True)
class Length:
    """What a share of the examples does not exceed; characters where they were kept."""

    share: str
    characters: int | None
    text: int
    prompt: int
    answer: int


@dataclass(frozen=True)
class Tokens:
    """The token counts of a dataset by the chosen base, and the choice."""

    bases: list[BaseModel]
    chosen: BaseModel | None
    counted: DatasetTokens | None
    lengths: list[Length]
    refusal: str = ""


@dataclass(frozen=True)
class Coverage:
    """Examples by category and vendor; `empty` pairs that both sides would suggest."""

    vendors: list[str]
    rows: list[tuple[str, list[int]]]
    empty: int


@require_GET
def quality_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Show what was measured of one dataset."""
    visible = Dataset.objects.visible_to(request.user).select_related("project")
    dataset = get_object_or_404(visible, pk=dataset_id)
    if not request.user.has_perm(VIEW, dataset.project):
        raise PermissionDenied
    quality = dataset.manifest.get("quality", {})
    context = page_context(
        request,
        f"Quality of {dataset}",
        dataset=dataset,
        project=dataset.project,
        gates=quality.get("gates", []),
        target=TARGET,
        chart=_chart(quality.get("gates", [])),
        texts=quality.get("texts"),
        few_pairs=FEW_DIFFERENT_PAIRS,
        tokens=_tokens(request, dataset),
        limit=lengths.limit_words(Recipe.parse(dataset.recipe)),
        coverage=_coverage(quality.get("coverage", {})),
        findings=dataset.manifest.get("findings", []),
        labels=labels_of(request, dataset),
    )
    return TemplateResponse(request, "training/quality.html", context)


def _chart(gates: Sequence[Mapping[str, Any]]) -> Chart | None:
    """Every gate's share with its interval."""
    figures = [
        (gate["name"].replace("_", " "), gate["share"])
        for gate in gates
        if gate["checked"]
    ]
    if not figures:
        return None
    return accuracy_with_intervals(figures, measure="Share that passes", what="Gate")


@require_GET
def count_tokens(request: HttpRequest, dataset_id: int) -> JsonResponse:
    """Count for another moment and say how far it is."""
    visible = Dataset.objects.visible_to(request.user).select_related("project")
    dataset = get_object_or_404(visible, pk=dataset_id)
    if not request.user.has_perm(VIEW, dataset.project):
        raise PermissionDenied
    tokens = _tokens(request, dataset)
    if tokens is None or tokens.counted is None:
        return JsonResponse({"over": True})
    counted = tokens.counted
    return JsonResponse(
        {
            "done": counted.counted,
            "total": counted.examples,
            "words": f"{counted.counted:,} of {counted.examples:,} examples counted",
            "over": counted.is_complete,
        }
    )


def _tokens(request: HttpRequest, dataset: Dataset) -> Tokens | None:
    """Count with the base that the address names, else the first; None unfrozen."""
    if not dataset.is_frozen:
        return None
    bases = tokenizing.countable()
    asked = request.GET.get("base")
    usual = bases[0] if bases and asked is None else None
    chosen = next((base for base in bases if base.name == asked), usual)
    try:
        counted = token_counting.count(
            dataset=dataset, base=chosen, seconds=token_counting.AT_ONCE
        )
    except Refused as refusal:
        return Tokens(bases, chosen, None, [], refusal.message)
    return Tokens(bases, chosen, counted, _lengths(dataset, counted.report))


def _lengths(dataset: Dataset, report: TokenReport) -> list[Length]:
    texts = dataset.manifest.get("quality", {}).get("texts", {})
    characters = texts.get("characters", {})
    return [
        Length(
            _POINTS[share],
            characters.get(share),
            report.texts[share],
            report.prompts[share],
            report.answers[share],
        )
        for share in report.texts
    ]


def _coverage(counted: Mapping[str, Mapping[str, int]]) -> Coverage | None:
    """The table, its most frequent vendors first; None with one vendor or none."""
    totals: dict[str, int] = {}
    for vendors in counted.values():
        for vendor, count in vendors.items():
            totals[vendor] = totals.get(vendor, 0) + count
    if len(totals) < 2:
        return None
    shown = sorted(totals, key=lambda name: (-totals[name], name))[:MOST_VENDORS]
    rows = [(c, [counted[c].get(v, 0) for v in shown]) for c in sorted(counted)]
    return Coverage(shown, rows, empty=empty_pairs(counted))
