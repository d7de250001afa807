"""Five engineers read the tickets: what each one answers, and who settles the rest.

Each has personal habits: how often he slips, whether towards the severe or the mild
side, how far. Vague texts make everybody slip more. Test tickets always have a senior
among their raters, and the adjudicator is a senior who did not rate the ticket.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from annotation.domain.scale import DEFAULT_SCALE, Grade
from annotation.domain.settlement import Label, Outcome, settle
from netft_site.demo_world.entities import (
    LEVELS,
    Adjudication,
    Review,
    Reviewer,
    SecretKind,
    Ticket,
)
from netft_site.demo_world.planning import FAULTS
from netft_site.demo_world.words import answers

REVIEWERS = (
    Reviewer("jun.tamsin", Grade.JUNIOR, 0.20, 0.55, 0.12, 0.62, 0.0),
    Reviewer("eng.marek", Grade.ENGINEER, 0.13, 0.85, 0.04, 0.78, 0.05),
    Reviewer("eng.oriel", Grade.ENGINEER, 0.13, 0.15, 0.04, 0.78, 0.05),
    Reviewer("sen.hedda", Grade.SENIOR, 0.08, 0.50, 0.02, 0.88, 0.4),
    Reviewer("pri.lucan", Grade.PRINCIPAL, 0.06, 0.40, 0.0, 0.92, 0.5),
)
SENIORS = tuple(r for r in REVIEWERS if r.grade >= Grade.SENIOR)
OTHERS = tuple(r for r in REVIEWERS if r.grade < Grade.SENIOR)
WORKLOAD = (7, 7, 7, 6, 4)
VAGUE_FACTOR = 2.2
ADJUDICATOR_HIT = 0.95
MINUTES_UNTIL_READ = 600


def review_batch(
    rng: Random, tickets: tuple[Ticket, ...], begins: datetime, as_test: bool
) -> tuple[list[Review], list[Adjudication]]:
    """Have every ticket read by two or three people and settle the unsettled ones.

    `as_test` puts exactly one senior among the raters, so that the other senior is
    free to adjudicate.
    """
    reviews: list[Review] = []
    adjudications: list[Adjudication] = []
    for place, ticket in enumerate(tickets):
        at = begins + timedelta(minutes=7 * place)
        raters = _pick_test_raters(rng) if as_test else _pick_raters(rng)
        given = [_answer(rng, ticket, reviewer, at) for reviewer in raters]
        reviews.extend(given)
        if _needs_adjudication(given):
            adjudications.append(_adjudicate(rng, ticket, raters, given))
    return reviews, adjudications


def review_until_contested(rng: Random, ticket: Ticket, readers: int) -> list[Review]:
    """Have a ticket read until the answers are ones that only a senior can settle.

    It is read over and over by two or more people, and only the last reading counts.
    """
    while True:
        given = [
            _answer(rng, ticket, reviewer, ticket.opened_at)
            for reviewer in _draw_raters(rng, readers)
        ]
        labels = [Label(review.severity, review.grade) for review in given]
        found = settle(labels, wanted=len(labels), scale=DEFAULT_SCALE)
        if found.outcome is Outcome.CONTESTED:
            return given


def review_once(rng: Random, ticket: Ticket) -> Review:
    """Have a ticket read by one person."""
    return _answer(rng, ticket, _draw_raters(rng, 1)[0], ticket.opened_at)


def _pick_raters(rng: Random) -> list[Reviewer]:
    return _draw_raters(rng, rng.choices((2, 3), weights=(45, 55))[0])


def _draw_raters(rng: Random, wanted: int) -> list[Reviewer]:
    raters: list[Reviewer] = []
    while len(raters) < wanted:
        candidate = rng.choices(REVIEWERS, weights=WORKLOAD)[0]
        if candidate not in raters:
            raters.append(candidate)
    return raters


def _pick_test_raters(rng: Random) -> list[Reviewer]:
    wanted = rng.choices((1, 2), weights=(40, 60))[0]
    raters = [*rng.sample(OTHERS, wanted), rng.choice(SENIORS)]
    rng.shuffle(raters)
    return raters


def _answer(rng: Random, ticket: Ticket, reviewer: Reviewer, at: datetime) -> Review:
    level = judge(rng, ticket, reviewer)
    return Review(
        external_id=ticket.external_id,
        reviewer=reviewer.username,
        severity=LEVELS[level],
        grade=reviewer.grade,
        root_cause=_name_root_cause(rng, ticket, reviewer),
        response=_respond(rng, ticket, reviewer, level),
        confidence=_confidence(rng, ticket),
        submitted_at=at + timedelta(minutes=rng.randint(0, MINUTES_UNTIL_READ)),
    )


def judge(rng: Random, ticket: Ticket, reviewer: Reviewer) -> int:
    """Return the level that the reviewer sees, the true one or a slip from it."""
    slip = reviewer.slip * (1.0 if ticket.clarity == 1.0 else VAGUE_FACTOR)
    if rng.random() >= slip:
        return ticket.severity
    step = 2 if rng.random() < reviewer.leap else 1
    direction = -1 if rng.random() < reviewer.lean else 1
    moved = ticket.severity + direction * step
    # Beyond either end of the scale there is nothing to slip to.
    return moved if 0 <= moved < len(LEVELS) else ticket.severity


def _name_root_cause(rng: Random, ticket: Ticket, reviewer: Reviewer) -> str:
    if rng.random() < 0.2:
        return ""
    if rng.random() < reviewer.root_cause_hit:
        return ticket.root_cause
    return rng.choice(
        [fault.root_cause for fault in FAULTS if fault.category == ticket.category]
    )


def _respond(rng: Random, ticket: Ticket, reviewer: Reviewer, level: int) -> str:
    if rng.random() >= reviewer.answers:
        return ""
    template = " ".join(
        (
            rng.choice(answers.REASONS[level]),
            rng.choice(answers.FIRST_STEPS),
            rng.choice(answers.NEXT_STEPS),
        )
    )
    return template.format(
        check=ticket.check,
        category=ticket.category,
        host=_host(ticket),
        address=_address(ticket),
    )


def _confidence(rng: Random, ticket: Ticket) -> str:
    if rng.random() < 0.15:
        return ""
    # 1 is a guess, 5 is certain.
    choices = (3, 4, 4, 5, 5) if ticket.clarity == 1.0 else (1, 2, 3, 3, 4)
    return str(rng.choice(choices))


def _needs_adjudication(given: list[Review]) -> bool:
    levels = {review.severity for review in given}
    return len(levels) > 1 or LEVELS[0] in levels


def _adjudicate(
    rng: Random, ticket: Ticket, raters: list[Reviewer], given: list[Review]
) -> Adjudication:
    free = [senior for senior in SENIORS if senior not in raters] or [SENIORS[-1]]
    level = LEVELS[ticket.severity]
    if rng.random() >= ADJUDICATOR_HIT:
        level = rng.choice(given).severity
    reason = rng.choice(answers.REASONS[LEVELS.index(level)])
    text = rng.choice(answers.ADJUDICATIONS).format(reason=reason, host=_host(ticket))
    return Adjudication(
        ticket.external_id,
        rng.choice(free).username,
        level,
        text,
        _kind(ticket, given, level),
    )


def _kind(ticket: Ticket, given: list[Review], level: str) -> str:
    """Say why the ratings differ, as a senior would see it."""
    if len({review.severity for review in given}) == 1:
        return ""
    if ticket.clarity < 1.0:
        return "AMBIGUOUS"
    seniors = {senior.username for senior in SENIORS}
    slipped = [review for review in given if review.severity != level]
    experienced = any(review.reviewer in seniors for review in slipped)
    return "GUIDELINE_GAP" if experienced else "SLIP"


def _host(ticket: Ticket) -> str:
    hosts = ticket.identities.hostnames
    return hosts[0] if hosts else "the device"


def _address(ticket: Ticket) -> str:
    kinds = (SecretKind.IPV4, SecretKind.IPV6)
    found = [secret.value for secret in ticket.secrets if secret.kind in kinds]
    return found[0] if found else "the device"
