"""Records that a filter names; the one place where a filter becomes a query."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, Self

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.timezone import get_current_timezone

from annotation.domain.queue import FLAGGED
from annotation.domain.record_filter import WHOLE, RecordFilter
from annotation.domain.search_words import parse_words
from annotation.querysets.searching import FoundQuerySet

_FIRST_ANSWER = {
    "is_current": True,
    "status": "SUBMITTED",
    "reviewer__kind": "HUMAN",
    "purpose": "FIRST",
}
_IN_SANITIZING_REVIEW = Q(state="HELD") | Q(state="EXCLUDED", queued_because=FLAGGED)


class FilteredQuerySet(FoundQuerySet):
    """Records as a person or a program asks for them."""

    def filtered(self, wanted: RecordFilter, *, with_later_facts: bool) -> Self:
        """Those that a filter names. Without later facts, words of the opening only."""
        found = self.matching(
            parse_words(wanted.words), with_later_facts=with_later_facts
        )
        for part in (_exact(wanted), _opened(wanted)):
            found = found.filter(part)
        if wanted.level:
            found = found.filter(Exists(found._verdicts(wanted.level)))
        return found._reviewed(wanted.reviews_from, wanted.reviews_to)

    def older_than(self, record_id: int | None) -> Self:
        """Those with a smaller number, the newest first; all without one."""
        found = self if record_id is None else self.filter(pk__lt=record_id)
        return found.order_by("-pk")

    def from_to(self, after: int, until: int | None = None) -> Self:
        """Those with numbers above `after` and up to `until`, in their order."""
        found = self.filter(pk__gt=after)
        if until is not None:
            found = found.filter(pk__lte=until)
        return found.order_by("pk")

    def with_ids(self, ids: Sequence[int]) -> Self:
        return self.filter(pk__in=ids)

    def touchable(self) -> Self:
        """Those that a bulk act may change.

        Never what the sanitizer holds, nor what waits for a look at its sanitizing:
        requeued, it would be served with what should have been hidden.
        """
        return self.exclude(_IN_SANITIZING_REVIEW)

    def in_sanitizing_review(self) -> Self:
        """Those that wait for a look at their sanitizing: held, or flagged."""
        return self.filter(_IN_SANITIZING_REVIEW)

    def not_excluded(self) -> Self:
        return self.exclude(state="EXCLUDED")

    def wanting_fewer_than(self, reviews: int) -> Self:
        return self.filter(reviews_wanted__lt=reviews)

    def decided_by_a_senior(self) -> Self:
        return self.filter(Exists(self._verdicts().filter(method="ADJUDICATED")))

    def not_decided_by_a_senior(self) -> Self:
        return self.filter(~Exists(self._verdicts().filter(method="ADJUDICATED")))

    def excluded_or_undecided(self) -> Self:
        """All but those in the team's use that a senior decided."""
        decided = Exists(self._verdicts().filter(method="ADJUDICATED"))
        return self.filter(Q(state="EXCLUDED") | ~Q(decided))

    def _reviewed(self, least: int | None, most: int | None) -> Self:
        if (least or 0) <= 0 and most is None:
            return self
        if (least, most) in {(1, None), (None, 0), (0, 0)}:
            has_one = Exists(self._first_answers())
            return self.filter(has_one if least == 1 else ~has_one)
        if not least:
            return self.exclude(pk__in=self._with_answers((most or 0) + 1))
        return self.filter(pk__in=self._with_answers(least, most))

    def _with_answers(self, least: int, most: int | None = None) -> QuerySet:
        """Numbers of the records with so many; found by the answers, counted once."""
        reviews: Any = self.model._meta.get_field("reviews").related_model
        people: Any = reviews._meta.get_field("reviewer").related_model
        # Leaving out the few sources costs less than looking up every reviewer.
        sources = people._default_manager.filter(kind="SOURCE")
        of_people = {k: v for k, v in _FIRST_ANSWER.items() if k != "reviewer__kind"}
        counted = (
            reviews._default_manager.filter(**of_people)
            .exclude(reviewer__in=sources.values("pk"))
            .order_by()
            .values("record")
            .annotate(n=Count("*"))
        )
        counted = counted.filter(n__gte=least)
        if most is not None:
            counted = counted.filter(n__lte=most)
        return counted.values("record")

    def _first_answers(self) -> QuerySet:
        return self._of_record("reviews").filter(**_FIRST_ANSWER)

    def _verdicts(self, level: str = "") -> QuerySet:
        current = self._of_record("verdicts").filter(is_current=True)
        return current.filter(severity=level) if level else current

    def _of_record(self, name: str) -> QuerySet:
        related = self.model._meta.get_field(name).related_model
        assert isinstance(related, type)  # noqa: S101
        return related._default_manager.filter(record=OuterRef("pk"))


def _exact(wanted: RecordFilter) -> Q:
    found = Q()
    same = ("category", "vendor", "kind", "origin")
    for name in same:
        if value := getattr(wanted, name):
            found &= Q(**{name: value})
    if wanted.state:
        found &= Q(state__in=wanted.state)
    if wanted.batch is not None:
        found &= Q(batch=wanted.batch)
    if wanted.source:
        found &= Q(batch__source=wanted.source)
    if wanted.external_id.startswith(WHOLE):
        found &= Q(external_id=wanted.external_id.removeprefix(WHOLE))
    elif wanted.external_id:
        found &= Q(external_id__startswith=wanted.external_id)
    if wanted.because:
        found &= Q(queued_because__startswith=wanted.because)
    return found


def _opened(wanted: RecordFilter) -> Q:
    """Days are days of the site's time zone, as the pages show them."""
    zone = get_current_timezone()
    found = Q()
    if wanted.opened_from:
        start = datetime.combine(wanted.opened_from, time.min, zone)
        found &= Q(opened_at__gte=start)
    if wanted.opened_to:
        end = datetime.combine(wanted.opened_to, time.min, zone) + timedelta(days=1)
        found &= Q(opened_at__lt=end)
    return found
