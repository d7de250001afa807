"""Tables of the annotation app: records in, verdicts out."""

from annotation.models.access import ApiToken
from annotation.models.bulk import BulkAct, BulkChange, SavedFilter
from annotation.models.desk import Draft, Gold, SeenVerdict, ShiftNote, Suggestion
from annotation.models.imports import ColumnMapping, ImportBatch
from annotation.models.knowledge import (
    Canary,
    FalseAlarm,
    KnownSecret,
    MissedValue,
    SanitizingRule,
    Term,
)
from annotation.models.leaks import Leak, SanitizingEvent
from annotation.models.people import Reviewer
from annotation.models.preference import Preference
from annotation.models.project import Guidelines, HeldRole, Membership, Project
from annotation.models.record import Involvement, Record, Sanitization
from annotation.models.review import Claim, Review
from annotation.models.verdict import Verdict

__all__ = [
    "ApiToken",
    "BulkAct",
    "BulkChange",
    "Canary",
    "Claim",
    "ColumnMapping",
    "Draft",
    "FalseAlarm",
    "Gold",
    "Guidelines",
    "HeldRole",
    "ImportBatch",
    "Involvement",
    "KnownSecret",
    "Leak",
    "Membership",
    "MissedValue",
    "Preference",
    "Project",
    "Record",
    "Review",
    "Reviewer",
    "Sanitization",
    "SanitizingEvent",
    "SanitizingRule",
    "SavedFilter",
    "SeenVerdict",
    "ShiftNote",
    "Suggestion",
    "Term",
    "Verdict",
]
