"""From everything a project knows to the examples of one dataset.

Each record either becomes an example, with split, label and number of rows, or is left
out for one named reason that is counted and shown. The same records, recipe and seed
give the same selection in the same order. Texts play no part here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from training.domain.gold import Gold, Ruling, authority, may_enter
from training.domain.grouping import Ticket
from training.domain.manifest import Tally
from training.domain.recipe import GoldRule, Recipe, Split
from training.domain.sampling import Rows, Sample, choose, plan_rows
from training.domain.shuffling import seeded_rank
from training.domain.splitting import (
    BRIDGES_SPLITS,
    NO_OPENED_AT,
    Placement,
    plan_splits,
)

# In the order of the river: the first reason that applies is the one counted.
LEFT_OUT_WORDS: dict[str, str] = {
    "filtered": "do not match the recipe's filters",
    "held": "are held by the sanitizer",
    "excluded": "were excluded by hand",
    "contested": "are contested and wait for adjudication",
    "open": "have too few reviews for a verdict",
    "no_text": "have no text",
    "single_source": "carry a single source's label, which the gold rule refuses",
    NO_OPENED_AT: "have no opening date, so they are neither earlier nor later",
    BRIDGES_SPLITS: "have come to link tickets of two splits",
    "gold_missing": "belong to TEST or CALIBRATION and wait for a gold verdict",
    "opened_after_limit": "were opened after the limit for training",
    "low_agreement": "have a verdict that too few of their reviewers share",
    "over_size": "exceed the size the recipe asks for",
    "down_sampled": "are left out so that senior engineers' examples weigh more",
    "unsafe": "hold something that the sanitizer would not let out today",
}


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What decides about one record; `ruling` is its current verdict.

    split and group_key: its assignment, if it has one. duplicate_of: the record that it
    is a near duplicate of. is_unsafe: its text did not pass the leak gate.
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
    fingerprint: str = ""
    duplicate_of: int | None = None
    split: Split | None = None
    group_key: str = ""
    vendor: str = ""
    ruling: Ruling | None = None
    is_unsafe: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """One example of the dataset: the record, where it stands, how many rows."""

    record: RecordFacts
    ruling: Ruling
    gold: Gold
    placement: Placement
    rows: int = 1

    @property
    def split(self) -> Split:
        return self.placement.split

    @property
    def tally(self) -> Tally:
        """The example as it counts in the mixes."""
        return Tally(
            self.split,
            self.ruling.label,
            self.record.category,
            self.record.vendor,
            self.ruling.grade.value,
            self.rows,
        )


@dataclass(frozen=True)
class Selection:
    """The examples in their final order, and everything that was decided on the way.

    assignments: placements to be kept for ever, by record id; also of records that
    this dataset leaves out. senior_share: of TRAIN, before and after the copies.
    """

    examples: tuple[Chosen, ...]
    left_out: dict[str, int]
    assignments: dict[int, Placement]
    senior_share_before: float
    senior_share: float


def select(
    records: Sequence[RecordFacts],
    recipe: Recipe,
    levels: Sequence[str],
    production: Mapping[str, float] | None = None,
) -> Selection:
    """Choose, place and multiply the examples of a dataset.

    production: category shares of the live tickets, for a recipe that balances towards
    them.
    """
    reasons = {r.key: _reason_against(r, recipe) for r in records}
    plan = plan_splits(
        _tickets(records, reasons),
        shares=recipe.shares,
        holdout=recipe.test,
        levels=levels,
        seed=recipe.seed,
    )
    reasons.update(plan.left_out)
    placed = [
        Chosen(r, r.ruling, authority(r.ruling), plan.placements[r.key])
        for r in records
        if r.key in plan.placements and r.ruling
    ]
    reasons.update({c.record.key: _reason_in_split(c, recipe) for c in placed})
    kept = [c for c in placed if not reasons[c.record.key]]
    reasons.update(dict.fromkeys(_beyond_sizes(kept, recipe), "over_size"))
    kept = [c for c in kept if not reasons[c.record.key]]
    rows = _rows_of(kept, recipe, production)
    train = {c.record.key for c in kept if c.split is Split.TRAIN}
    reasons.update(dict.fromkeys(train - set(rows.rows), "down_sampled"))
    kept = [c for c in kept if not reasons[c.record.key]]
    return _with_rows(
        kept, recipe, placed, rows, Counter(filter(None, reasons.values()))
    )


def _reason_against(record: RecordFacts, recipe: Recipe) -> str:
    """Why a record cannot enter any split; empty if it can."""
    if not _matches(record, recipe):
        return "filtered"
    if record.state in ("HELD", "EXCLUDED", "CONTESTED"):
        return record.state.lower()
    ruling = record.ruling
    if ruling is None:
        return "open"
    gold = authority(ruling)
    if record.state == "OPEN" and (
        gold is not Gold.SINGLE_SOURCE or recipe.gold_rule is GoldRule.STRICT
    ):
        return "open"
    if not record.has_text:
        return "no_text"
    if not may_enter(gold, Split.TRAIN, recipe.gold_rule):
        return "single_source"
    if gold is not Gold.ADJUDICATED and ruling.agreement < recipe.filters.min_agreement:
        return "low_agreement"
    return "unsafe" if record.is_unsafe else ""


def _matches(record: RecordFacts, recipe: Recipe) -> bool:
    filters = recipe.filters
    return (
        (not filters.kinds or record.kind in filters.kinds)
        and (not filters.categories or record.category in filters.categories)
        and (not filters.vendors or record.vendor in filters.vendors)
        and (not filters.origins or record.origin in filters.origins)
    )


def _reason_in_split(chosen: Chosen, recipe: Recipe) -> str:
    """Why a record cannot stand in the split it belongs to; empty if it can."""
    if not may_enter(chosen.gold, chosen.split, recipe.gold_rule):
        return "gold_missing"
    limit = recipe.filters.train_opened_before
    if limit is None or chosen.split not in (Split.TRAIN, Split.DEV):
        return ""
    opened_at = chosen.record.opened_at
    return "" if opened_at and opened_at < limit else "opened_after_limit"


def _tickets(
    records: Iterable[RecordFacts], reasons: dict[str, str]
) -> Iterable[Ticket]:
    pointed_at = {r.duplicate_of for r in records}
    return [
        Ticket(
            key=record.key,
            links=_links(record, pointed_at),
            stratum=(record.ruling.label if record.ruling else "", record.category),
            opened_at=record.opened_at,
            split=record.split,
            group_key=record.group_key,
            is_candidate=not reasons[record.key],
        )
        for record in records
    ]


def _links(record: RecordFacts, pointed_at: set[int | None]) -> tuple[str, ...]:
    links = []
    if record.incident_key:
        links.append(f"incident {record.incident_key}")
    if record.fingerprint:
        links.append(f"text {record.fingerprint}")
    if record.id in pointed_at:
        links.append(f"near {record.id}")
    if record.duplicate_of:
        links.append(f"near {record.duplicate_of}")
    return tuple(links)


def _beyond_sizes(kept: Sequence[Chosen], recipe: Recipe) -> set[str]:
    beyond: set[str] = set()
    for split, size in recipe.sizes.items():
        strata = {
            c.record.key: (c.ruling.label, c.record.category)
            for c in kept
            if c.split is split
        }
        beyond |= set(strata) - choose(strata, size, recipe.seed)
    return beyond


def _rows_of(
    kept: Sequence[Chosen], recipe: Recipe, production: Mapping[str, float] | None
) -> Rows:
    train = {
        c.record.key: Sample(c.ruling.grade, c.ruling.label, c.record.category)
        for c in kept
        if c.split is Split.TRAIN
    }
    return plan_rows(
        train,
        upsampling=recipe.upsampling,
        balance=recipe.balance,
        production=production,
        seed=recipe.seed,
    )


def _with_rows(
    kept: Sequence[Chosen],
    recipe: Recipe,
    placed: Sequence[Chosen],
    rows: Rows,
    left_out: Counter[str],
) -> Selection:
    examples = [replace(c, rows=rows.rows.get(c.record.key, 1)) for c in kept]
    return Selection(
        examples=tuple(sorted(examples, key=lambda c: _final_order(c, recipe.seed))),
        left_out={r: left_out[r] for r in LEFT_OUT_WORDS if left_out[r]},
        assignments={c.record.id: c.placement for c in placed if c.placement.is_new},
        senior_share_before=rows.senior_share_before,
        senior_share=rows.senior_share,
    )


def _final_order(chosen: Chosen, seed: int) -> tuple[int, int, str]:
    """By split, then shuffled: imports often come sorted by class or by date."""
    key = chosen.record.key
    return (chosen.split.protection, seeded_rank(seed, "row", key), key)
