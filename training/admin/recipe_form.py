"""The recipe as a form in plain words; shares are typed as per cent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from annotation.models import Project, Record
from training.domain.recipe import (
    FORMATS,
    MOST_COPIES,
    HoldoutMode,
    Recipe,
    RecipeError,
    Split,
)

_PERCENT = 100
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
# The field that a kind of test cannot do without.
_NEEDED = {"from": "test_from", "latest": "test_latest", "share": "test_share"}
# Which field of the form shows an error of which key of the recipe.
_FIELD_OF = {
    "shares": "share_train",
    "test.from": "test_from",
    "test.latest": "test_latest",
    "test.share": "test_share",
    "upsampling.weights.SENIOR": "weight_senior",
    "upsampling.weights.PRINCIPAL": "weight_principal",
    "upsampling.target_share": "target_share",
    "upsampling.cap": "cap",
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


class RecipeForm(forms.Form):
    """A recipe to look at; `recipe` is what it says once the form is valid."""

    recipe: Recipe

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
    train_opened_before = forms.DateField(
        label="Learn only from tickets opened before",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "vTextField"}),
    )
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

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        categories = self.fields["categories"]
        assert isinstance(categories, forms.MultipleChoiceField)  # noqa: S101
        categories.choices = [(c, c) for c in _categories(project)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        needed = _NEEDED.get(cleaned.get("holdout", ""))
        if needed and not cleaned.get(needed):
            self.add_error(needed, "Fill this in, or choose another kind of test.")
        if self.errors:
            return cleaned
        try:
            self.recipe = Recipe.parse(_recipe_data(cleaned))
        except RecipeError as error:
            field = _FIELD_OF.get(error.key)
            self.add_error(
                field, str(error).partition(": ")[2] if field else str(error)
            )
        return cleaned

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
            "train_opened_before",
            *(s.name for s in self.sizes()),
        )
        return any(self[name].value() for name in names)


def form_values(recipe: Recipe) -> dict[str, Any]:
    """What the form shows for a recipe."""
    weights, filters = recipe.upsampling.weights, recipe.filters
    target, test_share = recipe.upsampling.target_share, recipe.test.share
    return {
        "gold_rule": recipe.gold_rule.value,
        "holdout": recipe.test.mode.value,
        "test_from": recipe.test.opened_from and recipe.test.opened_from.date(),
        "test_latest": recipe.test.latest,
        "test_share": test_share and _shown(test_share),
        **{f"share_{s.lower()}": _shown(recipe.shares.get(s, 0)) for s in Split},
        **{f"size_{s.lower()}": recipe.sizes.get(s) for s in Split},
        "kinds": list(filters.kinds),
        "categories": list(filters.categories),
        "train_opened_before": filters.train_opened_before
        and filters.train_opened_before.date(),
        "weight_senior": _plain(weights.get("SENIOR", 1)),
        "weight_principal": _plain(weights.get("PRINCIPAL", 1)),
        "target_share": target and _shown(target),
        "cap": recipe.upsampling.cap,
        "min_per_class": recipe.min_per_class,
        "seed": recipe.seed,
        "formats": list(recipe.formats),
    }


def _shown(share: float) -> str:
    """A share as per cent, without the dust of binary fractions."""
    return _plain(round(share * _PERCENT, 6))


def _share(percent: float) -> float:
    """Per cent as a share, again without the dust."""
    return round(percent / _PERCENT, 8)


def _plain(number: float) -> str:
    """A number as one types it: 2, not 2.0."""
    return f"{number:g}"


def _recipe_data(given: Mapping[str, Any]) -> dict[str, Any]:
    sizes = {split.value: given[f"size_{split.lower()}"] for split in Split}
    limit = given["train_opened_before"]
    target = given["target_share"]
    return {
        "gold_rule": given["gold_rule"],
        "test": _holdout_data(given),
        "shares": {s.value: _share(given[f"share_{s.lower()}"]) for s in Split},
        "sizes": {split: size for split, size in sizes.items() if size},
        "filters": {
            "kinds": given["kinds"],
            "categories": given["categories"],
            "train_opened_before": limit and limit.isoformat(),
        },
        "upsampling": {
            "weights": {
                "SENIOR": given["weight_senior"],
                "PRINCIPAL": given["weight_principal"],
            },
            "target_share": _share(target) if target else None,
            "cap": given["cap"],
        },
        "formats": given["formats"],
        "min_per_class": given["min_per_class"],
        "seed": given["seed"],
    }


def _holdout_data(given: Mapping[str, Any]) -> dict[str, Any] | None:
    mode = given["holdout"]
    if mode == HoldoutMode.FROM:
        opened_from = given["test_from"]
        return {"from": opened_from and opened_from.isoformat()}
    if mode == HoldoutMode.LATEST:
        return {"latest": given["test_latest"] or 0}
    if mode == HoldoutMode.SHARE:
        return {"share": _share(given["test_share"] or 0)}
    return {"kept": True} if mode == HoldoutMode.KEPT else None


def _categories(project: Project) -> list[str]:
    rows = Record.objects.of(project).exclude(category="").order_by("category")
    return list(rows.values_list("category", flat=True).distinct())
