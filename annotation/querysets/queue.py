"""Filters of the label desk's queue: which record may whom be served, in what order."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from annotation.domain.queue import FLAGGED
from annotation.querysets.imports import ImportedRecordQuerySet

if TYPE_CHECKING:
    from annotation.domain.queue import Wish
    from annotation.models import Reviewer

ANSWERED = ("SUBMITTED", "SKIPPED", "UNSURE")
BY_PRIORITY = ("-priority", "id")
BY_LOT = ("lot",)
SHORT_LISTS = (12, 60)
"""Records whose seats are counted at first, and then: more than a team sits at."""


class QueueQuerySet(ImportedRecordQuerySet):
    """Records as the queue sees them."""

    def by_priority(self) -> Self:
        """Serving order of the label desk: priority first, then oldest."""
        return self.order_by(*BY_PRIORITY)

    def in_random_order(self) -> Self:
        """The order of the lots drawn at import: the same for everybody."""
        return self.order_by(*BY_LOT)

    def wished_for(self, wish: Wish) -> Self:
        """Records that fit what a reviewer has asked to be served."""
        return self.filter(**wish.as_lookups())

    def words_of(self, column: str) -> list[str]:
        """The words that stand in a short column, in order."""
        found = self.exclude(**{column: ""}).order_by(column)
        return list(found.values_list(column, flat=True).distinct()[:200])

    def answered_by(self, reviewer: Reviewer | int) -> Self:
        """Records that carry a standing answer, or a skip, of this reviewer."""
        return self.filter(Exists(self._answers().filter(reviewer=reviewer)))

    def said_first_by(self, reviewer: Reviewer | int) -> Self:
        """Annotate `said`: how the reviewer's standing first answer to it went.

        Only records with one, in the round that stands.
        """
        own = self._answers().filter(reviewer=reviewer, purpose="FIRST")
        return self.annotate(said=Subquery(own.values("status")[:1])).filter(
            said__isnull=False
        )

    def without_answer_by(self, reviewer: Reviewer | int) -> Self:
        return self.filter(~Exists(self._answers().filter(reviewer=reviewer)))

    def not_worked_by(self, reviewer: Reviewer | int) -> Self:
        """Records whose ticket this reviewer did not work: they may label it blind."""
        involved = self._related("involvements").filter(reviewer=reviewer)
        return self.filter(~Exists(involved))

    def flagged(self) -> Self:
        """Records that wait for a look at their sanitizing; see `flagging`."""
        return self.filter(state="EXCLUDED", queued_because=FLAGGED)

    def answered_below(self, priority: int) -> Self:
        """Records under a priority with an answer that may settle them."""
        reviews: Any = self._related("reviews")
        answers = reviews.settling()
        return self.filter(Exists(answers), priority__lt=priority).order_by("id")

    def queued_in_dispute(self, reasons: dict[int, str]) -> Self:
        """Records with the urgency of a dispute, for its reason or for none any more.

        ``reasons`` gives the reason of each such priority.
        """
        because = Q(queued_because__in=[*reasons.values(), "oldest"])
        return self.filter(because, priority__in=list(reasons)).order_by("id")

    def drafted_by(self, reviewer: Reviewer | int) -> Self:
        """Records at which this reviewer has typed something that was not sent."""
        drafts = self._related("drafts").filter(
            reviewer=reviewer, claim__purpose="FIRST", claim__round=OuterRef("round")
        )
        return self.filter(Exists(drafts))

    def servable_to(self, reviewer: Reviewer | int, now: datetime) -> Self:
        """Open records with a free seat that this reviewer may label blind."""
        return (
            self.open_to(reviewer)
            .with_seats_used(now)
            .filter(seats_used__lt=F("reviews_wanted"))
        )

    def next_for(
        self, reviewer: Reviewer | int, now: datetime, *order: str, among: int
    ) -> Self:
        """The first records in some order with a free seat; for who takes one of them.

        The rows passed over are those that this reviewer has answered and others have
        not: thousands, for somebody ahead of the team. So they are passed over by one
        look into an index each, and seats are counted for the first ``among`` of the
        rest only. Seats may be taken on all of those: `servable_to` misses nothing.
        """
        own = self._answers().filter(reviewer=reviewer)
        worked = self._related("involvements").filter(reviewer=reviewer)
        # Not as NOT EXISTS: PostgreSQL makes a join of it, which takes the square of
        # the time until the table's statistics know of the answers.
        left = self.filter(state="OPEN").alias(own=_any(own), worked=_any(worked))
        listed = left.filter(own__lt=1, worked__lt=1).order_by(*order)[:among]
        # The state once more: of a row that changed while it was being locked,
        # PostgreSQL checks again what is said of the row itself, not the list.
        return (
            self.filter(pk__in=listed.values("pk"), state="OPEN")
            .with_seats_used(now)
            .filter(seats_used__lt=F("reviews_wanted"))
            .order_by(*order)
        )

    def seated_elsewhere(self, reviewer: Reviewer | int, now: datetime) -> Self:
        """Open records this reviewer could label, were a seat free."""
        return (
            self.open_to(reviewer)
            .with_seats_used(now)
            .filter(seats_used__gte=F("reviews_wanted"))
        )

    def open_to(self, reviewer: Reviewer | int) -> Self:
        """Open records that this reviewer has neither answered nor worked."""
        return (
            self.filter(state="OPEN")
            .without_answer_by(reviewer)
            .not_worked_by(reviewer)
        )

    def with_seats_used(self, now: datetime) -> Self:
        """Know ``seats_used``: answers that may settle the record, and live seats."""
        reviews: Any = self._related("reviews")
        answers = reviews.settling()
        # Said so that only the index by record fits: the one of open seats holds every
        # seat that was ever left, until the next vacuum.
        claims = self._related("claims").exclude(state__in=("DONE", "RELEASED"))
        seats = claims.filter(expires_at__gt=now, purpose="FIRST")
        return self.alias(seats_used=_count(answers) + _count(seats))

    def gold_for(self, reviewer: Reviewer | int) -> Self:
        """Settled records with a known answer that this reviewer never answered."""
        return (
            self.filter(state="SETTLED", gold__is_active=True)
            .without_answer_by(reviewer)
            .not_worked_by(reviewer)
            .in_random_order()
        )

    def repeatable_by(self, reviewer: Reviewer | int, before: datetime) -> Self:
        """Settled records this reviewer labeled before ``before`` and never again."""
        own = self._answers().filter(reviewer=reviewer)
        first = own.filter(purpose="FIRST", status="SUBMITTED", submitted_at__lt=before)
        return self.filter(
            Q(Exists(first)),
            ~Exists(own.filter(purpose="REPEAT")),
            state="SETTLED",
        ).in_random_order()

    def never_a_test_of(self, reviewer: Reviewer | int, *, repeats: bool) -> Self:
        """All but what may come to this reviewer as gold or, if so wished, again."""
        own = self._answers().filter(reviewer=reviewer)
        gold = self._related("gold").filter(is_active=True)
        found = self.exclude(Exists(gold) & ~Exists(own))
        if not repeats:
            return found
        first = own.filter(purpose="FIRST", status="SUBMITTED")
        return found.exclude(Exists(first) & ~Exists(own.filter(purpose="REPEAT")))

    def worked_by(self, reviewer: Reviewer | int) -> Self:
        """Records whose ticket this reviewer worked."""
        return self.filter(
            Exists(self._related("involvements").filter(reviewer=reviewer))
        )

    def _answers(self) -> models.QuerySet:
        return self._related("reviews").filter(is_current=True, status__in=ANSWERED)

    def _related(self, name: str) -> models.QuerySet:
        related = self.model._meta.get_field(name).related_model
        assert isinstance(related, type)  # noqa: S101
        return related._default_manager.filter(record=OuterRef("pk"))


def _any(rows: models.QuerySet) -> Coalesce:
    """The key of one row of a correlated subquery, or 0."""
    return Coalesce(models.Subquery(rows.order_by().values("pk")[:1]), 0)


def _count(rows: models.QuerySet) -> Coalesce:
    """Count the rows of a correlated subquery."""
    counted = (
        rows.order_by().values("record").annotate(n=models.Count("pk")).values("n")
    )
    return Coalesce(models.Subquery(counted), 0)
