"""Which examples a record could make, and why it makes no others.

A record offers one example of every task that it has the material for. Where a task is
about the verdict's level, the verdict decides how much the example may be relied on;
where it is about an answer, whoever gave or confirmed the answer does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from annotation.domain.scale import Grade
from training.domain.gold import (
    ANSWERED,
    CONFIRMED,
    RECORDED,
    Gold,
    Ruling,
    authority,
    may_enter,
)
from training.domain.recipe import GoldRule, Recipe, Split
from training.domain.rows import SEVERITY
from training.domain.tasks.task import TASKS, Source, Task

GENERAL = "GENERAL"


class Mark(StrEnum):
    """What a person said of a record's resolution."""

    NONE = ""
    CONFIRMED = "CONFIRMED"
    WRONG = "WRONG"
    MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """One standing independent first answer; `number` counts a record's from 1."""

    id: int
    number: int
    label: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What decides about one record; `ruling` is its current verdict.

    split and group_key: its assignment, if it has one. duplicate_of: the record that it
    is a near duplicate of. answer: id of the review with its ideal answer, and
    answer_grade who gave it. has_resolution, mark: what was recorded, and what a person
    said of it. pair: id of its newest judged pair of answers. reviews: standing first
    answers, where every review makes an example. unsafe: ids of its rows that did not
    pass the leak gate. too_long: of those that pass the length limit, under a policy
    that drops them.
    """

    id: int
    key: str
    state: str
    has_text: bool
    kind: str = ""
    origin: str = ""
    category: str = ""
    opened_at: datetime | None = None
    incident_key: str = ""
    customer: str = ""
    fingerprint: str = ""
    duplicate_of: int | None = None
    split: Split | None = None
    group_key: str = ""
    vendor: str = ""
    ruling: Ruling | None = None
    answer: int | None = None
    answer_grade: Grade | None = None
    has_resolution: bool = False
    mark: str = Mark.NONE
    pair: int | None = None
    reviews: tuple[ReviewFacts, ...] = ()
    unsafe: frozenset[str] = frozenset()
    too_long: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Offers:
    """The examples that a record could make, by task, and what speaks against others.

    reasons: of every task of the recipe that it offers no example of.
    """

    rulings: dict[str, Ruling] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Why it offers nothing: the first task's reason; empty if it offers any."""
        return "" if self.rulings else next(iter(self.reasons.values()), "")


def offers(record: RecordFacts, recipe: Recipe) -> Offers:
    """Return the examples that a record could make under a recipe."""
    against = _against_all(record, recipe)
    found = Offers()
    for task in (TASKS[key] for key in recipe.tasks):
        reason = against or _against(record, task, recipe)
        ruling = ruling_of(record, task)
        if reason or ruling is None:
            found.reasons[task.key] = reason or "open"
        else:
            found.rulings[task.key] = ruling
    return found


def row_id(key: str, task: str, review: int = 0) -> str:
    """The id of a record's example: its key, and what sets the example apart.

    review: number of the answer that labels it, 0 where that is the verdict.
    """
    if review:
        return f"{key}#review{review}"
    return key if task == SEVERITY else f"{key}#{task}"


def against_row(record: RecordFacts, row: str) -> str:
    """Why one row of a record may not stand in a dataset; empty if it may."""
    if row in record.unsafe:
        return "unsafe"
    return "too_long" if row in record.too_long else ""


def ruling_of(record: RecordFacts, task: Task) -> Ruling | None:
    """What an example of a task rests on: the verdict, or whoever gave its answer."""
    return record.ruling if task.is_labelled else _answer_ruling(record, task)


def gold_of(record: RecordFacts, task: Task, ruling: Ruling) -> Gold:
    """How much an example of a task may be relied on.

    Where it needs an answer beside the verdict, both have to be gold. A text is its own
    reference, and a judged pair was judged: they need nobody's word.
    """
    if not task.is_labelled:
        needs_nobody = task.source in (Source.NOTHING, Source.PAIR)
        return Gold.CONFIRMED if needs_nobody else authority(ruling)
    gold = authority(ruling)
    if task.source is Source.NOTHING or gold is Gold.SINGLE_SOURCE:
        return gold
    of_answer = authority(_answer_ruling(record, task))
    return gold if of_answer is Gold.CONFIRMED else Gold.INSUFFICIENT


