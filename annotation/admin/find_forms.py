"""Forms of "Find records": the filter, its name, and the confirmation of an act."""

from __future__ import annotations

from typing import Any

from django import forms

from annotation.domain.shown_state import COARSE, label_of
from annotation.models import ImportBatch, Project, Record

_ANY = [("", "Any")]
# What would tell a settled record, and gold is one, from those that are open.
_FOR_READERS_OF_VERDICTS = ("level", "because", "reviews_from", "reviews_to")
_DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FilterForm(forms.Form):
    """The parts of a filter; what they mean is read elsewhere."""

    words = forms.CharField(
        label="Words",
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
        help_text='"spanning tree" as a phrase, -wireless to leave out, flap* for a '
        "beginning. Names and addresses are looked for by their pseudonyms.",
    )
    state = forms.MultipleChoiceField(
        label="State",
        required=False,
        choices=Record.State.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    category = forms.CharField(required=False, max_length=80)
    vendor = forms.CharField(required=False, max_length=80)
    external_id = forms.CharField(
        label="Id begins with",
        required=False,
        max_length=120,
        help_text="With = before it, this very record.",
    )
    because = forms.CharField(
        label="Waits because",
        required=False,
        max_length=120,
        help_text="First words of the reason: contested, asked for.",
    )
    level = forms.ChoiceField(label="Verdict", required=False)
    reviews_from = forms.IntegerField(
        label="Reviews at least", required=False, min_value=0, max_value=999
    )
    reviews_to = forms.IntegerField(
        label="Reviews at most", required=False, min_value=0, max_value=999
    )
    opened_from = forms.DateField(label="Opened from", required=False, widget=_DATE)
    opened_to = forms.DateField(label="Opened until", required=False, widget=_DATE)
    kind = forms.ChoiceField(required=False, choices=_ANY + Record.Kind.choices)
    origin = forms.ChoiceField(required=False, choices=_ANY + Record.Origin.choices)
    source = forms.ChoiceField(
        label="Came by", required=False, choices=_ANY + ImportBatch.Source.choices
    )
    batch = forms.IntegerField(label="Import number", required=False, min_value=1)

    def __init__(
        self, project: Project, *args: Any, sees_verdicts: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # A browser's own memory of what was typed outlives the session.
            field.widget.attrs.setdefault("autocomplete", "off")
        if not sees_verdicts:
            for name in _FOR_READERS_OF_VERDICTS:
                del self.fields[name]
            coarse = [(state, label_of(state)) for state in COARSE]
            self.fields["state"].choices = coarse  # type: ignore[attr-defined]
            return
        levels = [(level.key, level.label) for level in project.scale.levels]
        self.fields["level"].choices = _ANY + levels  # type: ignore[attr-defined]

    @property
    def rarely_asked(self) -> list[forms.BoundField]:
        """The fields behind "More": one of them set opens it."""
        names = ("opened_from", "opened_to", "kind", "origin", "source", "batch")
        return [self[name] for name in names]

    @property
    def opens_more(self) -> bool:
        return any(field.value() or field.errors for field in self.rarely_asked)


class SaveForm(forms.Form):
    """Under which name a filter is kept, and for whom."""

    name = forms.CharField(label="Name", max_length=80)
    is_shared = forms.BooleanField(label="Share with the team", required=False)


class ConfirmForm(forms.Form):
    """Why, and for how many records, an act was confirmed."""

    reason = forms.CharField(
        label="Why",
        max_length=200,
        help_text="Stands in the history; for requeued records also at the desk.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    expected_count = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
