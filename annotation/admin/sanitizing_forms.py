"""The forms of the sanitizing review. What is typed here never comes back in a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from annotation.services.false_alarms import Seen
from annotation.services.missed_values import LONGEST, NAMES, SECRETS

_NOT_THERE = (
    "This text does not stand there. Pseudonyms are shown short: select beside them."
)


class MissedForm(forms.Form):
    """A value in the text: selected in the page, or typed as it stands there."""

    text = forms.CharField(
        label="The value, as it stands in the text",
        strip=False,
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    span_type = forms.ChoiceField(
        label="What is it?",
        choices=[
            ("", "Choose"),
            ("Secrets and numbers", list(SECRETS.items())),
            ("Names, for the dictionary", list(NAMES.items())),
        ],
    )
    field = forms.CharField(required=False, widget=forms.HiddenInput)
    start = forms.IntegerField(required=False, widget=forms.HiddenInput)
    end = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, texts: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._texts = texts
        self.place: dict[str, Any] = {}

    def clean(self) -> dict[str, Any]:
        """Find where the value stands, by its offsets or by itself."""
        found = super().clean() or {}
        value = found.get("text", "")
        if value and not self._at_offsets(found, value):
            self._look_up(value.strip())
        return found

    def _at_offsets(self, found: dict[str, Any], value: str) -> bool:
        name, start, end = (found.get(key) for key in ("field", "start", "end"))
        if start is None or end is None or not 0 <= start < end:
            return False
        if self._texts.get(name or "", "")[start:end] != value:
            return False
        self.place = {"field": name, "start": start, "end": end}
        return True

    def _look_up(self, value: str) -> None:
        for name, text in self._texts.items():
            start = text.find(value)
            if value and start >= 0:
                end = start + len(value)
                self.place = {"field": name, "start": start, "end": end}
                return
        self.add_error("text", _NOT_THERE)


class ConfirmForm(forms.Form):
    """What was read."""

    version = forms.CharField(max_length=64)


class AlarmForm(forms.Form):
    """One place of a replacement, as `field:number:start`, and why it was none."""

    place = forms.RegexField(r"^[a-z]+(?:\.\d{1,6})?:\d{1,6}:\d{1,9}$")
    token = forms.CharField(max_length=2000, strip=False)
    reason = forms.CharField(max_length=200)

    def seen(self) -> Seen:
        """Return the replacement that was seen as the service names it."""
        name, index, start = self.cleaned_data["place"].split(":")
        return Seen(name, int(index), int(start), self.cleaned_data["token"])


class DecisionForm(forms.Form):
    """Somebody's word on a false alarm."""

    alarm = forms.IntegerField()
    approve = forms.TypedChoiceField(
        choices=[("yes", "yes"), ("no", "no")], coerce=lambda word: word == "yes"
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=200)
