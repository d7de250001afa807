"""Forms of the guidelines: a new version, and what it touches."""

from __future__ import annotations

from typing import Any

from django import forms

from annotation.models import Project, Record
from annotation.services.guidelines import LONGEST, LONGEST_SUMMARY
from annotation.services.touching import Touched


class GuidelinesForm(forms.Form):
    """The text of a new version and what changed."""

    markdown = forms.CharField(
        label="Text",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 22, "class": "mono"}),
        error_messages={"required": "Write the guidelines first."},
    )
    summary = forms.CharField(
        label="What changed",
        max_length=LONGEST_SUMMARY,
        error_messages={
            "required": "Say in a line what changed: those who label read it."
        },
    )
    expected = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class TouchedForm(forms.Form):
    """What a new version touches; the choices are the project's own words."""

    categories = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple
    )
    levels = forms.MultipleChoiceField(
        label="Severity of the verdict",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    root_causes = forms.MultipleChoiceField(
        label="Root cause of the verdict",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    gaps = forms.BooleanField(
        label="Only tickets where a senior found the guidelines open", required=False
    )
    with_adjudicated = forms.BooleanField(
        label="Also tickets that a senior has decided", required=False
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        categories = Record.objects.of(project).exclude(category="")
        names = categories.order_by("category").values_list("category", flat=True)
        choices = {
            "categories": [(name, name) for name in names.distinct()],
            "levels": [(level.key, level.label) for level in project.scale],
            "root_causes": [
                (one, one.replace("-", " ")) for one in project.root_causes
            ],
        }
        for name, options in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101
            field.choices = options

    def chosen(self) -> list[tuple[str, str]]:
        """Return what a valid form holds as the fields of another one."""
        found: list[tuple[str, str]] = []
        for name, value in self.cleaned_data.items():
            if isinstance(value, list):
                found += [(name, one) for one in value]
            elif value:
                found.append((name, "on"))
        return found

    def touched(self) -> Touched:
        """Return the cleaned form in the service's words."""
        cleaned = self.cleaned_data
        return Touched(
            categories=tuple(cleaned["categories"]),
            levels=tuple(cleaned["levels"]),
            root_causes=tuple(cleaned["root_causes"]),
            gaps=cleaned["gaps"],
            with_adjudicated=cleaned["with_adjudicated"],
        )
