"""Filters over records; they chain."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models.functions import Cast

from annotation.querysets.adjudication import AdjudicationQuerySet

if TYPE_CHECKING:
    from annotation.models import Project


class RecordQuerySet(AdjudicationQuerySet):
    """Records by project and state."""

    def of(self, project: Project) -> Self:
        return self.filter(project=project)

    def telling_states_of(self, projects: Collection[int] | None) -> Self:
        """Annotate `tells_state`: in one of these projects; all without a choice."""
        if projects is None:
            return self.annotate(tells_state=models.Value(True))
        told = models.Q(project__in=projects)
        return self.annotate(
            tells_state=models.ExpressionWrapper(
                told, output_field=models.BooleanField()
            )
        )

    def held(self) -> Self:
        return self.filter(state="HELD")

    def open(self) -> Self:
        return self.filter(state="OPEN")

    def contested(self) -> Self:
        return self.filter(state="CONTESTED")

    def settled(self) -> Self:
        return self.filter(state="SETTLED")

    def judged(self) -> Self:
        """Those that people are asked about: events, not texts to learn from."""
        return self.exclude(state="REFERENCE")

    def never_judged(self) -> Self:
        """Texts to learn from that nobody has ever answered; see `first_state`."""
        texts = models.Q(kind__in=["QA", "DOCUMENT"]) | models.Q(origin="GENERAL")
        return self.filter(texts, decided_at=None, reviews=None)

    def containing(self, words: str) -> Self:
        """Records with these words, or these within longer ones, in a text."""
        found = models.Q()
        for name in ("title", "body", "resolution", "updates"):
            found |= models.Q(**{f"{name}__icontains": words})
        updates = Cast("thread", models.TextField())
        return self.alias(updates=updates).filter(found)

    def labelable(self) -> Self:
        """Records whose verdict may still come or change."""
        return self.filter(state__in=["OPEN", "CONTESTED", "SETTLED"])

    def usable(self) -> Self:
        """Records whose text may be read and learned from."""
        return self.exclude(state__in=["HELD", "EXCLUDED"])

    def out_of_use(self) -> Self:
        return self.filter(state__in=["HELD", "EXCLUDED"])

    def with_one_label_only(self) -> Self:
        """Records without a verdict that carry exactly one submitted label."""
        submitted = models.Q(reviews__is_current=True, reviews__status="SUBMITTED")
        decided = models.Q(verdicts__is_current=True)
        return (
            self.labelable()
            .annotate(
                labels_count=models.Count("reviews", filter=submitted, distinct=True),
                verdicts_count=models.Count("verdicts", filter=decided, distinct=True),
            )
            .filter(labels_count=1, verdicts_count=0)
            .order_by("id")
        )
