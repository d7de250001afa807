"""Filters over records; they chain."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef
from django.db.models.functions import Cast, Coalesce

from annotation.querysets.imports import ImportedRecordQuerySet

if TYPE_CHECKING:
    from annotation.models import Project, Reviewer

ANSWERED = ("SUBMITTED", "SKIPPED", "UNSURE")
SENIOR_GRADES = ("SENIOR", "PRINCIPAL")


class RecordQuerySet(ImportedRecordQuerySet):
    """Records by project and state."""

    def of(self, project: Project) -> Self:
        return self.filter(project=project)

    def held(self) -> Self:
        return self.filter(state="HELD")

    def open(self) -> Self:
        return self.filter(state="OPEN")

    def contested(self) -> Self:
        return self.filter(state="CONTESTED")

    def settled(self) -> Self:
        return self.filter(state="SETTLED")

    def containing(self, words: str) -> Self:
        """Records with these words, or these within longer ones, in a text."""
        found = models.Q()
        for name in ("title", "body", "resolution", "updates"):
            found |= models.Q(**{f"{name}__icontains": words})
        updates = Cast("thread", models.TextField())
        return self.alias(updates=updates).filter(found)

    def by_priority(self) -> Self:
        """Serving order of the label desk: priority first, then oldest."""
        return self.order_by("-priority", "id")

    def answered_by(self, reviewer: Reviewer) -> Self:
        """Records that carry a standing answer, or a skip, of this reviewer."""
        return self.filter(Exists(self._answers().filter(reviewer=reviewer)))

    def without_answer_by(self, reviewer: Reviewer) -> Self:
        return self.filter(~Exists(self._answers().filter(reviewer=reviewer)))

    def not_worked_by(self, reviewer: Reviewer) -> Self:
        """Records whose ticket this reviewer did not work: they may label it blind."""
        involved = self._related("involvements").filter(reviewer=reviewer)
        return self.filter(~Exists(involved))

    def with_seats_taken(self, now: datetime) -> Self:
        """Annotate ``seats_taken``: submitted answers of people and live seats."""
        answers = self._related("reviews").filter(
            is_current=True, status="SUBMITTED", reviewer__kind="HUMAN", purpose="FIRST"
        )
        seats = self._related("claims").filter(state="OPEN", expires_at__gt=now)
        return self.annotate(seats_taken=_count(answers) + _count(seats))

    def with_seats_left(self, now: datetime) -> Self:
        return self.with_seats_taken(now).filter(
            seats_taken__lt=models.F("reviews_wanted")
        )

    def full(self, now: datetime) -> Self:
        return self.with_seats_taken(now).filter(
            seats_taken__gte=models.F("reviews_wanted")
        )

    def servable_to(self, reviewer: Reviewer, now: datetime) -> Self:
        """Open records with a free seat that this reviewer may label blind."""
        return (
            self.open()
            .without_answer_by(reviewer)
            .not_worked_by(reviewer)
            .with_seats_left(now)
        )

    def waiting_for_a_senior(self, most_severe: str) -> Self:
        """Contested records, then unanimous ones at the level ``most_severe``.

        Annotates ``is_contested``.
        """
        contested = models.Q(state="CONTESTED")
        confirmable = models.Q(state="SETTLED") & self._confirmable(most_severe)
        return (
            self.filter(contested | confirmable)
            .annotate(
                is_contested=models.Case(
                    models.When(contested, then=True),
                    default=False,
                    output_field=models.BooleanField(),
                )
            )
            .order_by("-is_contested", "-priority", "id")
        )

    def settled_without_a_senior(self, most_severe: str) -> Self:
        """Settled records that a strict test set does not take as they are.

        Nobody adjudicated them, and two or more reviewers with a senior among them
        did not agree, or somebody said ``most_severe``. Those that
        `waiting_for_a_senior` lists are not among them.
        """
        return (
            self.settled()
            .filter(self._not_gold(most_severe))
            .exclude(self._confirmable(most_severe))
            .order_by("-priority", "id")
        )

    def open_to_a_senior(self, most_severe: str) -> Self:
        """What a senior may decide on: contested, or settled and not gold."""
        settled = self._not_gold(most_severe) | self._confirmable(most_severe)
        return self.filter(
            models.Q(state="CONTESTED") | models.Q(state="SETTLED") & settled
        )

    def _confirmable(self, most_severe: str) -> models.Q:
        """Reviewers settled the record at the most severe level."""
        return models.Q(
            Exists(self._settled_by_reviewers().filter(severity=most_severe))
        )

    def _not_gold(self, most_severe: str) -> models.Q:
        """Reviewers settled it in a way that may be learned from and not scored."""
        settled = self._settled_by_reviewers()
        agreed = settled.filter(
            method="UNANIMOUS", reviews_count__gte=2, grade__in=SENIOR_GRADES
        )
        severe = self._related("reviews").filter(
            is_current=True,
            status="SUBMITTED",
            reviewer__kind="HUMAN",
            severity=most_severe,
        )
        return models.Q(Exists(settled)) & (
            ~models.Q(Exists(agreed)) | models.Q(Exists(severe))
        )

    def _settled_by_reviewers(self) -> models.QuerySet:
        """The current verdict, where no senior and no single source gave it."""
        apart = ["ADJUDICATED", "SINGLE_SOURCE"]
        return (
            self._related("verdicts").filter(is_current=True).exclude(method__in=apart)
        )

    def _answers(self) -> models.QuerySet:
        return self._related("reviews").filter(is_current=True, status__in=ANSWERED)

    def _related(self, name: str) -> models.QuerySet:
        related = self.model._meta.get_field(name).related_model
        assert isinstance(related, type)  # noqa: S101
        return related._default_manager.filter(record=OuterRef("pk"))

    def labelable(self) -> Self:
        """Records whose verdict may still come or change."""
        return self.filter(state__in=["OPEN", "CONTESTED", "SETTLED"])

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


def _count(rows: models.QuerySet) -> Coalesce:
    """Count the rows of a correlated subquery."""
    counted = (
        rows.order_by().values("record").annotate(n=models.Count("pk")).values("n")
    )
    return Coalesce(models.Subquery(counted), 0)
