"""Find records by a filter, within what a person may know.

Who may not see verdicts searches what was known at opening alone, and asks neither for
a verdict's level nor for what would tell a settled record from an open one. Search
words are text that people type: they pass the sanitizer before they are kept anywhere,
which also turns a customer's name into the pseudonym that stands in the records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.contrib.auth.models import AnonymousUser, User
from django.db import models

from annotation.domain.record_filter import FilterError, RecordFilter
from annotation.domain.search_words import parse_words
from annotation.domain.shown_state import COARSE, tells_apart
from annotation.models import Project, Record, Review, Verdict
from annotation.querysets.records import RecordQuerySet
from annotation.services.typed_text import made_safe
from netft_site.base.refusals import Refused

VIEW_VERDICTS = "annotation.view_verdict"
COUNTED = 1_000
RANKED_SHOWN = 100
_UNSEEN_COUNTS = "Your role does not see how many reviews a record has."

FoundRecords = RecordQuerySet


class FilterRefused(Refused):
    """The filter cannot be used; `field` names the part of it that is wrong."""

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(code, message)
        self.field = field


@dataclass(frozen=True)
class Count:
    """How many records there are, or that there are more than were counted."""

    value: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"more than {self.value:,}" if self.is_more else f"{self.value:,}"


def read_filter(
    *,
    project: Project,
    user: User | AnonymousUser,
    query: Mapping[str, object],
    was_kept: bool = False,
) -> RecordFilter:
    """Read a filter as typed; its words come back sanitized.

    The words of one that was kept have been sanitized before.

    Raises:
        FilterRefused: an unknown name or value (``bad_filter``), a level that the
            project does not have (``unknown_level``), what the person may not ask for
            (``not_allowed``), or words that cannot be made safe (``held_text``).
    """
    try:
        wanted = RecordFilter.from_query(query)
    except FilterError as error:
        raise FilterRefused("bad_filter", error.field, error.reason) from None
    _check(project, user, wanted)
    if was_kept:
        return wanted
    return replace(wanted, words=safe_words(project, wanted.words))


def safe_words(project: Project, typed: str) -> str:
    """Return search words with every known name and secret as its pseudonym.

    Raises:
        FilterRefused: they hold what cannot be made safe (``held_text``).
    """
    safe = made_safe(project, typed.strip())
    if safe is None:
        raise FilterRefused(
            "held_text",
            "words",
            "The search words hold something that looks like a secret and cannot be "
            "made safe. Search for other words of the ticket.",
        )
    return safe


def find(
    *, project: Project, user: User | AnonymousUser, wanted: RecordFilter
) -> FoundRecords:
    """Return the records of a filter that `read_filter` has let pass."""
    return Record.objects.of(project).filtered(
        wanted, with_later_facts=sees_later_facts(project=project, user=user)
    )


def best(
    *, project: Project, user: User | AnonymousUser, wanted: RecordFilter
) -> FoundRecords:
    """Return the best matches of a filter's words, the best first."""
    with_later_facts = sees_later_facts(project=project, user=user)
    others = Record.objects.of(project).filtered(
        replace(wanted, words=""), with_later_facts=with_later_facts
    )
    words = parse_words(wanted.words)
    found = others.by_relevance(words, with_later_facts=with_later_facts)
    return found[:RANKED_SHOWN]


def sees_later_facts(*, project: Project, user: User | AnonymousUser) -> bool:
    """Whether a person may know what came after the opening, verdicts among it."""
    return user.has_perm(VIEW_VERDICTS, project)


@dataclass(frozen=True)
class Page:
    """Some records, the newest first, and how many there are in all."""

    rows: list[Record]
    count: Count
    has_older: bool


def page(records: FoundRecords, *, size: int, before: int | None = None) -> Page:
    """Return the newest records of a filter with numbers below `before`.

    Not more than `COUNTED` are counted: a page need not wait for that. The numbers are
    read in one go with the first page, because finding them is what takes time.
    """
    if before is not None:
        rows = list(records.older_than(before)[: size + 1])
        return Page(rows[:size], count(records), len(rows) > size)
    newest = records.older_than(None).values_list("pk", flat=True)
    ids = list(newest[: COUNTED + 1])
    by_id = Record.objects.in_bulk(ids[:size])
    found = Count(min(len(ids), COUNTED), is_more=len(ids) > COUNTED)
    return Page([by_id[pk] for pk in ids[:size]], found, len(ids) > size)


def count(records: FoundRecords) -> Count:
    """Count records, though not past `COUNTED`."""
    some = records.order_by().values("pk")[: COUNTED + 1].count()
    return Count(min(some, COUNTED), is_more=some > COUNTED)


def levels_of(records: list[Record]) -> dict[int, str]:
    """Return the level of the current verdict by record, for those who may see it."""
    rows = Verdict.objects.current().filter(record__in=records)
    return dict(rows.values_list("record_id", "severity"))


def answers_of(records: list[Record]) -> dict[int, int]:
    """Return how many first answers of people stand, by record."""
    given = Review.objects.current().submitted().by_people()
    rows = given.filter(record__in=records, purpose=Review.Purpose.FIRST).order_by()
    return dict(rows.values_list("record").annotate(n=models.Count("pk")))


def _check(project: Project, user: User | AnonymousUser, wanted: RecordFilter) -> None:
    if wanted.level and wanted.level not in project.scale:
        levels = ", ".join(project.scale.keys)
        raise FilterRefused("unknown_level", "level", f"A level is one of {levels}.")
    if not sees_later_facts(project=project, user=user):
        _refuse_what_tells(wanted)


def _refuse_what_tells(wanted: RecordFilter) -> None:
    """Refuse what would divide the records in labeling: gold is among them."""
    states = ", ".join(COARSE)
    wrong = {
        "level": (bool(wanted.level), "Your role does not see verdicts."),
        "state": (tells_apart(wanted.state), f"Your role asks for {states}."),
        "because": (bool(wanted.because), "Your role does not see why records wait."),
        "reviews_from": (wanted.reviews_from is not None, _UNSEEN_COUNTS),
        "reviews_to": (wanted.reviews_to is not None, _UNSEEN_COUNTS),
    }
    for field, (is_wrong, why) in wrong.items():
        if is_wrong:
            raise FilterRefused("not_allowed", field, why)
