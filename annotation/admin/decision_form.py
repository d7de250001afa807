"""The form of a senior's decision."""

from __future__ import annotations

from typing import Any

from django import forms

from annotation.models import Project, Verdict

KIND_KEYS = {
    Verdict.Disagreement.AMBIGUOUS: "a",
    Verdict.Disagreement.GUIDELINE_GAP: "g",
    Verdict.Disagreement.SLIP: "s",
}
_KIND_HELP = {
    Verdict.Disagreement.AMBIGUOUS: "It can be read both ways with what was known.",
    Verdict.Disagreement.GUIDELINE_GAP: "Careful readers can follow them and differ.",
    Verdict.Disagreement.SLIP: "The guidelines are clear, and somebody missed it.",
}


class DecisionForm(forms.Form):
    """Severity, root cause, reason, and why the reviewers disagreed."""

    severity = forms.ChoiceField(
        widget=forms.RadioSelect, error_messages={"required": "Choose a severity."}
    )
    root_cause = forms.ChoiceField(required=False)
    disagreement = forms.ChoiceField(
        widget=forms.RadioSelect,
        required=False,
        choices=Verdict.Disagreement.choices,
        error_messages={"required": "Say what kind of disagreement it is."},
    )
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say in a few words why: reviewers learn from it."},
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, project: Project, differs: bool, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.levels = [
            {"level": level, "key": position if position <= 9 else None}
            for position, level in enumerate(project.scale, start=1)
        ]
        self.fields["disagreement"].required = differs
        choices = {
            "severity": [(level.key, level.label) for level in project.scale],
            "root_cause": [("", "Not stated")]
            + [(cause, cause.replace("-", " ")) for cause in project.root_causes],
        }
        for name, options in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101
            field.choices = options

    @property
    def kinds(self) -> list[dict[str, str]]:
        """The kinds of disagreement with their keys and what they mean."""
        return [
            {
                "value": kind.value,
                "label": str(kind.label),
                "key": key,
                "help": _KIND_HELP[kind],
            }
            for kind, key in KIND_KEYS.items()
        ]

    def decision(self) -> dict[str, Any]:
        """Return the cleaned form in the service's words."""
        cleaned = self.cleaned_data
        return {**cleaned, "seen": cleaned["seen"] or None}
