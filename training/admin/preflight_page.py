"""The page that looks at a run before it starts.

It takes what the launch form takes, in its address, and changes nothing; the button
below it sends the same values to the launch form's address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views import View

from annotation.admin.pages import page_context, project_for
from annotation.models import Project
from netft_site.base.refusals import Refused
from training.admin.launch import PERMISSION
from training.admin.launch_form import LaunchForm
from training.domain.job_spec import TrainSpec
from training.domain.memory_ladder import Change, Rung
from training.domain.preflight import gib
from training.domain.run_words import roughly
from training.services import looking_ahead
from training.services.preflight import Preflight, machine, showing

READ_FILES = "training.view_export"
_TITLES = {
    "weights": "Weights of the base model",
    "adapter": "LoRA adapter",
    "gradients": "Gradients",
    "optimizer": "Optimizer (two moments)",
    "activations": "Activations kept for the backward pass",
    "logits": "Scores over the vocabulary",
    "overhead": "The program itself",
}
_SIGNS = {"fails": "bad", "open": "warn", "warns": "warn", "holds": "good"}
_WORDS = {"fails": "Failed", "open": "Open", "warns": "Warning", "holds": "Holds"}


@dataclass(frozen=True)
class MemoryTable:
    """The estimate for people; `rungs` are suggestions with what each leads to."""

    parts: list[tuple[str, str]]
    total: str
    share: str
    free: str
    rungs: list[tuple[str, str, bool]]


class PreflightView(View):
    """The pre-flight of one project; `poll` answers only how far it is."""

    project: Project
    is_poll = False

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        self.project = project_for(request, slug, PERMISSION)
        return super().dispatch(request, slug)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        form = LaunchForm(self.project, request.GET)
        if not form.is_valid():
            return redirect("admin:training_trainingrun_launch", slug)
        given = form.cleaned_data
        report, spec = looking_ahead.look_ahead(
            dataset=given["dataset"],
            base_model=given["base_model"],
            objective=given["objective"],
            tuning=given["tuning"],
            hyperparameters=form.hyperparameters(),
        )
        if self.is_poll:
            return JsonResponse(_progress(report))
        return self._show(request, form, report, spec)

    def _show(
        self,
        request: HttpRequest,
        form: LaunchForm,
        report: Preflight,
        spec: TrainSpec | None,
    ) -> HttpResponse:
        rows, refusal = self._rows(request, form, report, spec)
        context = page_context(
            request,
            "Before the run starts",
            project=self.project,
            report=report,
            checks=[
                (check, _SIGNS[check.state], _WORDS[check.state])
                for check in report.checks
            ],
            given=[(n, form.data[n]) for n in form.fields if form.data.get(n)],
            settings=sorted(form.hyperparameters().items()),
            progress=_progress(report),
            query=request.GET.urlencode(),
            memory=_memory(report),
            likely=_time(report),
            disk=gib(report.needs.disk) if report.needs else "",
            points=_points(report),
            rows=rows,
            rows_refused=refusal,
        )
        return TemplateResponse(request, "training/preflight.html", context)

    def _rows(
        self,
        request: HttpRequest,
        form: LaunchForm,
        report: Preflight,
        spec: TrainSpec | None,
    ) -> tuple[list[showing.SeenRow], str]:
        """The rows to see, or why there are none."""
        if spec is None or report.lengths is None or not report.is_complete:
            return [], ""
        if not request.user.has_perm(READ_FILES, self.project):
            return [], "You may not read the rows of datasets; the counts are of all."
        try:
            rows = showing.rows_to_see(
                dataset=form.cleaned_data["dataset"],
                spec=spec,
                report=report,
                seed=form.cleaned_data["seed"],
            )
        except Refused as refusal:
            return [], refusal.message
        return rows, ""


def _progress(report: Preflight) -> dict[str, Any]:
    return {
        "done": report.done,
        "total": report.total,
        "words": f"{report.done:,} of {report.total:,} looks at rows are done",
        "over": report.is_complete,
    }


def _points(report: Preflight) -> dict[str, int]:
    """Tokens that a share of the rows does not exceed, by names for the template."""
    if report.lengths is None:
        return {}
    names = {"half": "0.5", "p95": "0.95", "p99": "0.99", "most": "1"}
    return {name: report.lengths.points[share] for name, share in names.items()}


def _memory(report: Preflight) -> MemoryTable | None:
    if report.needs is None:
        return None
    memory, host = report.needs.memory, machine.memory_of(machine.first_device())
    return MemoryTable(
        parts=[(_TITLES[k], gib(v)) for k, v in memory.parts().items() if v],
        total=gib(memory.total),
        share=f"{memory.uncertainty:.0%}",
        free=f"{gib(host.free)} of {gib(host.total)}" if host else "",
        rungs=[(_change(r), gib(r.memory.total), r.fits) for r in report.needs.rungs],
    )


def _change(rung: Rung) -> str:
    """A suggestion as the setting that makes it."""
    words = {
        Change.ROWS: f"Batch size {rung.plan.rows}",
        Change.CHECKPOINTING: "Compute activations again (checkpointing)",
        Change.LENGTH: f"Longest text {rung.plan.length}, as 95 % of the rows have",
        Change.RANK: f"LoRA rank {rung.plan.rank}",
        Change.QLORA: "Weights in 4 bits (QLoRA)",
    }
    return words[rung.change]


def _time(report: Preflight) -> str:
    if report.needs is None:
        return ""
    found = report.needs.time
    if found is None:
        return "not known: nothing says how fast the device is"
    return (
        f"about {roughly(found.likely)}, at half of the {found.rate.flops / 1e9:,.0f} "
        f"GFLOP a second {found.rate.source}; not less than "
        f"{roughly(found.least)}."
    )
