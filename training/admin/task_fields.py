"""The part of a recipe's form that says what is taught, and how long a row may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from training.domain.recipe import Recipe
from training.domain.recipe_tasks import LARGEST_GENERAL_SHARE, LabelSource, TooLong
from training.domain.tasks import SEVERITY, TASKS, Task
from training.models import BaseModel

_PERCENT = 100
_SOURCES = [
    (LabelSource.VERDICT.value, "The verdict of each ticket"),
    (LabelSource.EVERY_REVIEW.value, "Every reviewer's label, as a row of its own"),
]
_POLICIES = [
    (TooLong.RAISE.value, "Refuse to build"),
    (TooLong.DROP.value, "Leave the example out"),
    (TooLong.TRUNCATE.value, "Shorten the end of its text"),
]
FIELD_OF = {
    "tasks": "tasks",
    "label_source": "label_source",
    "general_share": "general_share",
    "length.base_model": "length_base_model",
    "length.most": "length_most",
}
"""Which field shows an error of which key of the recipe."""


class TaskFields(forms.Form):
    """Tasks, whose labels, general texts, customers, and the limit of length."""

    tasks = forms.MultipleChoiceField(
        label="What a model learns",
        choices=[
            (task.key, f"{task.title}: {task.teaches}") for task in TASKS.values()
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="A record makes an example of each that it has the material for.",
    )
    label_source = forms.ChoiceField(
        label="Labels in TRAIN",
        choices=_SOURCES,
        required=False,
        help_text="What is scored always has verdicts.",
    )
    general_share = forms.FloatField(
        label="General-purpose rows in TRAIN, %",
        required=False,
        min_value=0,
        max_value=LARGEST_GENERAL_SHARE * _PERCENT,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text="Against forgetting; from records imported with the origin general.",
    )
    group_by_customer = forms.BooleanField(
        label="Keep a customer's tickets in one split",
        required=False,
        help_text="By the attribute “customer”.",
    )
    length_base_model = forms.ChoiceField(
        label="Counted by the tokenizer of",
        required=False,
        help_text="Without one, four characters count as a token.",
    )
    length_most = forms.IntegerField(
        label="Most tokens of a row",
        required=False,
        min_value=8,
        help_text="Empty means what the base model can read, or no limit without one.",
    )
    length_policy = forms.ChoiceField(
        label="What is longer", choices=_POLICIES, required=False
    )

    def task_boxes(self) -> list[tuple[forms.boundfield.BoundWidget, Task]]:
        """Each checkbox with its task."""
        boxes = self["tasks"].subwidgets
        return list(zip(boxes, TASKS.values(), strict=True))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["length_base_model"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        names = BaseModel.objects.filter(context_length__gt=0).order_by("name")
        known = names.exclude(architecture=BaseModel.Architecture.CLASSICAL)
        named = [(name, name) for name in known.values_list("name", flat=True)]
        field.choices = [("", "no model: an estimate"), *named]


def task_values(recipe: Recipe) -> dict[str, Any]:
    """What these fields show for a recipe."""
    return {
        "tasks": list(recipe.tasks),
        "label_source": recipe.label_source.value,
        "general_share": f"{round(recipe.general_share * _PERCENT, 6):g}",
        "group_by_customer": recipe.group_by_customer,
        "length_base_model": recipe.length.base_model,
        "length_most": recipe.length.most,
        "length_policy": recipe.length.policy.value,
    }


def task_data(given: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the recipe that these fields say."""
    share = given.get("general_share") or 0
    return {
        "tasks": given.get("tasks") or [SEVERITY],
        "label_source": given.get("label_source") or LabelSource.VERDICT.value,
        "general_share": round(share / _PERCENT, 8),
        "group_by_customer": bool(given.get("group_by_customer")),
        "length": {
            "base_model": given.get("length_base_model") or "",
            "most": given.get("length_most"),
            "policy": given.get("length_policy") or TooLong.RAISE.value,
        },
    }
