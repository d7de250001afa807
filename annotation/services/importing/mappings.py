"""Saved mappings: how one source's files are read, kept under a name."""

from __future__ import annotations

from django.db import transaction

from annotation.domain.importing.mapping import ColumnMap
from annotation.models import ColumnMapping, Project
from annotation.services import sanitizing
from annotation.services.importing.receiving import ImportRefused, is_plain_column


@transaction.atomic
def save_mapping(*, project: Project, name: str, mapping: ColumnMap) -> ColumnMapping:
    """Keep a mapping under a name; the same name replaces.

    Raises:
        ImportRefused: the name looks like data.
    """
    name = " ".join(name.split())
    if not name or not is_plain_column(name, sanitizing.sanitizer_for(project)):
        raise ImportRefused("bad_name", "Choose a short, plain name for the mapping.")
    saved, _ = ColumnMapping.objects.update_or_create(
        project=project, name=name, defaults={"mapping": mapping.as_json()}
    )
    return saved
