"""The fields that can be filled, the column names that fill them, and presets.

Synonyms are looked up without regard to case, spaces and punctuation. A preset is the
same table for one tracker. Severity is no field: what a tracker reported is a label
by a source, and is imported as a review.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Candidates = Mapping[str, tuple[str, ...]]

TEXT_FIELDS = ("title", "body")
GATHERED = frozenset({"thread", "worked_by"})
"""Fields that take every column that matches, not the first."""

ATTRIBUTE = "attributes"
"""`attributes.NAME` fills one attribute; `attributes` takes an object of them."""

SYNONYMS: Candidates = {
    "external_id": (
        "external_id", "ticket_id", "ticket_number", "ticket", "incident_id",
        "incident_number", "issue_key", "case_number", "number", "key", "id",
    ),
    "title": ("title", "subject", "summary", "short_description", "headline"),
    "body": (
        "body", "description", "text", "details", "initial_report", "message",
        "content",
    ),
    "thread": ("thread", "turns", "comments", "work_notes", "updates", "history"),
    "resolution": (
        "resolution", "resolution_notes", "close_notes", "closure_notes", "solution",
    ),
    "category": ("category", "component", "components", "queue", "topic"),
    "vendor": ("vendor", "manufacturer", "make"),
    "device_type": ("device_type", "device_class", "ci_class", "model", "platform"),
    "site": ("site", "location", "building", "campus"),
    "opened_at": (
        "opened_at", "opened", "created_at", "created", "reported_at", "open_time",
        "date", "timestamp",
    ),
    "incident_key": (
        "incident_key", "parent_incident", "parent", "problem_id", "major_incident",
        "incident",
    ),
    "worked_by": (
        "worked_by", "assigned_to", "assignee", "resolved_by", "closed_by", "engineer",
    ),
    "attributes.impact": ("impact",),
    "attributes.urgency": ("urgency",),
    "attributes.users_affected": ("users_affected", "affected_users"),
    "attributes.customer_tier": ("customer_tier", "tier", "sla"),
    "attributes": ("attributes",),
}  # fmt: skip

PRESETS: Mapping[str, Candidates] = {
    "servicenow": {
        "external_id": ("number",),
        "title": ("short_description",),
        "body": ("description",),
        "thread": ("comments_and_work_notes", "comments", "work_notes"),
        "resolution": ("close_notes", "resolution_notes"),
        "category": ("category",),
        "vendor": ("cmdb_ci.manufacturer", "manufacturer", "vendor"),
        "device_type": ("cmdb_ci.sys_class_name", "cmdb_ci_class", "ci_class"),
        "site": ("location",),
        "opened_at": ("opened_at", "opened", "sys_created_on", "created"),
        "incident_key": ("parent_incident", "parent", "problem_id", "problem"),
        "worked_by": ("assigned_to", "resolved_by", "closed_by"),
        "attributes.impact": ("impact",),
        "attributes.urgency": ("urgency",),
        "attributes.subcategory": ("subcategory",),
        "attributes.contact_type": ("contact_type", "channel"),
    },
    "jira": {
        "external_id": ("issue_key", "key"),
        "title": ("summary", "fields.summary"),
        "body": ("description", "fields.description"),
        "thread": ("comment", "comments", "fields.comment.comments"),
        "resolution": ("resolution_notes", "fields.resolution_notes"),
        "category": ("component_s", "components", "component", "fields.components"),
        "opened_at": ("created", "fields.created"),
        "incident_key": ("parent", "parent_key", "parent_id", "fields.parent.key"),
        "worked_by": ("assignee", "fields.assignee.displayName"),
        "attributes.impact": ("custom_field_impact", "impact"),
        "attributes.urgency": ("custom_field_urgency", "urgency"),
        "attributes.labels": ("labels", "fields.labels"),
        "attributes.issue_type": ("issue_type", "fields.issuetype.name"),
    },
}

REVIEW_FIELDS: Candidates = {
    "external_id": SYNONYMS["external_id"],
    "reviewer": ("reviewer", "rater", "annotator", "source"),
    "severity": ("severity", "label", "answer"),
    "grade": ("grade", "reviewer_grade"),
    "root_cause": ("root_cause", "cause"),
    "response": ("response", "ideal_answer"),
    "confidence": ("confidence",),
    "submitted_at": ("submitted_at", "reviewed_at", "date", "timestamp"),
}

_ATTRIBUTE_NAME = re.compile(r"attributes\.[a-z][a-z0-9_]{0,39}\Z")


def is_record_field(name: str) -> bool:
    """Say whether a record field, or an attribute, has this name."""
    return name in SYNONYMS or _ATTRIBUTE_NAME.match(name) is not None


def attribute_field(column: str) -> str:
    """The attribute that a column fills when it is kept under its own name.

    Examples
    --------
    >>> attribute_field("Customer segment"), attribute_field("fields.labels")
    ('attributes.customer_segment', 'attributes.labels')
    """
    name = re.sub(r"[^a-z0-9]+", "_", column.rpartition(".")[2].casefold()).strip("_")
    if not name[:1].isalpha():
        name = f"column_{name}"
    return f"{ATTRIBUTE}.{name[:40]}"


def folded(column: str) -> str:
    """The form in which column names are compared.

    Examples
    --------
    >>> folded("Component/s"), folded(" Short description ")
    ('component_s', 'short_description')
    """
    return re.sub(r"[^\w.]+", "_", column.strip().casefold()).strip("_")
