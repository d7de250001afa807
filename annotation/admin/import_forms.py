"""The two forms of an import: which file, and which column is which field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.db.models import QuerySet

from annotation.domain.importing.fields import PRESETS, attribute_field
from annotation.domain.importing.mapping import ColumnMap
from annotation.models import ColumnMapping, Project, Record
from annotation.uploads import EncryptedUpload

RECOGNISE = "recognise"
_PRESET_WORDS = {"servicenow": "ServiceNow export", "jira": "Jira export"}
_ORDERS = [
    ("", "do not guess"),
    ("dmy", "day / month / year"),
    ("mdy", "month / day / year"),
]
_FIELDS: Mapping[str, tuple[str, str]] = {
    "external_id": ("Ticket number", "Without one, an id is derived from the text."),
    "title": ("Title", "Title or text is needed."),
    "body": ("Text at opening", "What was known when the ticket was opened."),
    "opened_at": ("Opened at", ""),
    "category": ("Category", "Splits and figures are made by category."),
    "vendor": ("Vendor", ""),
    "device_type": ("Device type", ""),
    "site": ("Site", ""),
    "incident_key": ("Incident", "Tickets of one incident stay in one split."),
    "resolution": ("Resolution", "Known later: never shown to those who label."),
    "attributes.impact": ("Impact", ""),
    "attributes.urgency": ("Urgency", ""),
    "attributes.users_affected": ("Users affected", ""),
    "attributes.customer_tier": ("Customer tier", ""),
}
_KEPT = "kept"
_GATHERED: Mapping[str, tuple[str, str]] = {
    "thread": ("Later updates", "One or more columns with comments or work notes."),
    "worked_by": ("Worked by", "They are not asked to label the ticket."),
    "kept": ("Kept as attributes", "Further facts known at opening, by their names."),
}


def field_label(name: str) -> str:
    """What a field is called on the pages; an attribute has its own name."""
    labels = {**_FIELDS, **_GATHERED}
    return labels[name][0] if name in labels else name.rpartition(".")[2]


class UploadForm(forms.Form):
    """A file for a project, and how its columns are to be understood."""

    project = forms.ModelChoiceField(Project.objects.none(), empty_label=None)
    file = forms.FileField(
        help_text="CSV, TSV, JSON, JSON Lines or Excel (.xlsx), in UTF-8."
    )
    how = forms.ChoiceField(
        label="Columns",
        help_text="You see the columns and the first rows before anything is stored.",
    )
    kind = forms.ChoiceField(label="What the rows are", choices=Record.Kind.choices)
    origin = forms.ChoiceField(choices=Record.Origin.choices)

    def __init__(
        self,
        projects: QuerySet[Project],
        mappings: QuerySet[ColumnMapping],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._mappings = {f"saved:{one.pk}": one for one in mappings}
        project = self.fields["project"]
        project.queryset = projects  # type: ignore[attr-defined]
        self.fields["how"].choices = self._ways()  # type: ignore[attr-defined]

    def clean_file(self) -> EncryptedUpload:
        upload: EncryptedUpload = self.cleaned_data["file"]
        if upload.too_large:
            limit = settings.UPLOAD_MAX_BYTES >> 20
            raise forms.ValidationError(f"The file is larger than {limit:,} MiB.")
        return upload

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        saved = self._mappings.get(cleaned.get("how", ""))
        if saved and cleaned.get("project") not in (None, saved.project):
            self.add_error("how", "That mapping belongs to another project.")
        return cleaned

    def _ways(self) -> list[Any]:
        presets = [(f"preset:{name}", _PRESET_WORDS[name]) for name in PRESETS]
        ways: list[Any] = [(RECOGNISE, "recognise them by their names"), *presets]
        if self._mappings:
            saved = [
                (key, f"{one.name} ({one.project.name})")
                for key, one in self._mappings.items()
            ]
            ways.append(("Saved mappings", saved))
        return ways


class MappingForm(forms.Form):
    """Which column fills which field. Columns travel by place, not by name:
    a name that looks like data is neither shown nor sent."""

    zone = forms.ChoiceField(
        label="Time zone",
        help_text="Of moments that name none.",
        choices=lambda: [(zone, zone) for zone in sorted(available_timezones())],
    )
    order = forms.ChoiceField(
        label="What 03/04/2024 means", choices=_ORDERS, required=False
    )
    save_as = forms.CharField(
        label="Keep this mapping as",
        max_length=80,
        required=False,
        help_text="Optional: a name under which the next file can be read.",
    )

    def __init__(
        self, columns: Sequence[tuple[str, bool]], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._columns = [name for name, _ in columns]
        places = [
            (str(place), name if plain else f"(column {place + 1})")
            for place, (name, plain) in enumerate(columns)
        ]
        for name, (label, words) in _FIELDS.items():
            self.fields[name] = forms.ChoiceField(
                label=label,
                help_text=words,
                choices=[("", "-"), *places],
                required=False,
            )
        for name, (label, words) in _GATHERED.items():
            self.fields[name] = forms.MultipleChoiceField(
                label=label,
                help_text=words,
                choices=places,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    @property
    def column_fields(self) -> list[forms.BoundField]:
        """The fields that take one column, in their order on the page."""
        return [self[name] for name in _FIELDS]

    @property
    def gathered_fields(self) -> list[forms.BoundField]:
        """The fields that take any number of columns."""
        return [self[name] for name in _GATHERED]

    @property
    def asked(self) -> dict[str, list[str]]:
        """The chosen columns by field, as names of the file."""
        chosen: dict[str, list[str]] = {}
        for name in (*_FIELDS, *_GATHERED):
            value = self.cleaned_data.get(name) or []
            places = [value] if isinstance(value, str) else value
            names = [self._columns[int(place)] for place in places]
            if name == _KEPT:
                chosen |= {attribute_field(column): [column] for column in names}
            elif names:
                chosen[name] = names
        return chosen

    def initial_from(self, mapping: ColumnMap) -> dict[str, Any]:
        """Turn a mapping into values of this form."""
        places = {name: str(place) for place, name in enumerate(self._columns)}
        values: dict[str, Any] = {"zone": mapping.zone, "order": mapping.order}
        values[_KEPT] = []
        for name, columns in mapping.columns.items():
            found = [places[column] for column in columns if column in places]
            if name in _GATHERED:
                values[name] = found
            elif name in _FIELDS:
                values[name] = (found or [""])[0]
            else:
                values[_KEPT] += found
        return values
