"""Tables of the annotation app: records in, verdicts out."""

from annotation.models.access import ApiToken
from annotation.models.imports import ColumnMapping, ImportBatch
from annotation.models.people import Reviewer
from annotation.models.project import Guidelines, Membership, Project
from annotation.models.record import Involvement, Record, Sanitization
from annotation.models.review import Claim, Review, Verdict

__all__ = [
    "ApiToken",
    "Claim",
    "ColumnMapping",
    "Guidelines",
    "ImportBatch",
    "Involvement",
    "Membership",
    "Project",
    "Record",
    "Review",
    "Reviewer",
    "Sanitization",
    "Verdict",
]
