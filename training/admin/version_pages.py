"""Two versions of a dataset side by side, and the labels that were overturned since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
    row_number,
)
from annotation.domain.scale import Grade
from netft_site.base.charts import class_mix
from training.admin.dataset_charts import TitledChart
from training.domain.version_diff import Change, Count, Kind, Page
from training.models import Dataset
from training.services.datasets import comparing, stale

VIEW_EXAMPLES, VIEW_VERDICTS = "training.view_example", "annotation.view_verdict"
LISTED = 100
KIND_WORDS = {
    Kind.ADDED: "Added",
    Kind.REMOVED: "Removed",
    Kind.RELABELLED: "Relabelled",
    Kind.MOVED: "Moved to another split",
    Kind.REWORDED: "Text changed",
    Kind.COPIED: "Copies changed",
    Kind.REGRADED: "Grade changed",
    Kind.RECATEGORISED: "Category changed",
    Kind.RECAUSED: "Root cause changed",
}
# What changes a model or a figure most; the rest is said in a line.
_TILES = (Kind.ADDED, Kind.REMOVED, Kind.RELABELLED, Kind.MOVED, Kind.REWORDED)
_TITLES = {
    "class": "Levels",
    "category": "Categories",
    "grade": "Grades",
    "split": "Splits",
}

choose_project = project_chooser(
    "Compare two versions", VIEW_EXAMPLES, "admin:training_dataset_compare"
)


@dataclass(frozen=True)
class Row:
    """One line of the list: what became of an example, as (what, from, to)."""

    record_id: int
    name: str
    facts: list[tuple[str, str, str]]


class CompareForm(forms.Form):
    """Two frozen versions of a project, and what of their difference is listed."""

    before = forms.ModelChoiceField(Dataset.objects.none(), empty_label=None)
    after = forms.ModelChoiceField(Dataset.objects.none(), empty_label=None)
    kind = forms.ChoiceField(
        required=False,
        choices=[("", "every change"), *((k.value, w) for k, w in KIND_WORDS.items())],
    )

    def __init__(self, datasets: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("before", "after"):
            self.fields[name].queryset = datasets  # type: ignore[attr-defined]


@require_GET
def compare_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what differs between two versions; without a choice the newest pair."""
    project = project_for(request, slug, VIEW_EXAMPLES)
    datasets = comparing.comparable(project=project)
    usual = comparing.usual_pair(datasets)
    context = page_context(request, "Compare two versions", project=project)
    if usual:
        form = _form(project, usual, request)
        context["form"] = form
        if form.is_valid():
            context |= _shown(
                form.cleaned_data, row_number(request.GET.get("skip", ""))
            )
    return TemplateResponse(request, "training/compare_versions.html", context)


