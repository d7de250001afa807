"""The next thing to do: which steps a project's counts call for, in order.

Steps follow the river from its mouth backwards only where people wait for each
other: a contested record comes before new labels, new labels before a dataset. The
first step that the person may take is shown; what nobody can act on comes last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from annotation.models import Project
from netft_site.dashboard.counts import ProjectCounts

# The pages behind the steps; each takes the project's slug.
DESK = "admin:annotation_desk"
ADJUDICATION = "admin:annotation_adjudicate"
BUILDER = "admin:training_dataset_builder"
START_RUN = "admin:training_trainingrun_launch"
COMPARISON = "admin:evaluation_comparison_page"
RECALL = "admin:training_dataset_recall"
SANITIZING = "admin:annotation_sanitizing_queue"
# Pages that belong to no project; the upload takes one as ?project=slug.
IMPORT = "admin:annotation_importbatch_upload"
NEW_REVIEWER = "admin:annotation_reviewer_add"
# The page of one row, with the project's members on it.
PROJECT = "admin:annotation_project_change"
# The stock lists; each takes a filter.
RECORDS = "admin:annotation_record_changelist"
VERDICTS = "admin:annotation_verdict_changelist"
DATASETS = "admin:training_dataset_changelist"
RUNS = "admin:training_trainingrun_changelist"


@dataclass(frozen=True)
class Step:
    """One thing to do, or to wait for, at a station."""

    station: str
    title: str
    reason: str
    button: str = ""
    url: str = ""
    is_waiting: bool = False


@dataclass(frozen=True)
class Person:
    """What the steps ask about the person who looks, and the others, in one project.

    `flagged_records`: records in which somebody saw a leak at the label desk;
    `alarms_to_decide`: false alarms that somebody else reported;
    `leaking_records`: records with a leak that nobody has dealt with;
    `somebody_labels`: a reviewer who can sign in may label in the project;
    `somebody_reviews`: there is such a reviewer, here or in another project.
    """

    permissions: frozenset[str]
    is_senior: bool
    has_records_to_label: bool
    somebody_labels: bool
    somebody_reviews: bool
    flagged_records: int = 0
    alarms_to_decide: int = 0
    leaking_records: int = 0

    def may(self, permission: str) -> bool:
        """Whether the person holds the permission in this project."""
        return permission in self.permissions


def project_page(name: str, slug: str) -> str:
    """Return the address of a page that takes the project's slug."""
    return reverse(name, args=[slug])


def page_url(name: str, **query: object) -> str:
    """Return a page's address with what it is asked."""
    url = reverse(name)
    return f"{url}?{urlencode(query)}" if query else url


def next_step(counts: ProjectCounts, person: Person, project: Project) -> Step | None:
    """Return the first step that the counts call for and the person may take."""
    return next(_steps(counts, person, project), None)


def _steps(counts: ProjectCounts, person: Person, project: Project) -> Iterator[Step]:
    yield from _import_steps(counts, person, project)
    yield from _review_steps(counts, person, project)
    yield from _sanitizing_steps(counts, person, project)
    yield from _training_steps(counts, person, project)
    yield from _dataset_steps(counts, person, project)
    yield from _people_steps(counts, person, project)
    yield from _waiting_steps(counts, person, project)


def _import_steps(
    counts: ProjectCounts, person: Person, project: Project
) -> Iterator[Step]:
    if counts.all_records == 0 and counts.running_imports == 0:
        if person.may("annotation.add_importbatch"):
            yield Step(
                "Records",
                "Import the first tickets",
                "A CSV, JSON or XLSX export of your ticket system is enough.",
                "Import tickets",
                page_url(IMPORT, project=project.slug),
            )
        else:
            yield Step(
                "Records",
                "Waiting for the first tickets",
                "A project lead imports them.",
                is_waiting=True,
            )


def _review_steps(
    counts: ProjectCounts, person: Person, project: Project
) -> Iterator[Step]:
    contested = counts.records.get("CONTESTED", 0)
    if contested and person.is_senior and person.may("annotation.add_review"):
        yield Step(
            "Verdicts",
            f"Settle {counts.several(contested, 'contested ticket')}",
            "The reviewers disagree; a senior's word decides.",
            "Open adjudication",
            project_page(ADJUDICATION, project.slug),
        )
    if person.has_records_to_label and person.may("annotation.add_review"):
        waiting = counts.several(counts.records.get("OPEN", 0), "ticket").capitalize()
        yield Step(
            "Label desk",
            "Label the next ticket",
            f"{waiting} of this project still want a review.",
            "Open the label desk",
            project_page(DESK, project.slug),
        )


