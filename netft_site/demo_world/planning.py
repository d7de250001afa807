"""Decides what each ticket of a batch is about, before a word of it is written.

A batch has exact quotas per category. Some tickets belong to a storm: one fault at
several sites within two hours, sharing an incident key. A few will be written as near
copies of an earlier ticket, as happens when a mail is forwarded twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from netft_site.demo_world import severity
from netft_site.demo_world.scenario import Device, Fault
from netft_site.demo_world.words import (
    dns_dhcp,
    firewall,
    hardware,
    names,
    routing,
    switching,
    wan,
    wireless,
)

FAULTS: tuple[Fault, ...] = (
    *routing.FAULTS,
    *switching.FAULTS,
    *wan.FAULTS,
    *firewall.FAULTS,
    *wireless.FAULTS,
    *dns_dhcp.FAULTS,
    *hardware.FAULTS,
)
STORM_SIZES = (3, 3, 4, 4, 5, 6)
STORM_CHANCE = 0.03
STORM_LASTS = timedelta(hours=2)


@dataclass(frozen=True)
class Batch:
    """One delivery of tickets: how many per category and when they were opened."""

    prefix: str
    first_number: int
    quotas: dict[str, int]
    opens: datetime
    closes: datetime
    near_copies: int


@dataclass(frozen=True)
class Plan:
    """One ticket to be written."""

    fault: Fault
    device: Device
    site: tuple[str, str]
    customer: tuple[str, str, str]
    opened_at: datetime
    impact: int
    urgency: int
    incident_key: str = ""
    copies_previous: bool = False


def plan_batch(rng: Random, batch: Batch) -> list[Plan]:
    """Return the batch's plans in order of opening, quotas met exactly."""
    plans: list[Plan] = []
    for category, quota in batch.quotas.items():
        planned: list[Plan] = []
        while len(planned) < quota:
            planned.extend(_next_plans(rng, batch, category, quota - len(planned)))
        plans.extend(planned)
    plans = _plan_near_copies(rng, batch, plans)
    return sorted(plans, key=lambda plan: (plan.opened_at, plan.copies_previous))


def _next_plans(rng: Random, batch: Batch, category: str, room: int) -> list[Plan]:
    faults = [fault for fault in FAULTS if fault.category == category]
    fault = rng.choice(faults)
    first = _plan_one(rng, batch, fault)
    size = rng.choice(STORM_SIZES)
    if size > room or rng.random() >= STORM_CHANCE:
        return [first]
    key = f"MI{first.opened_at:%y%m%d%H%M%S}"
    storm = [_join_storm(rng, first, fault) for _ in range(size - 1)]
    return [replace(plan, incident_key=key) for plan in (first, *storm)]


def _plan_one(rng: Random, batch: Batch, fault: Fault) -> Plan:
    impact, urgency = severity.draw_impact_and_urgency(rng)
    # A storm that starts last still ends within its batch.
    minutes = (batch.closes - batch.opens - STORM_LASTS) // timedelta(minutes=1)
    return Plan(
        fault=fault,
        device=rng.choice(fault.devices),
        site=rng.choice(names.SITES),
        customer=rng.choice(names.CUSTOMERS),
        opened_at=batch.opens
        + timedelta(minutes=rng.randrange(minutes), seconds=rng.randrange(60)),
        impact=impact,
        urgency=urgency,
    )


def _join_storm(rng: Random, first: Plan, fault: Fault) -> Plan:
    """One more ticket of the same event, seen from another site."""
    impact = first.impact
    if rng.random() < 0.3:
        impact = min(max(impact + rng.choice((-1, 1)), 1), 3)
    return replace(
        first,
        device=rng.choice(fault.devices),
        site=rng.choice(names.SITES),
        customer=rng.choice(names.CUSTOMERS),
        opened_at=first.opened_at + STORM_LASTS * rng.random(),
        impact=impact,
    )


def _plan_near_copies(rng: Random, batch: Batch, plans: list[Plan]) -> list[Plan]:
    """Turn a few plans into near copies of another plan of the same category."""
    plans = list(plans)
    alone = [place for place, plan in enumerate(plans) if not plan.incident_key]
    rng.shuffle(alone)
    made = 0
    while made < batch.near_copies and len(alone) > 1:
        place = alone.pop()
        twin = next(
            (
                p
                for p in alone
                if plans[p].fault.category == plans[place].fault.category
            ),
            None,
        )
        if twin is None:
            continue
        alone.remove(twin)
        # One second later, so that it follows its original in the sorted batch.
        plans[twin] = replace(
            plans[place],
            opened_at=plans[place].opened_at + timedelta(seconds=1),
            copies_previous=True,
        )
        made += 1
    return plans
