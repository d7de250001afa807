"""Filters over base models."""

from __future__ import annotations

from typing import Self

from django.db import models


class BaseModelQuerySet(models.QuerySet):
    """Base models."""

    def trainable(self) -> Self:
        """Those a run may start from: what is approved, or came with the program.

        Encoders come before language models, and baselines last.
        """
        own = models.Q(source__in=["EMBEDDED", "BUILTIN"])
        places = {"ENCODER": 0, "CAUSAL": 1}
        place = models.Case(
            *(models.When(architecture=key, then=n) for key, n in places.items()),
            default=2,
        )
        return self.filter(own | ~models.Q(licence_approved_by="")).order_by(
            place, "name"
        )
