"""Builds the synthetic world: tickets of three batches and the reviews of five people.

The same seed gives the same world. History comes first, the later tickets form the
test window, and the wireless batch is older than that window but labelled after it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from netft_site.demo_world import severity, writing
from netft_site.demo_world.entities import Ticket, World
from netft_site.demo_world.filler import Filler, Scene
from netft_site.demo_world.planning import FAULTS, Batch, Plan, plan_batch
from netft_site.demo_world.reviewing import REVIEWERS, review_batch

LATER_QUOTAS = {
    "routing": 26,
    "switching": 34,
    "wan": 30,
    "firewall": 28,
    "wireless": 45,
    "dns_dhcp": 18,
    "hardware": 19,
}
HISTORY_QUOTAS = {
    "routing": 81,
    "switching": 105,
    "wan": 93,
    "firewall": 87,
    "wireless": 20,
    "dns_dhcp": 56,
    "hardware": 58,
}
HISTORY_OPENS = datetime(2025, 1, 6, 6, tzinfo=UTC)
TEST_OPENS = datetime(2025, 9, 1, tzinfo=UTC)
TEST_CLOSES = datetime(2025, 10, 25, tzinfo=UTC)
HISTORY = Batch("INC", 1001000, HISTORY_QUOTAS, HISTORY_OPENS, TEST_OPENS, 4)
LATER = Batch("INC", 1002000, LATER_QUOTAS, TEST_OPENS, TEST_CLOSES, 2)
WIRELESS = Batch("WLAN", 5001, {"wireless": 120}, HISTORY_OPENS, TEST_OPENS, 2)

REVIEWS_BEGIN = datetime(2025, 11, 3, 8, tzinfo=UTC)
WIRELESS_REVIEWS_BEGIN = datetime(2025, 12, 1, 8, tzinfo=UTC)
WORD_FOR_WORD = 2


def build_world(seed: int = 7) -> World:
    """Return the world of this seed: tickets, reviews, adjudications and the truth."""
    rng = Random(seed)  # noqa: S311 - a story is told, nothing is protected
    history = write_batch(rng, HISTORY)
    later = write_batch(rng, LATER)
    wireless = write_batch(rng, WIRELESS)
    duplicates = _repeat_some(rng, history)
    rounds = (
        review_batch(rng, history, REVIEWS_BEGIN, as_test=False),
        review_batch(rng, later, REVIEWS_BEGIN, as_test=True),
        review_batch(rng, wireless, WIRELESS_REVIEWS_BEGIN, as_test=False),
    )
    return World(
        seed=seed,
        history=history,
        later=later,
        wireless=wireless,
        duplicates=duplicates,
        reviewers=REVIEWERS,
        reviews=tuple(review for given, _ in rounds for review in given),
        adjudications=tuple(verdict for _, settled in rounds for verdict in settled),
        root_causes=tuple(sorted({fault.root_cause for fault in FAULTS})),
        production_mix=_shares(LATER_QUOTAS),
        test_opens_at=TEST_OPENS,
    )


def write_batch(rng: Random, batch: Batch) -> tuple[Ticket, ...]:
    """Plan and write one delivery, in order of opening."""
    tickets: list[Ticket] = []
    for place, plan in enumerate(plan_batch(rng, batch)):
        number = f"{batch.prefix}{batch.first_number + place:07d}"
        if plan.copies_previous:
            tickets.append(_copy_nearly(rng, tickets[-1], number, plan))
        else:
            tickets.append(_write_one(rng, plan, number))
    return tuple(tickets)


def _write_one(rng: Random, plan: Plan, number: str) -> Ticket:
    filler = Filler(rng, _scene(plan))
    text = writing.write_ticket(rng, filler, plan)
    return Ticket(
        external_id=number,
        title=text.title,
        body=text.body,
        category=plan.fault.category,
        vendor=plan.device.vendor,
        device_type=plan.device.device_type,
        site=plan.site[0],
        opened_at=plan.opened_at,
        incident_key=plan.incident_key,
        customer_tier=plan.customer[2],
        reported_impact=severity.misreport(rng, plan.impact),
        reported_urgency=severity.misreport(rng, plan.urgency),
        resolution=plan.fault.fix,
        root_cause=plan.fault.root_cause,
        impact=plan.impact,
        urgency=plan.urgency,
        severity=severity.true_severity(rng, plan.impact, plan.urgency),
        clarity=text.clarity,
        check=plan.fault.check,
        secrets=filler.secrets,
        identities=filler.identities(f"{text.title}\n{text.body}"),
    )


def _scene(plan: Plan) -> Scene:
    return Scene(
        site=plan.site,
        customer=plan.customer,
        vendor=plan.device.vendor,
        device_type=plan.device.device_type,
        opened_at=plan.opened_at,
    )


def _copy_nearly(rng: Random, original: Ticket, number: str, plan: Plan) -> Ticket:
    title, body = writing.rewrite_nearly(rng, original.title, original.body)
    return replace(
        original,
        external_id=number,
        title=title,
        body=body,
        opened_at=plan.opened_at,
        copy_of=original.external_id,
    )


def _repeat_some(rng: Random, history: tuple[Ticket, ...]) -> tuple[Ticket, ...]:
    """Tickets that a broken mail rule filed a second time, word for word."""
    wired = [ticket for ticket in history if ticket.category != "wireless"]
    return tuple(
        replace(
            ticket,
            external_id=f"INC{1009000 + place:07d}",
            opened_at=ticket.opened_at + timedelta(minutes=1),
            copy_of=ticket.external_id,
        )
        for place, ticket in enumerate(rng.sample(wired, WORD_FOR_WORD))
    )


def _shares(quotas: dict[str, int]) -> dict[str, float]:
    total = sum(quotas.values())
    return {category: quota / total for category, quota in quotas.items()}
