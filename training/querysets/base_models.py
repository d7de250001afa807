"""Filters over base models."""

from __future__ import annotations

from typing import Self

from django.db import models


class BaseModelQuerySet(models.QuerySet):
    """Base models."""

    def trainable(self) -> Self:
        """Those a run can start from today, encoders before baselines."""
        return self.exclude(architecture="CAUSAL").order_by("-architecture", "name")