@require_GET
def stale_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Show the examples whose verdict says something else now."""
    visible = Dataset.objects.visible_to(request.user).select_related("project")
    dataset = get_object_or_404(visible, pk=dataset_id)
    if not may_see_stale(request, dataset):
        raise PermissionDenied
    skip = row_number(request.GET.get("skip", "")) or 0
    found = stale.find(dataset=dataset, skip=skip, size=LISTED)
    context = page_context(
        request,
        "Stale labels",
        dataset=dataset,
        project=dataset.project,
        found=found,
        **_steps(skip, found.count),
    )
    return TemplateResponse(request, "training/stale_labels.html", context)


def may_see_stale(request: HttpRequest, dataset: Dataset) -> bool:
    """Whether a person may read both the frozen labels and the verdicts of today."""
    return all(
        request.user.has_perm(one, dataset.project)
        for one in (VIEW_EXAMPLES, VIEW_VERDICTS)
    )


def _form(project: Any, usual: tuple[Dataset, Dataset], request: HttpRequest) -> Any:
    """The form as asked; what is left out is the version before, or the usual pair."""
    choices = Dataset.objects.frozen().filter(project=project).defer("manifest")
    asked = {name: request.GET.get(name, "") for name in ("before", "after", "kind")}
    if not asked["after"]:
        asked["after"] = str(usual[1].pk)
        asked["before"] = asked["before"] or str(usual[0].pk)
    if not asked["before"]:
        number = row_number(asked["after"])
        after = choices.filter(pk=number or 0).first()
        earlier = after and comparing.previous_version(after)
        asked["before"] = str((earlier or usual[0]).pk)
    return CompareForm(choices.select_related("project").order_by("-id"), asked)


def _shown(chosen: Mapping[str, Any], skip: int | None) -> dict[str, Any]:
    kinds = frozenset({Kind(chosen["kind"])}) if chosen["kind"] else frozenset()
    found = comparing.compare_versions(
        before=chosen["before"],
        after=chosen["after"],
        page=Page(kinds, skip or 0, LISTED),
    )
    diff = found.diff
    return {
        "comparison": found,
        "tiles": [
            ("Unchanged", diff.unchanged),
            *((KIND_WORDS[kind], diff.counts[kind]) for kind in _TILES),
        ],
        "lesser": [
            (words, diff.counts[kind])
            for kind, words in KIND_WORDS.items()
            if kind not in _TILES and diff.counts[kind]
        ],
        "labels": comparing.flows_of(diff.labels),
        "splits": comparing.flows_of(diff.splits),
        "charts": _charts(found),
        "rows": [_row(change) for change in diff.changes],
        **_steps(skip or 0, diff.found),
    }


def _steps(skip: int, count: int) -> dict[str, Any]:
    """Where the page of a list stands, and the way to its neighbours."""
    return {
        "first": skip + 1,
        "last": min(skip + LISTED, count),
        "newer": max(0, skip - LISTED) if skip else None,
        "older": skip + LISTED if skip + LISTED < count else None,
    }


def _charts(found: comparing.Comparison) -> list[TitledChart]:
    """A chart with its table for each fact that has more than one value."""
    names = (str(found.before), str(found.after))
    if names[0] == names[1]:
        names = (f"{names[0]} (first)", f"{names[1]} (second)")
    charts = []
    for field, title in _TITLES.items():
        mix = found.diff.mix[field]
        sides = {names[0]: _side(mix, 0), names[1]: _side(mix, 1)}
        chart = class_mix(_in_order(field, mix, found), sides)
        charts.append(TitledChart(f"mix-{field}", title, chart))
    return [one for one in charts if len(one.chart.rows) > 1]


def _in_order(
    field: str, mix: Mapping[str, Count], found: comparing.Comparison
) -> list[str]:
    """Levels and grades in their own order, whatever else there is after them."""
    known = {
        "class": found.after.manifest.get("levels", []),
        "grade": [grade.value for grade in Grade],
    }.get(field, [])
    return [*(v for v in known if v in mix), *(v for v in mix if v not in known)]


def _side(mix: Mapping[str, Count], side: int) -> dict[str, int]:
    return {value: count.examples[side] for value, count in mix.items()}


def _row(change: Change) -> Row:
    item = change.item
    return Row(item.identity[0], item.name, [_fact(change, k) for k in change.kinds])


def _fact(change: Change, kind: Kind) -> tuple[str, str, str]:
    old, new = change.before, change.after
    if old is None or new is None:
        stands = f"{change.item.label}, {change.item.split}"
        return KIND_WORDS[kind], stands if old else "", stands if new else ""
    pairs = {
        Kind.RELABELLED: (old.label, new.label),
        Kind.MOVED: (old.split, new.split),
        Kind.REWORDED: (old.text_sha256[:12], new.text_sha256[:12]),
        Kind.COPIED: (str(old.copies), str(new.copies)),
        Kind.REGRADED: (old.grade, new.grade),
        Kind.RECAUSED: (old.cause, new.cause),
        Kind.RECATEGORISED: (old.category, new.category),
    }
    before, after = pairs[kind]
    return KIND_WORDS[kind], before or "none", after or "none"
