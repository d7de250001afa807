"""Filters over gold records, and over verdicts that can become gold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

if TYPE_CHECKING:
    from annotation.models import Project

SENIOR_GRADES = ("SENIOR", "PRINCIPAL")


class GoldFigures(models.QuerySet):
    """Gold records with how they were answered."""

    def of(self, project: Project) -> Self:
        return self.filter(record__project=project)

    def with_answers(self) -> Self:
        """Annotate ``answered`` and ``right``, and ``verdict_now``, the level today."""
        reviews = _related(self, "reviews").filter(
            record=OuterRef("record"),
            purpose="GOLD",
            is_current=True,
            status="SUBMITTED",
        )
        verdict = _related(self, "verdicts").filter(
            record=OuterRef("record"), is_current=True
        )
        return self.annotate(
            answered=_count(reviews),
            right=_count(reviews.filter(severity=OuterRef("severity"))),
            verdict_now=Subquery(verdict.values("severity")[:1]),
        )

    def count_by_level(self) -> dict[str, int]:
        """How many gold records are in use at each level."""
        rows = self.filter(is_active=True).order_by()
        return dict(rows.values_list("severity").annotate(Count("pk")))


class KnownAnswers(models.QuerySet):
    """Verdicts that are sure enough to hold people against."""

    def of(self, project: Project) -> Self:
        return self.filter(record__project=project)

    def known(self) -> Self:
        """A senior decided, or two or more agreed with a senior among them."""
        decided = Q(method="ADJUDICATED")
        agreed = Q(method="UNANIMOUS", reviews_count__gte=2, grade__in=SENIOR_GRADES)
        return self.filter(decided | agreed, is_current=True, record__state="SETTLED")

    def not_yet_gold(self) -> Self:
        """Those whose record is no gold; asked so, databases guess the number right."""
        gold = _related(self, "gold").filter(record=OuterRef("record"))
        return self.filter(~Exists(gold))

    def matching(
        self, *, severity: str = "", category: str = "", before: int | None = None
    ) -> Self:
        """Newest first, narrowed to a level or a category; ``before`` pages on."""
        rows = self.order_by("-pk")
        if severity:
            rows = rows.filter(severity=severity)
        if category:
            rows = rows.filter(record__category=category)
        return rows.filter(pk__lt=before) if before is not None else rows


def _related(rows: models.QuerySet, name: str) -> models.QuerySet:
    """Rows of a table that leads to the record of ``rows``."""
    record: Any = rows.model._meta.get_field("record").related_model
    found: models.QuerySet = record._meta.get_field(
        name
    ).related_model._default_manager.all()
    return found


def _count(rows: models.QuerySet) -> Coalesce:
    counted = rows.order_by().values("record").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)
