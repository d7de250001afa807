"""Forms of the label desk."""

from __future__ import annotations

from typing import Any

from django import forms

from annotation.domain.queue import Wish
from annotation.models import Claim, Project, Record, Review
from annotation.services.answers import Answer
from annotation.services.reviewing import has_later_facts

MAX_SECONDS = 24 * 3600
_CHOICES_LISTED = 200


class AnswerForm(forms.Form):
    """One reviewer's answer; the levels and root causes are the project's.

    Where something became known later, the first step asks for the severity alone: it
    must come from what was known at opening.
    """

    blamed = None
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

    def __init__(self, claim: Claim, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        project = claim.project
        self.locked = claim.severity if claim.revealed_at else ""
        offers = project.later_facts == Project.LaterFacts.OFFERED
        # Nothing more is shown to who has lost the seat; what is typed can be sent.
        waiting = has_later_facts(claim) and claim.is_open and not self.locked
        self.may_reveal = waiting
        self.must_reveal = waiting and not offers
        self.asks_more = not waiting
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
        if self.locked:
            cleaned["severity"] = self.locked
            self.errors.pop("severity", None)
        elif not cleaned.get("severity") and "severity" not in self.errors:
            self.add_error("severity", "Choose a severity, or pass the ticket on.")
        return cleaned

    def answer(self) -> Answer:
        """Return the cleaned form as the service's words."""
        cleaned = self.cleaned_data
        spent = cleaned.get("seconds_spent")
        return Answer(
            severity=cleaned.get("severity") or "",
            root_cause=cleaned.get("root_cause") or "",
            response=cleaned.get("response") or "",
            confidence=cleaned.get("confidence"),
            seconds_spent=min(spent, MAX_SECONDS) if spent is not None else None,
        )


class SkipForm(forms.Form):
    """Why a reviewer passes a ticket on; the button says how."""

    blamed = "reason"
    action = forms.CharField(required=False)
    reason = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"max_length": "The reason is longer than 500 characters."},
    )
    seconds_spent = forms.IntegerField(
        required=False, min_value=0, max_value=MAX_SECONDS, widget=forms.HiddenInput
    )

    def answer(self) -> Answer:
        """Return the cleaned form as the service's words."""
        unsure = self.cleaned_data["action"] == "unsure"
        return Answer(
            status=Review.Status.UNSURE if unsure else Review.Status.SKIPPED,
            reason=self.cleaned_data["reason"],
            seconds_spent=self.cleaned_data.get("seconds_spent"),
        )


class FlagForm(forms.Form):
    """What should have been hidden in a ticket; described, not quoted."""

    blamed = "flag"
    flag = forms.CharField(
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Say in a few words what you saw.",
            "max_length": "Say it in at most 200 characters.",
        },
    )

    def answer(self) -> Answer:
        """Return what is stored of a flag: the ticket is passed on."""
        return Answer(status=Review.Status.SKIPPED, reason=self.cleaned_data["flag"])


SeatForm = AnswerForm | SkipForm | FlagForm
"""What is sent from a seat; ``blamed`` is the field to which a refusal belongs."""


class WishForm(forms.Form):
    """Which tickets one would like to be served."""

    category = forms.ChoiceField(required=False)
    vendor = forms.ChoiceField(required=False)
    batch = forms.ChoiceField(required=False, label="Import")

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        records = Record.objects.of(project)
        for name in ("category", "vendor"):
            self._offer(name, ((one, one) for one in records.words_of(name)))
        # Not by file name: it may name what the sanitizer hides.
        batches = project.batches.order_by("-id")[:_CHOICES_LISTED]
        named = ((str(b.pk), f"{b.pk} of {b.created_at:%Y-%m-%d}") for b in batches)
        self._offer("batch", named)

    def _offer(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [("", "Any"), *choices]

    def wish(self) -> Wish:
        """Return what was chosen; what does not exist any more is left out."""
        self.is_valid()
        return Wish.parse(self.cleaned_data)


class PauseForm(forms.Form):
    """Why nobody is served for the time being."""

    because = forms.CharField(max_length=200, label="Why")


class HandOverForm(forms.Form):
    """A note for those who go on."""

    note = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": "The note is longer than 500 characters."},
    )
