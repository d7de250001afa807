"""The facts of a synthetic world: tickets, reviewers, what they said, what was planted.

Frozen records only; who makes them stands in the sibling modules. True severity,
impact and urgency are kept here to calibrate and to test, and never reach a file that
a model could learn from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from annotation.domain.scale import DEFAULT_SCALE, Grade

LEVELS = DEFAULT_SCALE.keys


class SecretKind(StrEnum):
    """What sort of string was planted for the sanitizer to remove."""

    CREDENTIAL = "credential"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    MAC = "mac"
    EMAIL = "email"


@dataclass(frozen=True, order=True)
class Secret:
    """One planted string that must not survive import in clear.

    Credentials, MACs and e-mails are unlike anything else in the world. A pseudonymous
    IPv4 address may happen to equal an address planted elsewhere, so look for those
    only in the record whose ticket lists them.
    """

    kind: SecretKind
    value: str


@dataclass(frozen=True)
class Identities:
    """Names in a ticket that only a dictionary can tell from ordinary words."""

    customers: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    hostnames: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ticket:
    """One trouble ticket with the truth behind it.

    `impact` and `urgency` run from 1 (most) to 3 (least) and are true;
    `reported_impact` and `reported_urgency` are what the service desk typed in.
    `severity` is an index into LEVELS. `clarity` is 1 for a plain text and less where
    the text says little. `copy_of` names the ticket that this one nearly repeats.
    """

    external_id: str
    title: str
    body: str
    category: str
    vendor: str
    device_type: str
    site: str
    opened_at: datetime
    incident_key: str
    customer_tier: str
    reported_impact: int
    reported_urgency: int
    resolution: str
    root_cause: str
    impact: int
    urgency: int
    severity: int
    clarity: float
    check: str
    copy_of: str = ""
    secrets: tuple[Secret, ...] = ()
    identities: Identities = field(default_factory=Identities)

    @property
    def level(self) -> str:
        """The true level's key."""
        return LEVELS[self.severity]


@dataclass(frozen=True)
class Reviewer:
    """One engineer and how far his judgement can be trusted.

    `slip` is the chance of a wrong level on a plain ticket, `lean` the share of slips
    towards the more severe side, `leap` the share of slips of two levels.
    """

    username: str
    grade: Grade
    slip: float
    lean: float
    leap: float
    root_cause_hit: float
    answers: float


@dataclass(frozen=True)
class Review:
    """One blind first-pass answer as the reviewer gave it; empty where left out."""

    external_id: str
    reviewer: str
    severity: str
    grade: Grade
    root_cause: str
    response: str
    confidence: str
    submitted_at: datetime


@dataclass(frozen=True)
class Adjudication:
    """A senior's decision where the independent ratings could not settle a ticket.

    `disagreement` says why the ratings differ; it is empty where they agree.
    """

    external_id: str
    reviewer: str
    severity: str
    reason: str
    disagreement: str


@dataclass(frozen=True)
class Fresh:
    """The tickets of the last days and what has been said about some of them so far.

    Tickets come in the order of opening. The first ones are contested, the next have
    one review, the others none.
    """

    tickets: tuple[Ticket, ...]
    reviews: tuple[Review, ...]


@dataclass(frozen=True)
class World:
    """Everything the demo imports, and what the tests hold it against.

    `later` is the test window: every other ticket was opened before `test_opens_at`.
    `wireless` was also opened before it but labelled afterwards, so it may only ever
    be added to the training data. `duplicates` repeat tickets of `history` word for
    word under new numbers; they have no reviews.
    """

    seed: int
    history: tuple[Ticket, ...]
    later: tuple[Ticket, ...]
    wireless: tuple[Ticket, ...]
    duplicates: tuple[Ticket, ...]
    reviewers: tuple[Reviewer, ...]
    reviews: tuple[Review, ...]
    adjudications: tuple[Adjudication, ...]
    root_causes: tuple[str, ...]
    production_mix: dict[str, float]
    test_opens_at: datetime

    @property
    def tickets(self) -> tuple[Ticket, ...]:
        """All tickets but the word-for-word duplicates."""
        return self.history + self.later + self.wireless

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every planted credential, address and e-mail, sorted, each once."""
        return tuple(sorted({s for ticket in self.tickets for s in ticket.secrets}))

    @property
    def context(self) -> dict[str, list[str]]:
        """The dictionary of names that `sanitize --context` takes."""
        found = [ticket.identities for ticket in self.tickets]
        return {
            "customers": sorted({name for one in found for name in one.customers}),
            "customer_aliases": sorted({name for one in found for name in one.aliases}),
            "people": sorted({name for one in found for name in one.people}),
            "users": sorted({name for one in found for name in one.users}),
            "hostnames": sorted({name for one in found for name in one.hostnames}),
        }
