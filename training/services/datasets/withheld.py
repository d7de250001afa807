"""Records of a frozen dataset that were taken out of use since it was frozen.

A build leaves out what is held, flagged or excluded at that time; what comes later
still stands in the frozen files and in every export of them. What the sanitizing review
has in hand may hold something that nobody knows yet, so that the leak gate cannot find
it: until somebody has looked, no line of its split leaves. What was excluded by hand is
counted only: it is unwanted, not secret.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from annotation.domain.queue import FLAGGED
from annotation.models import Record
from training.models import Dataset
from training.services.datasets.refusals import ExportRefused

CODE = "record_withheld"
_NAMED = 3
_LONGEST_ID = 30


@dataclass(frozen=True)
class Withheld:
    """How many records of a dataset are out of use now.

    held: by the sanitizer. flagged: by a reviewer, as not well sanitized. excluded: by
    hand, for another reason.
    """

    held: int
    flagged: int
    excluded: int

    @property
    def waiting(self) -> int:
        """Records that wait for a look at their sanitizing: they stop every export."""
        return self.held + self.flagged


def count(*, dataset: Dataset, split: str = "") -> Withheld:
    """Count the records of a dataset, or of one split of it, that are out of use."""
    out = _records(dataset, split).out_of_use().order_by()
    counted = out.values_list("state", "queued_because").annotate(Count("pk"))
    counts: Counter[str] = Counter()
    for state, because, number in counted:
        is_flagged = state == Record.State.EXCLUDED and because == FLAGGED
        counts["FLAGGED" if is_flagged else state] += number
    return Withheld(counts["HELD"], counts["FLAGGED"], counts["EXCLUDED"])


def refuse_waiting(*, dataset: Dataset, split: str = "") -> None:
    """Refuse what holds a record that waits for a look at its sanitizing.

    Raises ExportRefused (``record_withheld``).
    """
    if words := waiting_words(dataset=dataset, split=split):
        raise ExportRefused(CODE, f"Not given: {words}")


def waiting_words(*, dataset: Dataset, split: str = "") -> str:
    """Which records wait for a look at their sanitizing, and what to do; or nothing."""
    waiting = _records(dataset, split).in_sanitizing_review()
    ids = list(waiting.order_by("pk").values_list("external_id", flat=True))
    if not ids:
        return ""
    named = ", ".join(name[:_LONGEST_ID] for name in ids[:_NAMED])
    which = f"{len(ids)} records, among them {named}," if len(ids) > _NAMED else named
    verb = "waits" if len(ids) == 1 else "wait"
    return (
        f"{which} {verb} in the sanitizing review. Confirm there what is harmless, or "
        "report what was missed and build a new version."
    )


def _records(dataset: Dataset, split: str) -> Any:
    examples = dataset.examples.in_split(split) if split else dataset.examples.all()
    return Record.objects.filter(pk__in=examples.order_by().values("record"))
