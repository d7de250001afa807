"""The admin of the annotation app; each module registers its own tables and pages."""

from annotation.admin import (
    access,
    bulk_acts,
    dictionary,
    gold,
    guidelines,
    imports,
    missed_values,
    own_rules,
    people,
    preferences,
    projects,
    records,
    reviews,
)

__all__ = [
    "access",
    "bulk_acts",
    "dictionary",
    "gold",
    "guidelines",
    "imports",
    "missed_values",
    "own_rules",
    "people",
    "preferences",
    "projects",
    "records",
    "reviews",
]
