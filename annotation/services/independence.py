"""Whether a reviewer can have seen what others, or a model, said of a record.

Others' answers become readable when a record is first settled or contested
(``decided_at``), and then to those whose role reads answers or adjudicates; until then
every list hides them. A role counts for good: what somebody could read before it
changed, they may remember. Only answers given without them count for agreement,
consensus and the human ceiling.
"""

from __future__ import annotations

from typing import Any

from annotation.models import (
    Claim,
    HeldRole,
    Review,
    Reviewer,
    SeenVerdict,
    Verdict,
)
from annotation.models.review import Purpose
from annotation.querysets.reviews import ReviewQuerySet
from annotation.services.access import projects_granting, roles_granting

LABEL = "annotation.add_review"
"""Permission with which somebody may yet be asked to label a record."""

READS_LISTS = ("annotation.view_review", "annotation.view_verdict")
"""Permissions with which the lists of answers can be read."""

READS_ANSWERS = (*READS_LISTS, "annotation.add_verdict")
"""Permissions with which somebody's answer can be read anywhere."""


def is_independent(claim: Claim) -> bool:
    """Whether an answer from this seat is given without knowing another's."""
    if claim.suggested:
        return False
    if claim.purpose != Purpose.FIRST:
        # Gold and repeats count for no agreement, and must not be told apart.
        return True
    if claim.reviewer.user_id is None:
        return True
    if claim.record.decided_at is not None and _saw_the_verdict(claim):
        return False
    if claim.round > 1:
        return not _knows_an_earlier_round(claim)
    if claim.record.decided_at is None or not _may(claim, READS_ANSWERS):
        return True
    # Rare: once decided, the lists show what was superseded or taken back, too.
    others = Review.objects.by_people().filter(record=claim.record)
    return not others.exclude(reviewer=claim.reviewer).exists()


def readable_reviews(user: Any, reviews: ReviewQuerySet) -> ReviewQuerySet:
    """Return those of the reviews that a person may read without losing independence.

    Everybody reads others' answers once their record is decided, and not before: who
    does not label today may do so tomorrow, and what was read is not written down.
    """
    # Kept on the signed-in person: a list asks for its rows several times.
    reviewer: Reviewer | None = getattr(user, "reviewer", None)
    labels_in = None if user.is_superuser else projects_granting(user, LABEL)
    return reviews.readable_by(reviewer, labels_in)


def _knows_an_earlier_round(claim: Claim) -> bool:
    """Whether the reviewer reads lists of answers, or has decided the record before.

    A senior who might have opened the record while it waited counts as independent:
    new guidelines ask a new question, and a team of seniors must be able to answer it.
    """
    if _may(claim, READS_LISTS):
        return True
    decided = Verdict.objects.filter(record=claim.record)
    return decided.filter(adjudicated_by=claim.reviewer).exists()


def _saw_the_verdict(claim: Claim) -> bool:
    """Whether the verdict of this round was shown as that of a similar ticket."""
    seen = SeenVerdict.objects.filter(record=claim.record, reviewer=claim.reviewer)
    return seen.filter(round=claim.round).exists()


def _may(claim: Claim, permissions: tuple[str, ...]) -> bool:
    """Whether somebody's role grants one of these, or one that they had before."""
    user = claim.reviewer.user
    if user is None:
        return False
    if any(user.has_perm(permission, claim.project) for permission in permissions):
        return True
    held = HeldRole.objects.filter(user=user, project=claim.project)
    granting = {role for one in permissions for role in roles_granting(one)}
    return held.filter(role__in=granting).exists()
