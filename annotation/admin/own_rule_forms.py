"""The form of a project's own rule."""

from __future__ import annotations

from typing import Any

from django import forms

from annotation.domain.sanitize.own_rules import TYPES
from annotation.models import Project
from annotation.services import own_rules

TYPE_WORDS = {
    "cred": "Password or key",
    "snmp": "SNMP community",
    "token": "API token",
    "pem": "PEM block",
    "email": "E-mail address",
    "user": "Account",
    "person": "Person",
    "customer": "Customer",
    "hostname": "Host name",
    "domain": "Domain",
    "location": "Place",
    "phone": "Phone number",
    "card": "Payment card",
    "ssn": "Social security number",
    "iban": "Bank account (IBAN)",
    "circuit": "Circuit or contract number",
    "serial": "Serial number",
    "ipv4": "IPv4 address",
    "ipv6": "IPv6 address",
    "mac": "MAC address",
    "asn": "AS number",
}
"""Span type to what people call it."""
_CODE = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
_NEEDED = ("name", "must")


class RuleForm(forms.Form):
    """A rule and its examples. A preview needs only where, what and the pattern."""

    project = forms.ModelChoiceField(Project.objects.none(), empty_label=None)
    name = forms.CharField(
        max_length=own_rules.LONGEST_NAME,
        help_text="A rule in force with this name is withdrawn when this one is saved.",
    )
    span_type = forms.ChoiceField(
        label="What it finds",
        choices=[(kind, TYPE_WORDS.get(kind, kind)) for kind in TYPES],
        initial="circuit",
        help_text="Decides the pseudonym. Address types keep the form of an address.",
    )
    pattern = forms.CharField(
        max_length=own_rules.LONGEST_PATTERN,
        widget=forms.TextInput(attrs={**_CODE, "class": "mono"}),
        help_text="RE2: no look-around, no back-references. All of the match goes. "
        "Begin with (?i) for any case, with (?m) if ^ and $ are to mean lines.",
    )
    must = forms.CharField(
        label="Lines that must match",
        strip=False,
        widget=forms.Textarea(attrs={**_CODE, "rows": 4, "class": "mono"}),
        help_text="One a line, with invented values: they are stored as written.",
    )
    must_not = forms.CharField(
        label="Lines that must not match",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={**_CODE, "rows": 4, "class": "mono"}),
        help_text="What looks alike and has to stay.",
    )

    def __init__(
        self, projects: Any, *args: Any, needs_all: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]
        for name in _NEEDED:
            self.fields[name].required = needs_all
            # The browser must not ask for them when only a preview is wanted.
            self.fields[name].widget.is_required = False

    def clean_must(self) -> list[str]:
        return self.cleaned_data["must"].splitlines()

    def clean_must_not(self) -> list[str]:
        return self.cleaned_data["must_not"].splitlines()
