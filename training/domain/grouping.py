"""Tickets that must stay together: one incident, one near-duplicate cluster.

Each ticket carries link tokens; tickets that share a token, directly or through
others, form a group. Splits are given to groups, never to single tickets. What a token
means is decided by whoever writes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from training.domain.recipe import Split


@dataclass(frozen=True, slots=True)
class Ticket:
    """One record as splitting sees it.

    key: stable and unique in the project. stratum: level and category. split: the
    assignment given earlier, if any. is_candidate: it may enter the dataset; others
    only link candidates to each other and to earlier assignments.
    """

    key: str
    links: tuple[str, ...]
    stratum: tuple[str, str] = ("", "")
    opened_at: datetime | None = None
    split: Split | None = None
    group_key: str = ""
    is_candidate: bool = True


@dataclass(frozen=True)
class Group:
    """Tickets that share a split; `key` is kept when a member already had one."""

    key: str
    members: tuple[Ticket, ...]

    @property
    def candidates(self) -> list[Ticket]:
        """The members that may enter the dataset."""
        return [ticket for ticket in self.members if ticket.is_candidate]

    @property
    def splits(self) -> list[Split]:
        """The splits that members were given earlier, the most protected last."""
        given = {ticket.split for ticket in self.members if ticket.split}
        return sorted(given, key=lambda split: split.protection)


class _Forest:
    """Union-find over strings with path halving."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def find(self, node: str) -> str:
        parent = self._parent
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def join(self, first: str, second: str) -> None:
        a, b = self.find(first), self.find(second)
        if a != b:
            # The smaller name leads, so the outcome does not depend on the order.
            self._parent[max(a, b)] = min(a, b)


def group_tickets(tickets: Iterable[Ticket]) -> list[Group]:
    """Return the groups, each with its members by key, ordered by their first key."""
    ordered = sorted(tickets, key=lambda ticket: ticket.key)
    forest = _Forest()
    for ticket in ordered:
        for link in ticket.links:
            forest.join(f"ticket {ticket.key}", f"link {link}")
    members: dict[str, list[Ticket]] = {}
    for ticket in ordered:
        members.setdefault(forest.find(f"ticket {ticket.key}"), []).append(ticket)
    return [Group(_name(group), tuple(group)) for group in members.values()]


def _name(members: Sequence[Ticket]) -> str:
    for ticket in members:
        if ticket.group_key:
            return ticket.group_key
    first = members[0].key.encode()
    return f"g-{hashlib.sha256(first).hexdigest()[:20]}"
