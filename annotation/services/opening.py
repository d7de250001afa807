"""Open a project with its people, in one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from annotation.domain.scale import Grade
from annotation.models import Project, Reviewer
from annotation.services import people, projects


@dataclass(frozen=True)
class NewPerson:
    """Somebody to invite."""

    name: str
    grade: Grade


@dataclass(frozen=True)
class Opened:
    """A new project and the people whose accounts were just made."""

    project: Project
    invited: tuple[Reviewer, ...]


@transaction.atomic
def open_project(
    *,
    slug: str,
    name: str,
    levels: Sequence[str],
    reviews_wanted: int,
    user: User,
    own_grade: Grade | None = None,
    reviewers: Sequence[Reviewer] = (),
    invited: Sequence[NewPerson] = (),
) -> Opened:
    """Create a project that `user` leads, and enrol and invite its reviewers.

    With `own_grade` the lead labels too.

    Raises:
        ProjectRefused: as `projects.create`.
    """
    project = projects.create(
        slug=slug,
        name=name,
        levels=levels,
        reviews_wanted=reviews_wanted,
        user=user,
    )
    if own_grade is not None:
        people.become_reviewer(user=user, grade=own_grade)
    for reviewer in reviewers:
        people.enrol(project=project, reviewer=reviewer)
    made = tuple(
        people.invite(project=project, name=person.name, grade=person.grade)
        for person in invited
    )
    return Opened(project, made)
