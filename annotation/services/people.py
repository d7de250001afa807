"""Reviewers: found by name, invited, enrolled, made while importing, deactivated.

A person always has an account, because reviews must lead to somebody; a source system
has none. Whether one can sign in with an account is decided when it is made.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from annotation.domain.scale import Grade
from annotation.models import Claim, Membership, Project, Reviewer
from annotation.querysets.people import InactiveSeats
from netft_site.base.refusals import Refused

logger = logging.getLogger(__name__)


class PersonRefused(Refused):
    """What was asked about a person cannot be done; the code says why."""


class Reviewers:
    """Finds the reviewers that a file names, and makes those it may make."""

    def __init__(
        self, project: Project, *, may_create: bool = False, as_source: bool = False
    ) -> None:
        self.created = 0
        self._project = project
        self._may_create = may_create
        self._as_source = as_source
        self._kind = Reviewer.Kind.SOURCE if as_source else Reviewer.Kind.HUMAN
        self._found: dict[str, Reviewer] = {}
        self._by_name = Reviewer.objects.filter(kind=self._kind).ids_by_name()
        self._taken = set(Reviewer.objects.names_in_use())

    @property
    def missing(self) -> str:
        """Why a reviewer may not be found, in words."""
        kind = "source" if self._as_source else "person"
        return f"no such reviewer ({kind}); they can be created while importing"

    def find(self, name: str, grade: Grade | None = None) -> Reviewer | None:
        """Return the reviewer of this name, made if that is allowed, or None."""
        key = name.casefold()
        if key not in self._found:
            reviewer = self._known(key) or self._create(name, grade)
            if reviewer is None:
                return None
            self._found[key] = reviewer
        return self._found[key]

    def _known(self, key: str) -> Reviewer | None:
        pk = self._by_name.get(key)
        return Reviewer.objects.get(pk=pk) if pk else None

    def _create(self, name: str, grade: Grade | None) -> Reviewer | None:
        if not self._may_create or name.casefold() in self._taken:
            return None
        self.created += 1
        # A person needs an account to be known by; nobody can sign in with it.
        user = None if self._as_source else _new_account(name, can_sign_in=False)
        reviewer = Reviewer.objects.create(
            kind=self._kind, user=user, name=name, grade=grade or Grade.ENGINEER
        )
        if user is not None:
            enrol(project=self._project, reviewer=reviewer)
        return reviewer


def enrol(*, project: Project, reviewer: Reviewer) -> None:
    """Let a reviewer label in a project; one who has a role there keeps it.

    Seniors may adjudicate, too.
    """
    roles = Membership.Role
    is_senior = Grade(reviewer.grade) >= Grade.SENIOR
    Membership.objects.get_or_create(
        user=reviewer.user,
        project=project,
        defaults={"role": roles.SENIOR if is_senior else roles.REVIEWER},
    )


@transaction.atomic
def invite(*, project: Project, name: str, grade: Grade) -> Reviewer:
    """Make an account and a reviewer for a person, and let them label.

    They can sign in as soon as an administrator has given them a password. Somebody
    who is a reviewer already is only enrolled.
    """
    name = " ".join(name.split())
    pk = Reviewer.objects.people().ids_by_name().get(name.casefold())
    if pk is not None:
        reviewer = Reviewer.objects.get(pk=pk)
    else:
        user = _new_account(name, can_sign_in=True)
        reviewer = Reviewer(user=user, name=name, grade=grade)
        reviewer.full_clean()
        reviewer.save()
    enrol(project=project, reviewer=reviewer)
    return reviewer


def become_reviewer(*, user: User, grade: Grade) -> Reviewer:
    """Make a reviewer of somebody who has an account; an existing one is returned."""
    existing = Reviewer.objects.filter(user=user).first()
    if existing is not None:
        return existing
    taken = Reviewer.objects.names_in_use()
    full = user.get_full_name()
    name = user.username if not full or full.casefold() in taken else full
    return Reviewer.objects.create(user=user, name=name, grade=grade)


@transaction.atomic
def deactivate(*, reviewer: Reviewer, by: User, now: datetime) -> int:
    """Stop serving a reviewer and return their open seats; return how many.

    Reviews and drafts stay theirs. Doing it again returns nothing more.

    Raises:
        PersonRefused: nobody deactivates themselves (``yourself``).
    """
    if reviewer.user_id is not None and reviewer.user_id == by.pk:
        raise PersonRefused("yourself", "Ask another lead to deactivate you.")
    Reviewer.objects.filter(pk=reviewer.pk).update(is_active=False)
    reviewer.is_active = False
    returned = _return_seats(Claim.objects.filter(reviewer=reviewer))
    logger.info(
        "reviewer %s deactivated by user %s at %s", reviewer.pk, by.pk, now.isoformat()
    )
    return returned


def reactivate(*, reviewer: Reviewer, by: User, now: datetime) -> None:
    """Let a deactivated reviewer label again, where they still have a role."""
    Reviewer.objects.filter(pk=reviewer.pk).update(is_active=True)
    reviewer.is_active = True
    logger.info(
        "reviewer %s reactivated by user %s at %s", reviewer.pk, by.pk, now.isoformat()
    )


def release_seats_of_inactive() -> int:
    """Return the seats of people deactivated as reviewers or as users; return how many.

    The stock pages of users know nothing of seats.
    """
    return _return_seats(InactiveSeats(Claim).of_the_inactive())


def _return_seats(claims: QuerySet[Claim]) -> int:
    opened = claims.filter(state=Claim.State.OPEN)
    return opened.update(state=Claim.State.RELEASED)


def _new_account(name: str, *, can_sign_in: bool) -> User:
    plain = re.sub(r"[^\w.@+-]+", "-", name.casefold()).strip("-")[:140] or "reviewer"
    username, suffix = plain, 1
    while User.objects.filter(username=username).exists():
        suffix += 1
        username = f"{plain}-{suffix}"
    user = User(username=username, is_active=can_sign_in, is_staff=can_sign_in)
    user.set_unusable_password()
    user.save()
    return user
