"""Forms of the label desk and the adjudication page."""

from __future__ import annotations

from typing import Any

from django import forms

from annotation.models import Project, Review
from annotation.services.reviewing import Answer

MAX_SECONDS = 24 * 3600


class AnswerForm(forms.Form):
    """One reviewer's answer; the levels and root causes are the project's."""

    severity = forms.ChoiceField(widget=forms.RadioSelect, required=False)
    root_cause = forms.ChoiceField(required=False)
    response = forms.CharField(
        required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 4})
    )
    confidence = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, choices=[("", "Not stated")]
    )
    seconds_spent = forms.IntegerField(
        required=False, min_value=0, widget=forms.HiddenInput
    )
    claim = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.levels = [
            {"level": level, "key": position if position <= 9 else None}
            for position, level in enumerate(project.scale, start=1)
        ]
        self._field("severity").choices = [(lv.key, lv.label) for lv in project.scale]
        causes = [(cause, cause.replace("-", " ")) for cause in project.root_causes]
        self._field("root_cause").choices = [("", "Not stated"), *causes]
        words = ["guess", "unsure", "fair", "confident", "certain"]
        self._field("confidence").choices = [
            ("", "Not stated"),
            *((str(n), f"{n} {word}") for n, word in enumerate(words, start=1)),
        ]

    def _field(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        return field

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.data.get("action") == "submit" and not cleaned.get("severity"):
            self.add_error("severity", "Choose a severity, or skip the ticket.")
        return cleaned

    def answer(self, status: str = Review.Status.SUBMITTED, reason: str = "") -> Answer:
        """Return the cleaned form as the service's words."""
        cleaned = self.cleaned_data
        spent = cleaned.get("seconds_spent")
        return Answer(
            severity=cleaned.get("severity") or "",
            root_cause=cleaned.get("root_cause") or "",
            response=cleaned.get("response") or "",
            confidence=cleaned.get("confidence"),
            status=status,
            reason=reason,
            seconds_spent=min(spent, MAX_SECONDS) if spent is not None else None,
        )


class SkipForm(forms.Form):
    """Why a reviewer passes a ticket on."""

    SKIP = "skip"
    UNSURE = "unsure"

    claim = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(required=False, max_length=500)


class DecisionForm(forms.Form):
    """A senior's decision on a contested record."""

    severity = forms.ChoiceField(
        widget=forms.RadioSelect, error_messages={"required": "Choose a severity."}
    )
    root_cause = forms.ChoiceField(required=False)
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say in a few words why: reviewers learn from it."},
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.levels = [
            {"level": level, "key": position if position <= 9 else None}
            for position, level in enumerate(project.scale, start=1)
        ]
        choices = {
            "severity": [(level.key, level.label) for level in project.scale],
            "root_cause": [("", "Not stated")]
            + [(cause, cause.replace("-", " ")) for cause in project.root_causes],
        }
        for name, options in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101
            field.choices = options
