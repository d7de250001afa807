"""The forms of "Should we fine-tune?": scenarios, what they share, thresholds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from training.domain.ranges import Range, RangeError, read_decimal
from training.domain.scenario import Billing, Item, Kind, Scenario
from training.domain.side_by_side import MOST_DRAWS
from training.domain.thresholds import Thresholds

KINDS = {
    Kind.TODAY: "What answers today",
    Kind.BETTER_PROMPT: "A better prompt",
    Kind.RETRIEVAL: "Retrieval",
    Kind.SMALLER_MODEL: "A smaller model",
    Kind.FINE_TUNED: "Fine-tuned",
}
_BILLINGS = {
    Billing.NONE: "No training",
    Billing.TOKENS: "By token",
    Billing.GPU_HOURS: "By GPU hour",
}
_HINT = "One number, or low / likely / high."


class RangeField(forms.CharField):
    """One number, or low / likely / high."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Range):
            parts = (value.low, value.likely, value.high)
            shown = parts[:1] if value.is_exact else parts
            return " / ".join(f"{part:f}" for part in shown)
        return value

    def clean(self, value: Any) -> Range | None:
        text = super().clean(value)
        if not text:
            return None
        parts = [part.strip().replace(",", "") for part in text.split("/")]
        try:
            return Range.parse(parts[0] if len(parts) == 1 else parts)
        except RangeError as error:
            raise forms.ValidationError(f"{str(error).capitalize()}.") from error


def _range(label: str, hint: str = "", *, required: bool = False) -> RangeField:
    return RangeField(
        label=label,
        required=required,
        max_length=80,
        help_text=f"{hint} {_HINT}".strip(),
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
    )


class SharedForm(forms.Form):
    """What all scenarios share."""

    currency = forms.CharField(
        max_length=3, help_text="Three letters. Prices in another are not converted."
    )
    requests = _range("Requests a month", required=True)
    horizon_months = forms.IntegerField(
        label="Months to look ahead", min_value=1, max_value=120, initial=12
    )
    draws = forms.IntegerField(
        min_value=1,
        max_value=MOST_DRAWS,
        initial=1000,
        help_text="More draws give steadier percentiles.",
    )
    seed = forms.IntegerField(
        min_value=0, initial=0, help_text="Equal seeds give equal draws."
    )

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()


