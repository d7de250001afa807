"""The admin of the training app; each module registers its own tables and pages."""

from training.admin import datasets, runs

__all__ = ["datasets", "runs"]
