"""The station at which the engineers are put to the test: gold and repeats.

A few records with a senior's word behind them become gold; each engineer is served
some of them, and some of their own old tickets again, through the same seats as at the
desk. What they answer comes from the same habits as their reviews, so the figures on
the quality pages tell those habits. None of it touches a verdict or a dataset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random

from django.utils import timezone

from annotation.models import Membership, Project, Reviewer
from annotation.services import gold, queueing, reviewing, seating
from annotation.services.answers import Answer
from netft_site.demo.story import Story
from netft_site.demo_world import Ticket, judge
from netft_site.demo_world.entities import Reviewer as Engineer

GOLD = 12
SEATS = 8
"""Gold records, and as many repeats, that each engineer is served at most."""

SHARE = 0.05
_DRAWS = (SHARE / 2, SHARE * 1.5)
"""Draws that lead to gold and to repeats: the shares stand first in that order."""
_TESTS = ("GOLD", "REPEAT")


def slip_in(story: Story, name: str) -> None:
    """Make gold, and let every engineer of the story answer gold and repeats."""
    with story.station(name) as tables:
        made = _make_gold(story.project)
        served = _answer_all(story)
        counts = {"gold records": made, "gold": 0, "repeat": 0, **served}
        story.counts[name] = counts
        tables.append((("quality", "number"), list(counts.items())))


def _make_gold(project: Project) -> int:
    """Take the newest records whose answer is known, in the name of the lead."""
    project.gold_share = project.repeat_share = SHARE
    project.save(update_fields=["gold_share", "repeat_share"])
    lead = project.memberships.filter(role=Membership.Role.LEAD).first()
    known = gold.candidates(project=project).order_by("-pk")
    ids = list(known.values_list("record", flat=True)[:GOLD])
    if lead is None or not ids:
        return 0
    made = gold.add(project=project, record_ids=ids, by=lead.user, now=timezone.now())
    return len(made)


def _answer_all(story: Story) -> Counter[str]:
    tickets = {ticket.external_id: ticket for ticket in story.world.tickets}
    people = {one.name: one for one in Reviewer.objects.active().people()}
    # A stream of its own: what the world drew before stays as it is.
    rng = Random(story.world.seed)  # noqa: S311  (a world to be repeated)
    served: Counter[str] = Counter()
    for engineer in story.world.reviewers:
        if engineer.username in people:
            reviewer = people[engineer.username]
            judged = partial(_judged, rng, tickets, engineer)
            served += _answer(story.project, reviewer, judged)
    return served


def _answer(
    project: Project, reviewer: Reviewer, judged: Callable[[str], int]
) -> Counter[str]:
    """Serve one engineer gold and repeats by turns, and store what they say."""
    served: Counter[str] = Counter()
    for draw in _DRAWS * SEATS:
        now = timezone.now()
        claim = queueing.claim_next(
            project=project, reviewer=reviewer, now=now, draw=draw
        )
        if claim is None or claim.purpose not in _TESTS:
            # None of that kind is left: a seat at an open ticket goes back.
            seating.release_all(project=project, reviewer=reviewer)
            continue
        level = project.scale.keys[judged(claim.record.external_id)]
        reviewing.submit(
            claim_id=claim.pk,
            reviewer=reviewer,
            answer=Answer(severity=level),
            now=now,
        )
        served[claim.purpose.lower()] += 1
    return served


def _judged(
    rng: Random, tickets: dict[str, Ticket], engineer: Engineer, external_id: str
) -> int:
    return judge(rng, tickets[external_id], engineer)
