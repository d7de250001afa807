"""The form that starts a training run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views import View

from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
)
from annotation.models import Project
from netft_site.base.refusals import Refused
from training.domain.hyperparameters import Hyperparameters, Rule
from training.domain.run_words import roughly
from training.domain.strict_json import SpecError
from training.models import BaseModel, Dataset, TrainingRun
from training.services import base_models, runs
from training.services.estimating import estimate_seconds, seconds_a_row

PERMISSION = "training.add_trainingrun"
# What people change first; the rest stands under "More settings".
_FIRST = ("epochs", "lr", "batch", "max_length")
_PREFIX = "set-"
LOOK = "look"
"""Name of the button that leads to the pre-flight instead of starting."""
_NAMES = {
    "r": "LoRA rank",
    "alpha": "LoRA scale",
    "dropout": "LoRA dropout",
    "lr": "Learning rate",
    "head_lr": "Learning rate of the head",
    "epochs": "Epochs",
    "batch": "Batch size",
    "max_length": "Longest text",
    "weight_decay": "Weight decay",
    "clip": "Gradient clipping",
    "schedule": "Learning rate schedule",
    "warmup": "Warm-up",
    "patience": "Patience",
    "class_weights": "Class weights",
    "c": "Inverse penalty (C) of the first head",
}


choose_project = project_chooser(
    "Train a model", PERMISSION, "admin:training_trainingrun_launch"
)


class DatasetField(forms.ModelChoiceField):
    """Frozen datasets with their rows and, where known, the time a run would take."""

    pace: float | None = None

    def label_from_instance(self, obj: Dataset) -> str:
        splits = obj.manifest.get("splits", {})
        rows = splits.get("TRAIN", {}).get("rows", 0)
        words = f"{obj} ({rows:,} rows to learn from"
        epochs = Hyperparameters.defaults()["epochs"]
        seconds = estimate_seconds(dataset=obj, epochs=epochs, pace=self.pace)
        if seconds is not None:
            words += f"; about {roughly(seconds)} for {epochs} epochs"
        return f"{words})"


class LaunchForm(forms.Form):
    """What to train on what, and how."""

    dataset = DatasetField(queryset=Dataset.objects.none(), empty_label=None)
    base_model = forms.ModelChoiceField(
        queryset=BaseModel.objects.none(), empty_label=None, to_field_name="name"
    )
    baselines = forms.BooleanField(
        required=False,
        initial=True,
        label="Train the three baselines too",
        help_text=(
            "Majority class, TF-IDF and frozen embeddings. A comparison needs them: a "
            "tuned model often does not beat them on a few hundred tickets."
        ),
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**32 - 1,
        initial=0,
        help_text="Equal seeds give equal runs.",
    )
    force = forms.BooleanField(
        required=False,
        label="Train again even if the same run exists",
        help_text="Otherwise the run there is will be shown.",
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bases = base_models.register_embedded()
        dataset = cast(DatasetField, self.fields["dataset"])
        dataset.pace = seconds_a_row(base_model=bases[0])
        dataset.queryset = Dataset.objects.frozen().filter(project=project)
        base = cast(forms.ModelChoiceField, self.fields["base_model"])
        base.queryset = BaseModel.objects.trainable()
        base.initial = base_models.EMBEDDED
        for name, rule in Hyperparameters.rules().items():
            self.fields[f"{_PREFIX}{name}"] = _setting_field(name, rule)

    def first_settings(self) -> Iterator[forms.BoundField]:
        """The fields of the settings that people change first."""
        return (self[f"{_PREFIX}{name}"] for name in _FIRST)

    def more_settings(self) -> Iterator[forms.BoundField]:
        """The fields of all other settings."""
        names = [name for name in Hyperparameters.rules() if name not in _FIRST]
        return (self[f"{_PREFIX}{name}"] for name in names)

    def more_are_set(self) -> bool:
        """Whether a setting beyond the first ones was filled in."""
        return any(field.data for field in self.more_settings())

    def hyperparameters(self) -> dict[str, str]:
        """The settings that were filled in."""
        return {
            name.removeprefix(_PREFIX): value
            for name, value in self.cleaned_data.items()
            if name.startswith(_PREFIX) and value
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, value in self.hyperparameters().items():
            try:
                Hyperparameters.parse({name: value})
            except SpecError as error:
                self.add_error(f"{_PREFIX}{name}", str(error))
        return cleaned


def _setting_field(name: str, rule: Rule) -> forms.Field:
    default = Hyperparameters.defaults()[name]
    label = _NAMES.get(name, name)
    if rule.choices:
        choices = [("", f"{default} (default)"), *((c, c) for c in rule.choices)]
        return forms.ChoiceField(
            choices=choices, required=False, label=label, help_text=rule.meaning
        )
    return forms.CharField(
        required=False,
        max_length=20,
        label=label,
        help_text=f"{rule.meaning} {rule.allowed.capitalize()}.",
        widget=forms.TextInput(attrs={"placeholder": default}),
    )


def preflight_address(project: Project, form: LaunchForm) -> str:
    """Where the pre-flight of what a form holds is."""
    given = {name: form.data.get(name, "") for name in form.fields}
    query = urlencode({name: value for name, value in given.items() if value})
    place = reverse("admin:training_trainingrun_preflight", args=[project.slug])
    return f"{place}?{query}"


class LaunchView(View):
    """The launch form of one project."""

    project: Project

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        self.project = project_for(request, slug, PERMISSION)
        return super().dispatch(request, slug)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        initial: dict[str, Any] = dict(request.GET.items())
        if not initial.get("dataset", "").isdigit():
            initial.pop("dataset", None)
        return self._show(request, LaunchForm(self.project, initial=initial))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        form = LaunchForm(self.project, request.POST)
        if not form.is_valid():
            return self._show(request, form, status=422)
        if LOOK in request.POST:
            return redirect(preflight_address(self.project, form))
        try:
            run = self._launch(request, form)
        except Refused as refusal:
            form.add_error(None, refusal.message)
            return self._show(request, form, status=422, can_look=True)
        return redirect("admin:training_trainingrun_page", run.pk)

    def _launch(self, request: HttpRequest, form: LaunchForm) -> TrainingRun:
        given = form.cleaned_data
        user = cast(User, request.user)
        last = TrainingRun.objects.order_by("-id").values_list("pk", flat=True).first()
        run = runs.queue(
            dataset=given["dataset"],
            base_model=given["base_model"],
            hyperparameters=form.hyperparameters(),
            seed=given["seed"],
            user=user,
            force=given["force"],
        )
        if given["baselines"]:
            runs.queue_baselines(dataset=given["dataset"], user=user)
        if run.pk <= (last or 0):
            messages.info(request, "This is the same run as before; it was not redone.")
        return run

    def _show(
        self,
        request: HttpRequest,
        form: LaunchForm,
        status: int = 200,
        *,
        can_look: bool = False,
    ) -> HttpResponse:
        context = page_context(
            request,
            "Train a model",
            project=self.project,
            form=form,
            look=preflight_address(self.project, form) if can_look else "",
            has_datasets=Dataset.objects.frozen().filter(project=self.project).exists(),
        )
        return TemplateResponse(request, "training/launch.html", context, status=status)
