"""Filters over prices and scenarios."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.db import models

from netft_site.base.refusals import Refused


class PriceQuerySet(models.QuerySet):
    """Prices by project and day; many at once are neither changed nor deleted."""

    def of(self, project: models.Model) -> Self:
        return self.filter(project=project)

    def in_force(self) -> Self:
        """Prices that nobody has withdrawn, later ones included."""
        return self.filter(withdrawn_at__isnull=True)

    def known_on(self, day: date) -> Self:
        """In force and begun, the latest last."""
        begun = self.in_force().filter(valid_from__lte=day)
        return begun.order_by("valid_from", "id")

    def update(self, **kwargs: Any) -> int:
        """Refuse: a price is fixed."""
        raise Refused("price_is_fixed", "Prices are not changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: a price is fixed."""
        raise Refused("price_is_fixed", "Prices are withdrawn, not deleted.")


class ScenarioQuerySet(models.QuerySet):
    """Scenarios of a project."""

    def of(self, project: models.Model) -> Self:
        return self.filter(project=project).order_by("id")
