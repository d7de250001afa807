"""An order to change many records: what it names, changes and leaves alone.

Nothing is changed here: `annotation.services.bulk_acts` carries an order out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from annotation.domain.record_filter import RecordFilter
from annotation.models import BulkAct, Claim, Project, Record
from annotation.services import finding
from annotation.services.finding import FoundRecords
from annotation.services.typed_text import made_safe
from netft_site.base.refusals import Refused

AT_ONCE = 2_000
"""Records that a request can wait for; more are done by the task queue."""
MOST_WANTED = 20
KINDS = (BulkAct.Kind.EXCLUDE, BulkAct.Kind.REQUEUE, BulkAct.Kind.OVERLAP)
"""What an order may be; re-reviews and questions to the seniors begin elsewhere."""

_LONGEST_REASON = 200


class BulkRefused(Refused):
    """The act cannot be done; the code says why."""


@dataclass(frozen=True)
class Order:
    """What is to be done with which records."""

    kind: str
    wanted: RecordFilter
    reviews_wanted: int | None = None
    sets_decisions_aside: bool = False


@dataclass(frozen=True)
class Preview:
    """What an order would do: `count` records change, and why the others do not."""

    matched: int
    count: int
    held: int
    flagged: int
    """Those in whose text somebody saw what should be hidden; see `flagging`."""
    decided: int
    reference: int
    """Texts kept to learn from, which nobody labels."""
    already: int
    seated: int
    """People who hold a seat at one of the records at this moment."""

    @property
    def by_queue(self) -> bool:
        return self.count > AT_ONCE


def preview(*, project: Project, by: User, order: Order, now: datetime) -> Preview:
    """Count what an order would change, and what it would leave alone.

    Raises:
        BulkRefused: as `start`.
    """
    check(order)
    found = finding.find(project=project, user=by, wanted=order.wanted)
    changed = changing(found, order)
    matched, count = found.count(), changed.count()
    flagged = found.flagged().count()
    held = matched - found.touchable().count() - flagged
    decided = _spared(found, order).count()
    reference = _unjudged(found, order).count()
    seats = Claim.objects.filter(
        state=Claim.State.OPEN, expires_at__gt=now, record__in=changed.values("pk")
    )
    return Preview(
        matched=matched,
        count=count,
        held=held,
        flagged=flagged,
        decided=decided,
        reference=reference,
        already=matched - count - held - flagged - decided - reference,
        seated=seats.count(),
    )


def check(order: Order) -> None:
    """Make sure that an order can be.

    Raises:
        BulkRefused: no such kind (``bad_kind``), a number of reviews that cannot be
            wanted (``bad_reviews_wanted``), or a filter that names every record there
            is (``empty_filter``).
    """
    if order.kind not in KINDS:
        kinds = ", ".join(kind.value for kind in KINDS)
        raise BulkRefused("bad_kind", f"An act is one of {kinds}.")
    number = order.reviews_wanted
    if order.kind == BulkAct.Kind.OVERLAP:
        if number is None or not 2 <= number <= MOST_WANTED:
            raise BulkRefused(
                "bad_reviews_wanted", f"Ask for 2 to {MOST_WANTED} reviews a record."
            )
    elif number is not None:
        raise BulkRefused("bad_reviews_wanted", "Only raising the overlap takes it.")
    if not order.wanted:
        raise BulkRefused(
            "empty_filter", "Filter the records first: this would be all of them."
        )


def changing(found: FoundRecords, order: Order) -> FoundRecords:
    """Those records of a filter that an order changes."""
    records = found.touchable()
    if order.kind == BulkAct.Kind.EXCLUDE:
        return records.not_excluded()
    records = records.judged()
    if order.kind == BulkAct.Kind.OVERLAP:
        fewer = records.not_excluded().wanting_fewer_than(order.reviews_wanted or 0)
        return fewer.not_decided_by_a_senior()
    if order.sets_decisions_aside:
        return records
    return records.excluded_or_undecided()


def _spared(found: FoundRecords, order: Order) -> FoundRecords:
    """Those that an order would change, had no senior decided them."""
    if order.kind == BulkAct.Kind.EXCLUDE or order.sets_decisions_aside:
        return found.none()
    records = found.touchable().not_excluded().decided_by_a_senior()
    if order.kind == BulkAct.Kind.OVERLAP:
        return records.wanting_fewer_than(order.reviews_wanted or 0)
    return records


def _unjudged(found: FoundRecords, order: Order) -> FoundRecords:
    """Those that an order would change, were they anything that people judge."""
    if order.kind == BulkAct.Kind.EXCLUDE:
        return found.none()
    return found.filter(state=Record.State.REFERENCE)


def kept_reason(project: Project, typed: str) -> str:
    """Return a reason as it may be kept: it is shown at the desk.

    Raises:
        BulkRefused: none (``no_reason``), one that cannot be made safe (``held_text``)
            or is too long (``long_reason``).
    """
    text = " ".join(typed.split())
    if not text:
        raise BulkRefused("no_reason", "Say in a few words why.")
    safe = made_safe(project, text)
    if safe is None:
        raise BulkRefused(
            "held_text", "The reason holds something that looks like a secret."
        )
    if len(safe) > _LONGEST_REASON:
        raise BulkRefused(
            "long_reason", f"A reason has at most {_LONGEST_REASON} characters."
        )
    return safe
