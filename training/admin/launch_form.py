"""The form of a run: what to train on what, and how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django import forms

from annotation.models import Project
from training.domain.generative_settings import GenerativeHyperparameters
from training.domain.hyperparameters import Hyperparameters, Rule
from training.domain.job_kinds import Objective, Tuning
from training.domain.job_spec import settings_class
from training.domain.run_words import roughly
from training.domain.strict_json import SpecError
from training.models import BaseModel, Dataset
from training.services import base_models
from training.services.estimating import estimate_seconds, seconds_a_row

# What people change first; the rest stands under "More settings".
_FIRST = ("epochs", "lr", "batch", "max_length")
_JUDGING, _WRITING = Hyperparameters.rules(), GenerativeHyperparameters.rules()
_RULES = {**_WRITING, **_JUDGING}
_PREFIX = "set-"
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
    "rslora": "Rank-stabilised scale",
    "token_budget": "Tokens at once",
    "packing": "Packing",
    "gradient_checkpointing": "Activation checkpointing",
    "domain_text": "Domain text",
    "beta": "Beta of DPO",
    "evaluations": "Looks at DEV in an epoch",
}


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
    objective = forms.ChoiceField(
        required=False,
        label="What it learns",
        choices=[
            ("", "To judge severity, or what the baseline does"),
            (Objective.SFT, "To write answers (SFT)"),
            (Objective.DPO, "Which answer is the better one (DPO)"),
        ],
        help_text=(
            "Only language models write. SFT learns the answers of a dataset's tasks, "
            "DPO its preferences."
        ),
    )
    tuning = forms.ChoiceField(
        required=False,
        label="Which weights learn",
        choices=[
            ("", "LoRA, where any do"),
            (Tuning.QLORA, "QLoRA: LoRA over weights of four bits"),
            (Tuning.FULL, "All of them"),
        ],
        help_text="QLoRA and all weights are for models that write.",
    )
    baselines = forms.BooleanField(
        required=False,
        initial=True,
        label="Train the three baselines too",
        help_text=(
            "Majority class, TF-IDF and frozen embeddings. A comparison needs them: a "
            "tuned model often does not beat them on a few hundred tickets. Not for a "
            "model that writes."
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
        for name, rule in _RULES.items():
            self.fields[f"{_PREFIX}{name}"] = _setting_field(name, rule)

    def first_settings(self) -> Iterator[forms.BoundField]:
        """The fields of the settings that people change first."""
        return (self[f"{_PREFIX}{name}"] for name in _FIRST)

    def more_settings(self) -> Iterator[forms.BoundField]:
        """The fields of all other settings of a model that judges."""
        names = [name for name in _JUDGING if name not in _FIRST]
        return (self[f"{_PREFIX}{name}"] for name in names)

    def writing_settings(self) -> Iterator[forms.BoundField]:
        """The fields of settings that only a model that writes has."""
        names = [name for name in _WRITING if name not in _JUDGING]
        return (self[f"{_PREFIX}{name}"] for name in names)

    def more_are_set(self) -> bool:
        """Whether a setting beyond the first ones was filled in."""
        return any(field.data for field in self.more_settings())

    def writing_are_set(self) -> bool:
        """Whether a setting of a model that writes was filled in."""
        return any(field.data for field in self.writing_settings())

    def hyperparameters(self) -> dict[str, str]:
        """The settings that were filled in."""
        return {
            name.removeprefix(_PREFIX): value
            for name, value in self.cleaned_data.items()
            if name.startswith(_PREFIX) and value
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        settings = settings_class(cleaned.get("objective") or Objective.CLASSIFY)
        for name, value in self.hyperparameters().items():
            try:
                settings.parse({name: value})
            except SpecError as error:
                self.add_error(f"{_PREFIX}{name}", str(error))
        return cleaned


def _setting_field(name: str, rule: Rule) -> forms.Field:
    default = _default(name)
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


def _default(name: str) -> str:
    """The default, or both where models that judge and that write differ."""
    known = [c.defaults() for c in (Hyperparameters, GenerativeHyperparameters)]
    values = dict.fromkeys(str(one[name]) for one in known if name in one)
    return ", to write ".join(values)
