"""Similar settled records, shown once somebody's own answer is in."""

from __future__ import annotations

from collections.abc import Sequence

from annotation.domain.similarity import most_similar
from annotation.models import (
    Claim,
    Record,
    Review,
    Reviewer,
    SeenVerdict,
    Verdict,
)
from netft_site.base.refusals import Refused

CANDIDATES = 400


class SimilarRefused(Refused):
    """What is similar is told after the answer only."""


def similar_settled(*, record: Record, reviewer: Reviewer) -> Sequence[Verdict]:
    """Return current verdicts of records like one that the reviewer has answered.

    Among the newest settled records of its category; the most similar first. What may
    yet be put before this reviewer as gold, or as a repeat, is left out: its verdict
    would give the answer away. Who was shown which verdict is written down: should one
    of these records open again, that person's answer is not independent.

    Raises:
        SimilarRefused: ``not_answered``, or ``switched_off`` in the project.
    """
    if not record.project.shows_similar:
        raise SimilarRefused("switched_off", "The project shows no similar tickets.")
    answered = Review.objects.answers().filter(record=record, reviewer=reviewer)
    # Who sits there is asked again, as a repeat, and may not tell it from a new one.
    seated = Claim.objects.filter(
        record=record, reviewer=reviewer, state=Claim.State.OPEN
    )
    if not answered.exists() or seated.exists():
        raise SimilarRefused("not_answered", "Answer the ticket first.")
    newest = (
        Record.objects.of(record.project)
        .settled()
        .never_a_test_of(reviewer, repeats=record.project.repeat_share > 0)
        .filter(category=record.category, kind=record.kind)
        .exclude(pk=record.pk)
        .order_by("-id")
    )
    rows = newest.values_list("pk", "title", "body")[:CANDIDATES]
    texts = {pk: f"{title}\n{body}" for pk, title, body in rows}
    found = dict(most_similar(record.text, texts))
    verdicts = list(
        Verdict.objects.current().filter(record__in=found).select_related("record")
    )
    SeenVerdict.objects.bulk_create(
        (
            SeenVerdict(record=v.record, reviewer=reviewer, round=v.record.round)
            for v in verdicts
        ),
        ignore_conflicts=True,
    )
    return sorted(verdicts, key=lambda verdict: -found[verdict.record_id])