class ScenarioForm(forms.Form):
    """One way to answer: entries of the price book and quantities."""

    name = forms.CharField(max_length=80)
    kind = forms.ChoiceField(choices=[(k.value, words) for k, words in KINDS.items()])
    answers_by = forms.ChoiceField(
        required=False, label="Answers come from", help_text="Paid by token."
    )
    gpu = forms.ChoiceField(
        required=False, label="GPU", help_text="Paid by the hour, yours or rented."
    )
    prompt_tokens = _range("Tokens of the prompt", "Of one request.")
    repeated_tokens = _range("of which the same in every request")
    cached_tokens = _range("of which billed as cached")
    answer_tokens = _range("Tokens of the answer")
    success = _range("Share of answers that succeed", "From 0 to 1.")
    gpu_hours_a_month = _range("GPU hours a month", "To answer, whatever is asked.")
    labeller = forms.ChoiceField(required=False, label="Labelling is done by")
    label_hours = _range("Hours of labelling")
    reviewer = forms.ChoiceField(required=False, label="Review is done by")
    review_hours = _range("Hours of review")
    evaluation_requests = _range("Requests asked to evaluate it")
    billing = forms.ChoiceField(
        label="Training is paid", choices=[(b.value, w) for b, w in _BILLINGS.items()]
    )
    training_tokens = _range("Tokens of one epoch", "Cut at the model's limit.")
    epochs = _range("Epochs", "3 if left empty.")
    evaluations = _range("Paid evaluations in a run")
    validation_tokens = _range("Tokens of one evaluation")
    tokens_per_second = _range("Tokens a second", "Of all GPUs together.")
    gpus = _range("GPUs", "1 if left empty.")
    runs = _range("Paid runs before the release", "Failed ones too; 1 if empty.")
    retrainings_a_year = _range("Trainings a year afterwards")

    ANSWERING = (
        "prompt_tokens",
        "repeated_tokens",
        "cached_tokens",
        "answer_tokens",
        "success",
        "gpu_hours_a_month",
    )
    PEOPLE = (
        "labeller",
        "label_hours",
        "reviewer",
        "review_hours",
        "evaluation_requests",
    )
    TRAINING = (
        "billing",
        "training_tokens",
        "epochs",
        "evaluations",
        "validation_tokens",
        "tokens_per_second",
        "gpus",
        "runs",
        "retrainings_a_year",
    )
    ITEMS = ("answers_by", "gpu", "labeller", "reviewer")

    def __init__(self, items: Sequence[Item], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "–"), *((_key(item), " ".join(item)) for item in items)]
        for name in self.ITEMS:
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def answering(self) -> list[forms.BoundField]:
        """The fields about one request."""
        return [self[name] for name in self.ANSWERING]

    def people(self) -> list[forms.BoundField]:
        """The fields about people's hours."""
        return [self[name] for name in self.PEOPLE]

    def training(self) -> list[forms.BoundField]:
        """The fields about training."""
        return [self[name] for name in self.TRAINING]

    def inputs(self) -> dict[str, Any]:
        """The scenario as the service reads it; what is empty is left out."""
        given = {k: v for k, v in self.cleaned_data.items() if v and k != "name"}
        for key, value in given.items():
            if isinstance(value, Range):
                given[key] = value.as_json()
            elif key in self.ITEMS:
                given[key] = json.loads(value)
        return given


def scenario_values(scenario: Scenario) -> dict[str, Any]:
    """What the form shows of a stored scenario."""
    values: dict[str, Any] = {}
    for name in scenario.__dataclass_fields__:
        value = getattr(scenario, name)
        if isinstance(value, Item):
            values[name] = _key(value)
        elif not isinstance(value, Range) or value.high:
            values[name] = value
    return values


def _key(item: Item) -> str:
    return json.dumps(list(item))


_SHARE = "A share, from 0 to 1."
# Each threshold as people ask for it.
_THRESHOLDS = {
    "requests_for": ("Many requests: more than", "A month."),
    "repeated_share": ("Repeated context: more than", _SHARE),
    "target_accuracy": ("Target accuracy", f"{_SHARE} Without one, two rules wait."),
    "break_even_for": ("Soon pays for itself: in fewer months than", ""),
    "requests_against": ("Few requests: fewer than", "A month."),
    "examples": ("Few examples: fewer than", ""),
    "break_even_against": ("Pays late: in more months than", ""),
    "guideline_versions": ("Changes often: more new versions than", "In 90 days."),
    "agreement": ("Low agreement: alpha below", _SHARE),
    "reasons_needed": ("Reasons for it that make it worth trying", ""),
}


class ThresholdForm(forms.Form):
    """Where each rule begins to speak."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (label, hint) in _THRESHOLDS.items():
            self.fields[name] = forms.CharField(
                label=label,
                help_text=hint,
                max_length=20,
                required=name != "target_accuracy",
                validators=[_is_number],
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            )

    def thresholds(self) -> dict[str, Any]:
        """The thresholds as the service reads them."""
        return {name: value or None for name, value in self.cleaned_data.items()}


def threshold_values(thresholds: Thresholds) -> dict[str, Any]:
    """What the form shows of the thresholds."""
    return thresholds.as_json()


def _is_number(text: str) -> None:
    try:
        number: Decimal = read_decimal(text)
    except RangeError as error:
        raise forms.ValidationError("Enter a number.") from error
    if number < 0:
        raise forms.ValidationError("Enter a number of at least 0.")
