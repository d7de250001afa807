"""How far the records of acts have come."""

from __future__ import annotations

from typing import Any

from django.db import models


def answered_by_act(changes: models.QuerySet[Any]) -> dict[int, int]:
    """By act: how many of its records are settled or contested."""
    rows = changes.filter(record__state__in=["SETTLED", "CONTESTED"]).order_by()
    return dict(rows.values_list("act").annotate(n=models.Count("pk")))
