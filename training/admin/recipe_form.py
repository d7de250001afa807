"""The recipe as a form in plain words; shares are typed as per cent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django import forms

from annotation.models import Project, Record
from training.admin.recipe_carrying import keep_unshown, words_of_unshown
from training.admin.recipe_values import form_values, recipe_data
from training.admin.task_fields import FIELD_OF, TaskFields
from training.domain.recipe import FORMATS, Recipe, RecipeError, Split
from training.domain.recipe_choice import HoldoutMode
from training.domain.recipe_rows import (
    MOST_COPIES,
    BalanceBy,
    Method,
    Towards,
)

_SPLITS = tuple(split.value.lower() for split in Split)
_GOLD = [
    ("STRICT", "Reviewed: TEST and CALIBRATION need adjudicated or unanimous labels"),
    ("SINGLE_SOURCE", "Single source: take labels of one system as they are"),
]
_HOLDOUTS = [
    (HoldoutMode.MIXED.value, "A share of all tickets, old and new alike"),
    (HoldoutMode.FROM.value, "Tickets opened from a date on"),
    (HoldoutMode.LATEST.value, "The newest tickets, by number"),
    (HoldoutMode.SHARE.value, "The newest tickets, by share"),
    (HoldoutMode.KEPT.value, "Nothing new: keep the test tickets of earlier versions"),
]
_METHODS = [
    (Method.COPIES.value, "Copy seniors' examples"),
    (Method.LEAVE_OUT.value, "Leave examples of others out, copy nothing"),
]
_BALANCES = [
    (BalanceBy.NOTHING.value, "Nothing"),
    (BalanceBy.CATEGORY.value, "Categories"),
    (BalanceBy.LEVEL.value, "Levels of severity"),
]
_AIMS = [
    (Towards.PRODUCTION.value, "The production mix of the project"),
    (Towards.EVEN.value, "Equal parts"),
]
# The field that a kind of test cannot do without.
_NEEDED = {"from": "test_from", "latest": "test_latest", "share": "test_share"}
# Which field of the form shows an error of which key of the recipe.
_FIELD_OF = {
    **FIELD_OF,
    "shares": "share_train",
    "test.from": "test_from",
    "test.latest": "test_latest",
    "test.share": "test_share",
    "upsampling.weights.SENIOR": "weight_senior",
    "upsampling.weights.PRINCIPAL": "weight_principal",
    "upsampling.target_share": "target_share",
    "upsampling.cap": "cap",
    "filters.min_agreement": "min_agreement",
    "balance.towards": "balance_towards",
    "balance.strength": "balance_strength",
    "balance.cap": "balance_cap",
}


def _percent(label: str, help_text: str = "", required: bool = True) -> Any:
    return forms.FloatField(
        label=label,
        help_text=help_text,
        required=required,
        min_value=0,
        max_value=100,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )


class RecipeForm(TaskFields):
    """A recipe to look at; `recipe` is what it says once the form is valid."""

    recipe: Recipe
    unshown: Sequence[str] = ()

    base = forms.CharField(required=False, widget=forms.HiddenInput)
    gold_rule = forms.ChoiceField(
        label="Which labels count", choices=_GOLD, widget=forms.RadioSelect
    )
    holdout = forms.ChoiceField(
        label="Which tickets test the model",
        choices=_HOLDOUTS,
        help_text=(
            "Later tickets show how the model does on what comes next. A ticket that "
            "was once a test ticket stays one in every later version."
        ),
    )
    test_from = forms.DateField(
        label="Opened from",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "vTextField"}),
    )
    test_latest = forms.IntegerField(label="How many", required=False, min_value=1)
    test_share = _percent("Newest, per cent", required=False)
    share_train = _percent("Train, %", "What the model learns from.")
    share_dev = _percent("Dev, %", "Chooses the best checkpoint.")
    share_calibration = _percent("Calibration, %", "Sets thresholds.")
    share_test = _percent("Test, %", "Measures the result.")
    size_train = forms.IntegerField(label="Train", required=False, min_value=1)
    size_dev = forms.IntegerField(label="Dev", required=False, min_value=1)
    size_calibration = forms.IntegerField(
        label="Calibration", required=False, min_value=1
    )
    size_test = forms.IntegerField(label="Test", required=False, min_value=1)
    kinds = forms.MultipleChoiceField(
        label="Kinds", choices=Record.Kind, required=False
    )
    categories = forms.MultipleChoiceField(label="Categories", required=False)
    vendors = forms.MultipleChoiceField(label="Vendors", required=False)
    min_agreement = _percent(
        "Least agreement, %",
        "Of a ticket's independent reviewers, so many name its level at least. "
        "Adjudicated tickets always pass.",
    )
    train_opened_before = forms.DateField(
        label="Learn only from tickets opened before",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "vTextField"}),
    )
    method = forms.ChoiceField(label="How", choices=_METHODS)
    weight_senior = forms.FloatField(
        label="Rows of a senior's example",
        min_value=1,
        max_value=MOST_COPIES,
        help_text="1 makes no copies; 1.5 copies every second example.",
    )
    weight_principal = forms.FloatField(
        label="Rows of a principal's example", min_value=1, max_value=MOST_COPIES
    )
    target_share = _percent(
        "Seniors' share of the training rows, %",
        "Optional. The rows above then only say how the copies are spread.",
        required=False,
    )
    cap = forms.IntegerField(
        label="Most rows of one example", min_value=1, max_value=MOST_COPIES
    )
    balance_by = forms.ChoiceField(label="What is balanced", choices=_BALANCES)
    balance_towards = forms.ChoiceField(label="Towards", choices=_AIMS)
    balance_strength = forms.FloatField(
        label="Strength, %",
        min_value=0,
        max_value=200,
        help_text="0 changes nothing, 100 aims at it, more goes beyond.",
    )
    balance_cap = forms.IntegerField(
        label="Most rows by balancing", min_value=1, max_value=MOST_COPIES
    )
    min_per_class = forms.IntegerField(
        label="Fewest training examples of a level",
        min_value=1,
        help_text="With fewer the dataset is not frozen.",
    )
    seed = forms.IntegerField(
        label="Seed", min_value=0, help_text="Equal seeds give equal datasets."
    )
    formats = forms.MultipleChoiceField(
        label="Formats to check",
        choices=[(name, name) for name in FORMATS],
        widget=forms.CheckboxSelectMultiple,
    )

    @classmethod
    def of(cls, project: Project, recipe: Recipe) -> RecipeForm:
        """The form of a recipe; what it cannot show is carried along in it."""
        values = form_values(recipe)
        whole = recipe.as_json()
        form = cls(project, values)
        if form._shown(recipe) != whole:
            values["base"] = json.dumps(whole)
        return form

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, column in (("categories", "category"), ("vendors", "vendor")):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101
            field.choices = [(c, c) for c in _words_of(project, column)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        needed = _NEEDED.get(cleaned.get("holdout", ""))
        if needed and not cleaned.get(needed):
            self.add_error(needed, "Fill this in, or choose another kind of test.")
        if self.errors:
            return cleaned
        try:
            self.recipe = Recipe.parse(self._with_base(recipe_data(cleaned)))
        except RecipeError as error:
            field = _FIELD_OF.get(error.key)
            self.add_error(
                field, str(error).partition(": ")[2] if field else str(error)
            )
        return cleaned

    def _with_base(self, said: dict[str, Any]) -> dict[str, Any]:
        """What the fields say, and what the recipe they began with says beside them.

        Raises RecipeError where what was carried along is no recipe.
        """
        carried = self.cleaned_data.get("base")
        if not carried:
            return said
        try:
            base = Recipe.parse(json.loads(carried))
        except json.JSONDecodeError as error:
            raise RecipeError("", "the recipe to begin with cannot be read") from error
        self.unshown = words_of_unshown(base)
        whole: dict[str, Any] = keep_unshown(base.as_json(), self._shown(base), said)
        return whole

    def _shown(self, recipe: Recipe) -> dict[str, Any]:
        """What the form says of a recipe when nobody touches it."""
        values = form_values(recipe)
        return recipe_data(
            {
                name: field.to_python(values.get(name))
                for name, field in self.fields.items()
            }
        )

    def shares(self) -> list[forms.BoundField]:
        """The fields of the four shares."""
        return [self[f"share_{split}"] for split in _SPLITS]

    def sizes(self) -> list[forms.BoundField]:
        """The fields of the four limits."""
        return [self[f"size_{split}"] for split in _SPLITS]

    def more_are_set(self) -> bool:
        """Whether a filter or a limit is set."""
        names = (
            "kinds",
            "categories",
            "vendors",
            "train_opened_before",
            "length_base_model",
            "length_most",
            *(s.name for s in self.sizes()),
        )
        agreement = self["min_agreement"].value()
        return agreement not in ("", "0", None) or any(
            self[name].value() for name in names
        )


def _words_of(project: Project, column: str) -> list[str]:
    rows = Record.objects.of(project).exclude(**{column: ""}).order_by(column)
    return list(rows.values_list(column, flat=True).distinct())
