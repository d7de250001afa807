"""The way to a record's lineage, for those who may go it."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from annotation.models import Record
from evaluation.services.lineage import may_trace

register = template.Library()


@register.simple_tag(takes_context=True)
def lineage_of(context: dict[str, Any], record: Record | None) -> str:
    """Return the address of the record's lineage; empty for who may not open it."""
    if record is None:
        return ""
    if not may_trace(context["request"].user, record.project):
        return ""
    return reverse("admin:evaluation_lineage", args=[record.project.slug, record.pk])
