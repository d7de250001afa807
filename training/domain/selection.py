"""From everything a project knows to the examples of one dataset.

Each record makes the examples that it has the material for, each with split, label and
number of rows, or is left out for one named reason that is counted and shown. The same
records, recipe and seed give the same selection in the same order. Texts play no part
here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from training.domain.chosen import Chosen, Selection
from training.domain.eligibility import (
    Offers,
    RecordFacts,
    against_row,
    gold_of,
    offers,
)
from training.domain.general import general_examples, near_held_out
from training.domain.gold import REVIEWED, Gold, may_enter
from training.domain.grouping import Ticket
from training.domain.left_out import NEAR_HELD_OUT, Reasons
from training.domain.recipe import Recipe, Split
from training.domain.recipe_tasks import LabelSource
from training.domain.rows import SEVERITY
from training.domain.sampling import Rows, Sample, choose, plan_rows
from training.domain.shuffling import seeded_rank
from training.domain.splitting import Placement, plan_splits
from training.domain.tasks.task import TASKS


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
    offered = {r.key: offers(r, recipe) for r in records}
    plan = plan_splits(
        _tickets(records, offered, recipe),
        shares=recipe.shares,
        holdout=recipe.test,
        levels=levels,
        seed=recipe.seed,
    )
    placed = _placed(records, offered, plan.placements)
    reasons = Reasons(offered, plan.left_out)
    kept = reasons.sift(placed, lambda chosen: _reason_in_split(chosen, recipe))
    kept = reasons.sift(_by_review(kept, recipe), _against_review)
    beyond = _beyond_sizes(kept, recipe)
    kept = reasons.sift(kept, lambda c: "over_size" if c.key in beyond else "")
    rows = _rows_of(kept, recipe, production)
    kept = reasons.sift(kept, lambda c: _reason_by_rows(c, rows))
    barred = near_held_out(records, plan.kin) if recipe.general_share else set()
    reasons.overrule(barred, NEAR_HELD_OUT)
    taught = sum(rows.rows.values())
    general = general_examples(records, recipe, taught, barred)
    return _with_rows(kept, general, recipe, placed, rows, reasons)


def _placed(
    records: Iterable[RecordFacts],
    offered: Mapping[str, Offers],
    placements: Mapping[str, Placement],
) -> list[Chosen]:
    """An example of each task that a record offers, in its split."""
    return [
        Chosen(
            record,
            ruling,
            gold_of(record, TASKS[task], ruling),
            placements[record.key],
            task,
        )
        for record in records
        if record.key in placements
        for task, ruling in offered[record.key].rulings.items()
    ]


def _reason_in_split(chosen: Chosen, recipe: Recipe) -> str:
    """Why a record cannot stand in the split it belongs to; empty if it can."""
    if not may_enter(chosen.gold, chosen.split, recipe.gold_rule):
        return "gold_missing"
    limit = recipe.filters.train_opened_before
    if limit is None or chosen.split not in (Split.TRAIN, Split.DEV):
        return ""
    opened_at = chosen.record.opened_at
    return "" if opened_at and opened_at < limit else "opened_after_limit"


def _reason_by_rows(chosen: Chosen, rows: Rows) -> str:
    is_out = chosen.split is Split.TRAIN and chosen.key not in rows.rows
    return "down_sampled" if is_out else ""


def _by_review(kept: Sequence[Chosen], recipe: Recipe) -> list[Chosen]:
    """In TRAIN, an example of every review in the place of the verdict's.

    What a senior has decided is not put to the vote again: it keeps its verdict.
    """
    if recipe.label_source is LabelSource.VERDICT:
        return list(kept)
    found: list[Chosen] = []
    for one in kept:
        decided = one.gold is Gold.ADJUDICATED
        if decided or one.split is not Split.TRAIN or one.task != SEVERITY:
            found.append(one)
            continue
        found += [
            replace(
                one,
                review=review,
                gold=Gold.INSUFFICIENT,
                ruling=replace(
                    one.ruling,
                    label=review.label,
                    method=REVIEWED,
                    grade=review.grade,
                    reviews=1,
                ),
            )
            for review in one.record.reviews
        ] or [one]
    return found


def _against_review(chosen: Chosen) -> str:
    return against_row(chosen.record, chosen.key) if chosen.review else ""


def _tickets(
    records: Iterable[RecordFacts], offered: Mapping[str, Offers], recipe: Recipe
) -> Iterable[Ticket]:
    pointed_at = {r.duplicate_of for r in records}
    customers = _customers(records) if recipe.group_by_customer else {}
    return [
        Ticket(
            key=record.key,
            links=_links(record, pointed_at, customers),
            stratum=(record.ruling.label if record.ruling else "", record.category),
            opened_at=record.opened_at,
            split=record.split,
            group_key=record.group_key,
            is_candidate=bool(offered[record.key].rulings),
        )
        for record in records
    ]


def _links(
    record: RecordFacts, pointed_at: set[int | None], customers: Mapping[str, str]
) -> tuple[str, ...]:
    links = []
    if record.incident_key:
        links.append(f"incident {record.incident_key}")
    if record.fingerprint:
        links.append(f"text {record.fingerprint}")
    if record.id in pointed_at:
        links.append(f"near {record.id}")
    if record.duplicate_of:
        links.append(f"near {record.duplicate_of}")
    if name := customers.get(record.key):
        links.append(f"customer {name}")
    return tuple(links)


def _customers(records: Iterable[RecordFacts]) -> dict[str, str]:
    """The customer that ties a record to others, by the record's key.

    Where an earlier version has put a customer's records into several splits, those
    keep them, and only the new ones are tied to each other: tying all would throw most
    of them out.
    """
    splits: dict[str, set[Split]] = {}
    for one in records:
        if one.customer and one.split:
            splits.setdefault(one.customer, set()).add(one.split)
    torn = {name for name, found in splits.items() if len(found) > 1}
    return {
        one.key: one.customer
        for one in records
        if one.customer and not (one.customer in torn and one.split)
    }


def _beyond_sizes(kept: Sequence[Chosen], recipe: Recipe) -> set[str]:
    beyond: set[str] = set()
    for split, size in recipe.sizes.items():
        strata = {
            c.key: (c.ruling.label, c.record.category) for c in kept if c.split is split
        }
        beyond |= set(strata) - choose(strata, size, recipe.seed)
    return beyond


def _rows_of(
    kept: Sequence[Chosen], recipe: Recipe, production: Mapping[str, float] | None
) -> Rows:
    train = {
        c.key: Sample(c.ruling.grade, c.ruling.label, c.record.category)
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
    general: Sequence[Chosen],
    recipe: Recipe,
    placed: Sequence[Chosen],
    rows: Rows,
    reasons: Reasons,
) -> Selection:
    examples = [replace(c, rows=rows.rows.get(c.key, 1)) for c in kept]
    taught = sum(rows.rows.values())
    return Selection(
        examples=tuple(
            sorted([*examples, *general], key=lambda c: _final_order(c, recipe.seed))
        ),
        left_out=reasons.of_records([*kept, *general], recipe.tasks),
        assignments={c.record.id: c.placement for c in placed if c.placement.is_new},
        senior_share_before=rows.senior_share_before,
        senior_share=rows.senior_share,
        left_out_of=reasons.of_tasks(kept, recipe.tasks),
        general_share=len(general) / (taught + len(general)) if general else 0.0,
    )


def _final_order(chosen: Chosen, seed: int) -> tuple[int, int, str]:
    """By split, then shuffled: imports often come sorted by class or by date."""
    key = chosen.key
    return (chosen.split.protection, seeded_rank(seed, "row", key), key)
