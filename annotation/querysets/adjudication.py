"""Filters of adjudication: what waits for a senior's word, in which order, and what a
re-review touches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When

from annotation.querysets.queue import QueueQuerySet

if TYPE_CHECKING:
    from annotation.models import Guidelines, Reviewer

SENIOR_GRADES = ("SENIOR", "PRINCIPAL")

SEVERE, CONTESTED, CONFIRMABLE, SETTLED, OWN = 0, 1, 2, 3, 4
"""Ranks in the waiting list; ``OWN`` is added to the others."""

Place = tuple[int, int, int]
"""Where a record stands in the waiting list: rank, priority, id."""


class AdjudicationQuerySet(QueueQuerySet):
    """Records as a senior sees them."""

    def waiting_for_a_senior(
        self, most_severe: str, reviewer: Reviewer | None = None
    ) -> Self:
        """Contested records, then unanimous ones at the level ``most_severe``.

        Among the contested those come first at which somebody said ``most_severe``.
        What ``reviewer`` answered comes last of all. Annotates ``rank``, the lowest
        first: ``SEVERE``, ``CONTESTED`` or ``CONFIRMABLE``, and ``OWN`` more.
        """
        contested = Q(state="CONTESTED")
        confirmable = self._confirmable(most_severe).values("record")
        # Looked up at each record that waits: those are few, a senior's answers many.
        severe = self._first_answers().filter(severity=most_severe)
        own = self._first_answers().filter(reviewer=reviewer)
        is_own = Q(Exists(own)) if reviewer else Q(pk__in=[])
        return (
            self.filter(contested | Q(state="SETTLED", pk__in=confirmable))
            .annotate(
                # One expression: what is named twice would be looked up twice.
                rank=_points(is_own, OWN)
                + Case(
                    When(contested & Q(Exists(severe)), then=SEVERE),
                    When(contested, then=CONTESTED),
                    default=CONFIRMABLE,
                )
            )
            .order_by("rank", "-priority", "id")
        )

    def after(self, place: Place) -> Self:
        """What stands behind a place in the waiting list."""
        rank, priority, pk = place
        same = Q(rank=rank, priority=priority, pk__gt=pk)
        lower = Q(rank=rank, priority__lt=priority)
        return self.filter(Q(rank__gt=rank) | lower | same)

    def settled_without_a_senior(self, most_severe: str) -> Self:
        """Settled records that a strict test set does not take as they are.

        Nobody adjudicated them, and two or more reviewers with a senior among them
        did not agree, or somebody said ``most_severe``. Those that
        `waiting_for_a_senior` lists are not among them.
        """
        open_to = self._not_gold(most_severe).exclude(severity=most_severe)
        return (
            self.filter(state="SETTLED", pk__in=open_to.values("record"))
            .annotate(rank=Value(SETTLED))
            .order_by("-priority", "id")
        )

    def open_to_a_senior(self, most_severe: str) -> Self:
        """What a senior may decide on: contested, or settled and not gold."""
        here = {"record": OuterRef("pk")}
        settled = Exists(self._not_gold(most_severe).filter(**here))
        confirmable = Exists(self._confirmable(most_severe).filter(**here))
        return self.filter(
            Q(state="CONTESTED") | Q(state="SETTLED") & (Q(settled) | Q(confirmable))
        )

    def answered_before(self, guidelines: Guidelines) -> Self:
        """Records with a standing answer that other guidelines were shown to."""
        older = self._first_answers().exclude(guidelines=guidelines)
        return self.filter(Exists(older))

    def with_verdict(self, **wanted: object) -> Self:
        """Records whose current verdict is like this."""
        return self.filter(
            Exists(self._related("verdicts").filter(is_current=True, **wanted))
        )

    def adjudicated(self) -> Self:
        return self.with_verdict(method="ADJUDICATED")

    def not_adjudicated(self) -> Self:
        decided = self._related("verdicts").filter(
            is_current=True, method="ADJUDICATED"
        )
        return self.filter(~Exists(decided))

    def _first_answers(self) -> models.QuerySet:
        return self._answers().filter(purpose="FIRST", reviewer__kind="HUMAN")

    def _confirmable(self, most_severe: str) -> models.QuerySet:
        """Verdicts by which reviewers settled a record at the most severe level."""
        return self._given_by_reviewers().filter(severity=most_severe)

    def _not_gold(self, most_severe: str) -> models.QuerySet:
        """Verdicts of reviewers that may be learned from and not scored."""
        agreed = Q(method="UNANIMOUS", reviews_count__gte=2, grade__in=SENIOR_GRADES)
        severe = self._rows_of("reviews").filter(
            record=OuterRef("record"),
            is_current=True,
            status="SUBMITTED",
            reviewer__kind="HUMAN",
            severity=most_severe,
        )
        return self._given_by_reviewers().filter(~agreed | Q(Exists(severe)))

    def _given_by_reviewers(self) -> models.QuerySet:
        """Current verdicts that neither a senior nor a single source gave."""
        apart = ["ADJUDICATED", "SINGLE_SOURCE"]
        return (
            self._rows_of("verdicts").filter(is_current=True).exclude(method__in=apart)
        )

    def _rows_of(self, name: str) -> models.QuerySet:
        related = self.model._meta.get_field(name).related_model
        assert isinstance(related, type)  # noqa: S101
        return related._default_manager.all()


def _points(condition: Q, points: int) -> Case:
    """So many points where a condition holds, else none."""
    return Case(When(condition, then=points), default=0)
