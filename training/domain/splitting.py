"""Which split each record belongs to, once and for ever.

Groups (see `grouping`) are placed as a whole. Earlier assignments are kept; a group
that has come to bridge two splits keeps only its most protected members. New groups go
to TEST by date when the recipe holds out the later tickets; the others are shared out
so that every split has its part of each stratum (level and category). Deterministic by
seed: no generator, no dependence on the order of the input.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from training.domain.grouping import Group, Ticket, group_tickets
from training.domain.recipe import Split
from training.domain.recipe_choice import Holdout, HoldoutMode
from training.domain.shuffling import seeded_rank

BRIDGES_SPLITS = "bridges_splits"
NO_OPENED_AT = "no_opened_at"

Stratum = tuple[str, str]


@dataclass(frozen=True)
class Placement:
    """Where one candidate belongs; `is_new` when it had no assignment before."""

    split: Split
    group_key: str
    is_new: bool


@dataclass(frozen=True)
class SplitPlan:
    """The placement of every candidate, or the reason why it has none.

    kin: of every other ticket, the splits that its group reaches into.
    """

    placements: dict[str, Placement]
    left_out: dict[str, str]
    kin: dict[str, frozenset[Split]] = field(default_factory=dict)


def plan_splits(
    tickets: Iterable[Ticket],
    *,
    shares: Mapping[Split, float],
    holdout: Holdout,
    levels: Sequence[str],
    seed: int,
) -> SplitPlan:
    """Place every candidate, keeping groups whole and earlier assignments.

    In a group whose members were given two splits, those in the most protected split
    stay; the others are left out (BRIDGES_SPLITS): neither moved nor used. Under a
    temporal holdout a new candidate without a date is left out (NO_OPENED_AT), since
    nobody can say on which side it belongs.
    """
    plan = SplitPlan({}, {})
    groups = group_tickets(tickets)
    cut = _cut(holdout, groups)
    free: list[Group] = []
    for group in groups:
        if group.splits:
            _keep(group, plan)
        elif not holdout.is_temporal or not _settle_by_date(group, cut, plan):
            free.append(group)
    if holdout.mode is not HoldoutMode.MIXED:
        shares = {**shares, Split.TEST: 0.0}
    taken = _taken(groups, plan)
    for group, split in share_out(free, shares, taken=taken, levels=levels, seed=seed):
        _place(group.candidates, split, group.key, plan)
    for group in groups:
        _note_kin(group, plan)
    return plan


def share_out(
    groups: Sequence[Group],
    shares: Mapping[Split, float],
    *,
    taken: Mapping[tuple[Stratum, Split], int],
    levels: Sequence[str],
    seed: int,
) -> list[tuple[Group, Split]]:
    """Give every group a split, so that the shares hold in all and in each stratum.

    Strata are walked from the most severe level on. Within one, each group goes to the
    split that is owed the most: its share of the stratum, less what it `taken` has
    already, plus what rounding in earlier strata left open (error diffusion). Large
    groups come first, then the seeded order. For single tickets the totals end within
    one ticket of the shares.
    """
    splits = [split for split in Split if shares.get(split, 0) > 0]
    by_stratum: dict[Stratum, list[Group]] = defaultdict(list)
    for group in groups:
        if group.candidates:
            by_stratum[_stratum(group, levels)].append(group)
    given: list[tuple[Group, Split]] = []
    carry = dict.fromkeys(splits, 0.0)
    for stratum in sorted(by_stratum, key=lambda key: _severity_order(key, levels)):
        members = by_stratum[stratum]
        have = {split: taken.get((stratum, split), 0) for split in splits}
        size = sum(len(group.candidates) for group in members)
        for split, open_seats in _owed(size, have, shares).items():
            carry[split] += open_seats
        for group in sorted(members, key=lambda g: _largest_first(g, seed)):
            split = max(splits, key=lambda s: (round(carry[s], 9), shares[s]))
            carry[split] -= len(group.candidates)
            given.append((group, split))
    return given


def _owed(
    size: int, have: Mapping[Split, int], shares: Mapping[Split, float]
) -> dict[Split, float]:
    """Spread `size` new tickets over the splits, making up for uneven earlier ones."""
    whole = sum(shares[split] for split in have)
    total = size + sum(have.values())
    missing = {s: max(0.0, shares[s] / whole * total - have[s]) for s in have}
    scale = size / sum(missing.values())
    return {split: amount * scale for split, amount in missing.items()}


def _keep(group: Group, plan: SplitPlan) -> None:
    split = group.splits[-1]
    bridging = len(group.splits) > 1
    for ticket in group.candidates:
        if bridging and ticket.split is not split:
            plan.left_out[ticket.key] = BRIDGES_SPLITS
        else:
            _place([ticket], split, ticket.group_key or group.key, plan)


def _cut(holdout: Holdout, groups: Sequence[Group]) -> datetime | None:
    """The moment from which tickets are "later"; None where no ticket has a date."""
    if holdout.mode is HoldoutMode.FROM or not holdout.is_temporal:
        return holdout.opened_from
    opened = sorted(
        (t.opened_at for g in groups for t in g.candidates if t.opened_at), reverse=True
    )
    if not opened:
        return None
    number = holdout.latest or max(1, round((holdout.share or 0) * len(opened)))
    return opened[min(number, len(opened)) - 1]


def _settle_by_date(group: Group, cut: datetime | None, plan: SplitPlan) -> bool:
    """Place a new group in TEST, or leave its undated tickets out; say if it is done.

    A group that lies on both sides goes to TEST: TRAIN must not know what came later.
    """
    dated = [ticket for ticket in group.candidates if ticket.opened_at]
    if len(dated) < len(group.candidates):
        for ticket in group.candidates:
            plan.left_out[ticket.key] = NO_OPENED_AT
        return True
    if cut is None or not any(t.opened_at and t.opened_at >= cut for t in dated):
        return False
    _place(dated, Split.TEST, group.key, plan)
    return True


def _place(
    tickets: Iterable[Ticket], split: Split, group_key: str, plan: SplitPlan
) -> None:
    for ticket in tickets:
        is_new = ticket.split is None
        plan.placements[ticket.key] = Placement(split, group_key, is_new)


def _note_kin(group: Group, plan: SplitPlan) -> None:
    placed = [plan.placements.get(ticket.key) for ticket in group.candidates]
    reached = frozenset((*group.splits, *(p.split for p in placed if p)))
    for ticket in group.members:
        if not ticket.is_candidate:
            plan.kin[ticket.key] = reached


def _taken(groups: Sequence[Group], plan: SplitPlan) -> Counter[tuple[Stratum, Split]]:
    return Counter(
        (ticket.stratum, plan.placements[ticket.key].split)
        for group in groups
        for ticket in group.candidates
        if ticket.key in plan.placements
    )


def _stratum(group: Group, levels: Sequence[str]) -> Stratum:
    strata = (ticket.stratum for ticket in group.candidates)
    return min(strata, key=lambda stratum: _severity_order(stratum, levels))


def _severity_order(stratum: Stratum, levels: Sequence[str]) -> tuple[int, Stratum]:
    level = stratum[0]
    return (levels.index(level) if level in levels else len(levels), stratum)


def _largest_first(group: Group, seed: int) -> tuple[int, int, str]:
    rank = seeded_rank(seed, "split", group.key)
    return (-len(group.candidates), rank, group.key)
