"""The admin of the evaluation app; each module registers its own tables and pages."""

from evaluation.admin import evaluations

__all__ = ["evaluations"]