def _answer_ruling(record: RecordFacts, task: Task) -> Ruling:
    """Who stands behind the answer that an example of a task would hold."""
    cause = record.ruling.root_cause if record.ruling else ""
    is_ideal = task.source is Source.IDEAL or (
        task.source is Source.EITHER and record.answer is not None
    )
    if is_ideal:
        grade = record.answer_grade or Grade.JUNIOR
        return Ruling("", ANSWERED, grade, 1, root_cause=cause)
    takes_resolution = task.source in (Source.RESOLUTION, Source.EITHER)
    if takes_resolution and record.mark == Mark.CONFIRMED:
        return Ruling("", CONFIRMED, Grade.SENIOR, 1, root_cause=cause)
    return Ruling("", RECORDED, Grade.ENGINEER, 0, root_cause=cause)


def general_task(record: RecordFacts) -> str:
    """What a general-purpose record teaches: to answer, or its text; "" for nothing."""
    is_usable = record.has_text and record.state not in ("HELD", "EXCLUDED")
    if not is_usable or record.unsafe or record.too_long:
        return ""
    return "question_answer" if record.has_resolution else "domain_text"


def _against_all(record: RecordFacts, recipe: Recipe) -> str:
    """Why a record cannot teach anything at all; empty if it can."""
    if record.origin == GENERAL or not _matches(record, recipe):
        return "filtered"
    # What the seniors are asked about waits for them, whatever a task is about.
    is_out = record.state in ("HELD", "EXCLUDED", "CONTESTED")
    return record.state.lower() if is_out else ""


def _against(record: RecordFacts, task: Task, recipe: Recipe) -> str:
    """The first reason against an example of a task; empty where there is none."""
    return next(filter(None, _reasons(record, task, recipe)), "")


def _reasons(record: RecordFacts, task: Task, recipe: Recipe) -> Iterator[str]:
    if task.kinds and record.kind not in task.kinds:
        yield "other_kind"
    if task.is_labelled:
        yield _against_verdict(record, recipe)
    if not record.has_text:
        yield "no_text"
    if task.is_labelled and record.ruling:
        yield _against_authority(record.ruling, recipe)
    if task.needs_cause and not (record.ruling and record.ruling.root_cause):
        yield "no_root_cause"
    if task.needs_class and not record.category:
        yield "no_category"
    yield _against_answer(record, task.source)
    yield against_row(record, row_id(record.key, task.key))


def _against_verdict(record: RecordFacts, recipe: Recipe) -> str:
    ruling = record.ruling
    if ruling is None:
        return "open"
    is_single = authority(ruling) is Gold.SINGLE_SOURCE
    if record.state == "OPEN" and (
        not is_single or recipe.gold_rule is GoldRule.STRICT
    ):
        return "open"
    return ""


def _against_authority(ruling: Ruling, recipe: Recipe) -> str:
    gold = authority(ruling)
    if not may_enter(gold, Split.TRAIN, recipe.gold_rule):
        return "single_source"
    if gold is not Gold.ADJUDICATED and ruling.agreement < recipe.filters.min_agreement:
        return "low_agreement"
    return ""


def _against_answer(record: RecordFacts, source: Source) -> str:
    if source is Source.PAIR:
        return "" if record.pair else "no_pair"
    if source is Source.IDEAL:
        return "" if record.answer else "answer_missing"
    if source is Source.NOTHING or (source is Source.EITHER and record.answer):
        return ""
    if record.mark == Mark.WRONG:
        return "resolution_wrong"
    usable = record.has_resolution and record.mark != Mark.MISSING
    return "" if usable else "resolution_missing"


def _matches(record: RecordFacts, recipe: Recipe) -> bool:
    filters = recipe.filters
    return (
        (not filters.kinds or record.kind in filters.kinds)
        and (not filters.categories or record.category in filters.categories)
        and (not filters.vendors or record.vendor in filters.vendors)
        and (not filters.origins or record.origin in filters.origins)
    )
