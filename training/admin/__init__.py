"""The admin of the training app; each module registers its own tables and pages."""

from training.admin import datasets, prices, runs

__all__ = ["datasets", "prices", "runs"]
