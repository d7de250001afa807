"""The quality page of a frozen dataset: what was measured, as a data sheet.

It shows what the freeze measured; nothing is measured anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from annotation.admin.pages import page_context
from netft_site.base.charts import Chart, accuracy_with_intervals
from training.domain.gates import TARGET
from training.domain.row_quality import FEW_DIFFERENT_PAIRS
from training.models import Dataset

VIEW = "training.view_dataset"
# What providers and papers count with where no tokenizer is at hand; configurations,
# hexadecimal and addresses need more tokens than this says.
CHARACTERS_PER_TOKEN = 4
MOST_VENDORS = 12
_POINTS = {"0.5": "half", "0.9": "90 %", "0.95": "95 %", "0.99": "99 %", "1": "all"}


@dataclass(frozen=True)
class Length:
    """So many characters are not exceeded by a share of the examples."""

    share: str
    characters: int

    @property
    def tokens(self) -> int:
        """An estimate, see `CHARACTERS_PER_TOKEN`."""
        return -(-self.characters // CHARACTERS_PER_TOKEN)


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
        lengths=_lengths(quality.get("texts", {}).get("characters", {})),
        coverage=_coverage(quality.get("coverage", {})),
        findings=dataset.manifest.get("findings", []),
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


def _lengths(characters: Mapping[str, int]) -> list[Length]:
    return [Length(_POINTS[share], n) for share, n in characters.items()]


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
    return Coverage(shown, rows, empty=sum(n == 0 for _, cells in rows for n in cells))
