"""Gold records: records whose right answer is known, slipped in to see how people do.

Only a senior's decision, or agreement with a senior in it, is sure enough. What is
gold is known to those who may see it and to nobody who only labels.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from annotation.models import Gold, Project, Verdict
from annotation.querysets.gold import GoldFigures, KnownAnswers
from annotation.services.typed_text import made_safe
from netft_site.base.refusals import Refused

MOST_AT_ONCE = 200
_LONGEST_REASON = 500


class GoldRefused(Refused):
    """The records cannot become gold; the code says why."""


def candidates(*, project: Project) -> KnownAnswers:
    """Verdicts whose records may become gold."""
    found: KnownAnswers = KnownAnswers(Verdict).of(project).known().not_yet_gold()
    return found.filter(severity__in=project.scale.keys)


def figures(*, project: Project) -> GoldFigures:
    """The project's gold records with how each was answered."""
    return GoldFigures(Gold).of(project).with_answers()


@transaction.atomic
def add(
    *,
    project: Project,
    record_ids: Iterable[int],
    by: User,
    now: datetime,
    reason: str = "",
) -> list[Gold]:
    """Make gold of records; severity and root cause are those of their verdicts.

    ``reason`` is as typed and passes the sanitizer; without one the verdict's is taken.

    Raises:
        GoldRefused: nothing or too much was chosen (``bad_count``), a record is gold
            already or its answer is not sure enough (``not_known``), or the reason
            cannot be made safe (``held_text``).
    """
    wanted = set(record_ids)
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise GoldRefused("bad_count", f"Choose between 1 and {MOST_AT_ONCE} records.")
    verdicts = list(
        candidates(project=project)
        .filter(record__in=wanted)
        .select_related("record")
        .order_by("record")
    )
    if missing := len(wanted) - len(verdicts):
        raise GoldRefused("not_known", _not_known(missing))
    safe = _safe(project, reason)
    made = [
        Gold(
            record=verdict.record,
            severity=verdict.severity,
            root_cause=verdict.root_cause,
            reason=safe or _reason_of(verdict),
            made_by=by,
            created_at=now,
        )
        for verdict in verdicts
    ]
    return Gold.objects.bulk_create(made)


def retire(*, gold: Gold) -> None:
    """Serve a gold record no more; answers given to it count no more, either."""
    Gold.objects.filter(pk=gold.pk).update(is_active=False)


def restore(*, gold: Gold) -> None:
    """Use a retired gold record again.

    Raises:
        GoldRefused: its verdict has changed or is no longer sure (``not_known``).
    """
    known: KnownAnswers = KnownAnswers(Verdict).known().filter(record=gold.record_id)
    if not known.filter(severity=gold.severity).exists():
        raise GoldRefused(
            "not_known", "Its verdict no longer says what this gold record says."
        )
    Gold.objects.filter(pk=gold.pk).update(is_active=True)


def _safe(project: Project, reason: str) -> str:
    safe = made_safe(project, reason)
    if safe is None:
        raise GoldRefused(
            "held_text", "The reason holds something that looks like a secret."
        )
    if len(safe) > _LONGEST_REASON:
        raise GoldRefused(
            "too_long", f"A reason may have {_LONGEST_REASON} characters."
        )
    return safe


def _reason_of(verdict: Verdict) -> str:
    if verdict.reason:
        return verdict.reason
    return f"{verdict.reviews_count} reviewers agreed, a senior among them."


def _not_known(missing: int) -> str:
    which = "One record is" if missing == 1 else f"{missing} records are"
    return (
        f"{which} gold already, or not sure enough: gold needs a senior's decision, or "
        "agreement with a senior in it."
    )
