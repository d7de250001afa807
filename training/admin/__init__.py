"""The admin of the training app; each module registers its own tables and pages."""

from training.admin import base_models, datasets, prices, runs

__all__ = ["base_models", "datasets", "prices", "runs"]
