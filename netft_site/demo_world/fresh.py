"""The tickets of this week, which nobody has finished with.

They leave the visitor of the demo something to do: some are contested, some have one
review, most have none. They are drawn from a stream of their own, so the world is the
same with or without them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from random import Random

from netft_site.demo_world import reviewing
from netft_site.demo_world.entities import Fresh, Review, Ticket
from netft_site.demo_world.planning import Batch
from netft_site.demo_world.world import write_batch

# The production mix in small.
QUOTAS = {
    "routing": 3,
    "switching": 4,
    "wan": 4,
    "firewall": 3,
    "wireless": 6,
    "dns_dhcp": 2,
    "hardware": 2,
}
FIRST_NUMBER = 1003000
# How many people have read each of the contested tickets.
CONTESTED_BY = (2, 2, 3, 2, 2, 3)
READ_ONCE = 5
LOOKS_BACK = timedelta(days=7)
# No review lies in the future: the youngest ticket has been there for this long.
SETTLES = timedelta(minutes=reviewing.MINUTES_UNTIL_READ)


def build_fresh(seed: int, now: datetime) -> Fresh:
    """Return the tickets that were opened in the week before `now`."""
    now = now.replace(second=0, microsecond=0)
    rng = Random(f"fresh {seed}")  # noqa: S311 - a story is told, nothing is protected
    batch = Batch("INC", FIRST_NUMBER, QUOTAS, now - LOOKS_BACK, now - SETTLES, 0)
    tickets = write_batch(rng, batch)
    return Fresh(tickets, tuple(_read_some(rng, tickets)))


def _read_some(rng: Random, tickets: tuple[Ticket, ...]) -> list[Review]:
    """Who came first was read first."""
    reviews: list[Review] = []
    waiting = iter(tickets)
    for readers in CONTESTED_BY:
        ticket = next(waiting)
        reviews.extend(reviewing.review_until_contested(rng, ticket, readers))
    for ticket in islice(waiting, READ_ONCE):
        reviews.append(reviewing.review_once(rng, ticket))
    return reviews
