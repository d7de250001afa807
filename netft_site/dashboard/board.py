"""Puts the dashboard together for one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery

from annotation.models import FalseAlarm, Leak, Membership, Project, Record, Reviewer
from annotation.services.access import roles_granting
from netft_site.dashboard.counts import ProjectCounts, count_projects
from netft_site.dashboard.stations import Station, stations
from netft_site.dashboard.steps import Person, Step, next_step, page_url
from netft_site.dashboard.ways import ASKED, Way, ways

_MOST_PROJECTS = 12
_ASKED = (
    "annotation.add_importbatch",
    "annotation.add_review",
    "annotation.add_reviewer",
    "annotation.change_sanitization",
    "annotation.view_record",
    "annotation.view_verdict",
    "training.add_dataset",
    "training.add_trainingrun",
    "training.view_dataset",
    "training.view_trainingrun",
    "evaluation.add_evaluation",
    "evaluation.view_evaluation",
    *ASKED,
)


@dataclass(frozen=True)
class ProjectBoard:
    """A project, its stations, its next step, and the ways to its other pages."""

    project: Project
    stations: tuple[Station, ...]
    next_step: Step | None
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True)
class Dashboard:
    """What the first page shows; an address is empty where it is not offered."""

    projects: tuple[ProjectBoard, ...]
    hidden_projects: int
    may_create_project: bool
    new_project_url: str
    all_projects_url: str


def build_dashboard(user: User | AnonymousUser, *, now: datetime) -> Dashboard:
    """Return the boards of the projects that `user` may see, twelve at most."""
    visible = Project.objects.active().visible_to(user).order_by("name")
    total = visible.count()
    reviewer = Reviewer.objects.active().filter(user_id=user.pk or 0).first()
    work = _with_alarms_for(_with_work_for(visible, reviewer, now), user)
    shown = list(_with_people(work)[:_MOST_PROJECTS])
    counts = count_projects([project.pk for project in shown])
    boards = tuple(
        _board(project, counts[project.pk], _person(user, reviewer, project), reviewer)
        for project in shown
    )
    may_create = user.has_perm("annotation.add_project")
    return Dashboard(
        projects=boards,
        hidden_projects=total - len(shown),
        may_create_project=may_create,
        new_project_url=page_url("admin:annotation_project_wizard")
        if may_create
        else "",
        all_projects_url=page_url("admin:annotation_project_changelist"),
    )


def _with_work_for(
    projects: QuerySet[Project], reviewer: Reviewer | None, now: datetime
) -> QuerySet[Project]:
    """Annotate `has_work`: whether the desk has a record for this reviewer."""
    servable = (
        Record.objects.servable_to(reviewer, now)
        if reviewer is not None
        else Record.objects.none()
    )
    return projects.annotate(has_work=Exists(servable.filter(project=OuterRef("pk"))))


def _with_alarms_for(
    projects: QuerySet[Project], user: User | AnonymousUser
) -> QuerySet[Project]:
    """Annotate `alarms` for this person, records with `leaks`, and `flagged` ones."""
    alarms = FalseAlarm.objects.waiting_for(user).filter(record__project=OuterRef("pk"))
    counted = alarms.order_by().values("record__project").annotate(n=Count("pk"))
    leaks = Leak.objects.open().filter(record__project=OuterRef("pk"))
    leaking = leaks.order_by().values("record__project")
    records = leaking.annotate(n=Count("record", distinct=True))
    flags = Record.objects.flagged().filter(project=OuterRef("pk")).order_by()
    flagged = flags.values("project").annotate(n=Count("pk"))
    return projects.annotate(
        alarms=Subquery(counted.values("n")),
        leaks=Subquery(records.values("n")),
        flagged=Subquery(flagged.values("n")),
    )


def _with_people(projects: QuerySet[Project]) -> QuerySet[Project]:
    """Annotate whether somebody labels in the project, and whether anybody reviews.

    Accounts that an import made for the people it names cannot sign in: they do not
    count.
    """
    people = Reviewer.objects.active().people().filter(user__is_active=True)
    seats = Membership.objects.filter(
        project=OuterRef("pk"),
        role__in=roles_granting("annotation.add_review"),
        user__in=people.values("user"),
    )
    everywhere = people.filter(user__is_superuser=True)
    return projects.annotate(
        somebody_labels=Exists(seats) | Exists(everywhere),
        somebody_reviews=Exists(people),
    )


def _person(
    user: User | AnonymousUser, reviewer: Reviewer | None, project: Project
) -> Person:
    return Person(
        permissions=frozenset(p for p in _ASKED if user.has_perm(p, project)),
        is_senior=reviewer is not None and reviewer.grade in ("SENIOR", "PRINCIPAL"),
        has_records_to_label=getattr(project, "has_work", False),
        somebody_labels=getattr(project, "somebody_labels", True),
        somebody_reviews=getattr(project, "somebody_reviews", True),
        flagged_records=getattr(project, "flagged", None) or 0,
        alarms_to_decide=getattr(project, "alarms", None) or 0,
        leaking_records=getattr(project, "leaks", None) or 0,
    )


def _board(
    project: Project,
    counts: ProjectCounts,
    person: Person,
    reviewer: Reviewer | None,
) -> ProjectBoard:
    counts = counts.told(exactly=person.may("annotation.view_verdict"))
    step = next_step(counts, person, project)
    current = step.station if step and not step.is_waiting else ""
    river = stations(counts, person, project, current)
    return ProjectBoard(project, river, step, ways(person, project, reviewer))