def _sanitizing_steps(
    counts: ProjectCounts, person: Person, project: Project
) -> Iterator[Step]:
    if not person.may("annotation.change_sanitization"):
        return
    review = "Open the sanitizing review", project_page(SANITIZING, project.slug)
    if person.flagged_records:
        yield Step(
            "Records",
            f"Look at {several(person.flagged_records, 'flagged ticket')}",
            "A reviewer saw something that should be hidden. Nobody is served the "
            "ticket until its text was confirmed or cleaned.",
            *review,
        )
    held = counts.records.get("HELD", 0)
    if held:
        yield Step(
            "Records",
            f"Decide on {several(held, 'held ticket')}",
            "The sanitizer was not sure about their text: it is kept encrypted and not "
            "labeled until somebody releases it.",
            *review,
        )
    if person.alarms_to_decide:
        yield Step(
            "Records",
            f"Decide on {several(person.alarms_to_decide, 'false alarm')}",
            "A colleague says it was no credential; a second person decides.",
            *review,
        )
    if person.leaking_records and person.may("training.view_dataset"):
        yield Step(
            "Records",
            f"Deal with leaks in {several(person.leaking_records, 'ticket')}",
            "Something stood in their text until a newer rule or a report found it: "
            "see where the text went.",
            "Open data recall",
            project_page(RECALL, project.slug),
        )


def _training_steps(
    counts: ProjectCounts, person: Person, project: Project
) -> Iterator[Step]:
    if counts.untrained_datasets and person.may("training.add_trainingrun"):
        yield Step(
            "Runs",
            "Train on the newest dataset",
            "A frozen dataset has not been trained on yet.",
            "Start a run",
            project_page(START_RUN, project.slug),
        )
    if counts.unevaluated_models and person.may("evaluation.add_evaluation"):
        yield Step(
            "Comparison",
            f"Evaluate {several(counts.unevaluated_models, 'model')}",
            "Its worth is unknown until it answers the test tickets.",
            "Open the comparison",
            project_page(COMPARISON, project.slug),
        )


def _dataset_steps(
    counts: ProjectCounts, person: Person, project: Project
) -> Iterator[Step]:
    frozen = counts.datasets.get("FROZEN", 0)
    fresh = counts.new_verdicts if frozen else counts.verdicts
    if fresh and person.may("training.add_dataset"):
        since = "since the last frozen dataset" if frozen else "and no dataset yet"
        yield Step(
            "Datasets",
            "Build a dataset" if not frozen else "Build the next version",
            f"{several(fresh, 'new verdict')} {since}.",
            "Open the builder",
            project_page(BUILDER, project.slug),
        )
    if counts.evaluations.get("DONE", 0) and person.may("evaluation.view_evaluation"):
        yield Step(
            "Comparison",
            "Read the comparison",
            "Base model, tuned model and engineers on the same tickets.",
            "Open the comparison",
            project_page(COMPARISON, project.slug),
        )


def _people_steps(
    counts: ProjectCounts, person: Person, project: Project
) -> Iterator[Step]:
    open_ = counts.records.get("OPEN", 0)
    if not open_ or person.somebody_labels or not person.may("annotation.add_reviewer"):
        return
    reason = f"{several(open_, 'open ticket')}, and nobody here to label them."
    if person.somebody_reviews:
        yield Step(
            "Label desk",
            "Add reviewers",
            f"{reason} Give a reviewer a role in this project.",
            "Open the project",
            reverse(PROJECT, args=[project.pk]),
        )
    else:
        yield Step(
            "Label desk",
            "Add reviewers",
            f"{reason} A reviewer is an account with a grade; it may be your own.",
            "Add a reviewer",
            page_url(NEW_REVIEWER),
        )


def _waiting_steps(
    counts: ProjectCounts, person: Person, project: Project
) -> Iterator[Step]:
    if counts.running_imports:
        yield Step(
            "Records", "The import is running", "Tickets appear here.", is_waiting=True
        )
    yield Step(
        "Records",
        "Nothing for you to do here now",
        "Others are at work, or the next step needs another role.",
        is_waiting=True,
    )


def several(n: int, noun: str) -> str:
    """Write a count with its noun in the right number."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
