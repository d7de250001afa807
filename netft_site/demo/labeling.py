"""The stations at which tickets come in and people label them.

The last of them leaves work on the desk: new tickets of this week, which no dataset
knows.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.utils import timezone

from annotation.models import ImportBatch, Project, Record, Reviewer, Sanitization
from annotation.services import adjudicating, importing, projects, weighing
from annotation.services.review_import import (
    ReviewFile,
    ReviewImport,
    import_reviews,
)
from netft_site.demo import waiting
from netft_site.demo.story import Story
from netft_site.demo_world import World


def open_project(*, world: World, slug: str, user: Any) -> Project:
    """Create the demo's project, marked as synthetic."""
    project = projects.create(
        slug=slug,
        name="Demo: network operations (synthetic)",
        root_causes=world.root_causes,
        guidelines=(
            "Severity follows impact and urgency as the ticket tells them.\n"
            "critical: a site or many customers are down and it cannot wait.\n"
            "high: a large group is hit, or a small one hard.\n"
            "medium: work goes on with trouble.\nlow: no one is held up."
        ),
        is_synthetic=True,
        user=user,
    )
    projects.set_production_mix(project=project, mix=world.production_mix)
    return project


def import_tickets(story: Story, name: str, paths: Sequence[Path]) -> None:
    with story.station(name) as tables:
        rows = []
        for path in paths:
            batch = _import(story, path)
            rows.append(
                (path.name, batch.imported, batch.duplicate, batch.held, batch.rejected)
            )
        story.counts[name] = {
            row[0]: dict(zip(_IMPORTED, row[1:], strict=True)) for row in rows
        }
        tables.append((("file", *_IMPORTED), rows))


_IMPORTED = ("imported", "duplicate", "held", "rejected")


def show_sanitizing(story: Story) -> None:
    with story.station("sanitize") as tables:
        found: Counter[str] = Counter()
        cleaned = Sanitization.objects.filter(record__project=story.project)
        for spans in cleaned.values_list("spans", flat=True).iterator():
            for marks in spans.values():
                found.update(mark[2] for mark in marks)
        story.counts["sanitized"] = dict(found.most_common())
        tables.append((("removed or replaced", "times"), found.most_common()))


def import_answers(
    story: Story, name: str, paths: Sequence[Path], adjudications: Path
) -> None:
    """Import reviews, and what seniors decided where the reviews did not settle."""
    with story.station(name) as tables:
        rows = []
        for path in paths:
            found = _import_reviews(story, path)
            rows.append((path.name, found.imported, found.rejected))
        settled = adjudicate(story.project, adjudications)
        story.counts[name] = {
            "imported": sum(row[1] for row in rows),
            "adjudicated": settled,
        }
        tables.append((("file", "reviews", "rejected"), rows))
        tables.append((("adjudicated by seniors",), [(settled,)]))


def adjudicate(project: Project, path: Path) -> int:
    """Take the seniors' decisions on what the reviewers could not settle."""
    with path.open(encoding="utf-8", newline="") as stream:
        decisions = list(csv.DictReader(stream))
    wanted = Record.objects.of(project).labelable().select_related("project")
    records = {record.external_id: record for record in wanted}
    reviewers = {reviewer.name: reviewer for reviewer in Reviewer.objects.people()}
    # A ticket that the sanitizer holds has no reviews to weigh.
    due = [one for one in decisions if one["external_id"] in records]
    for decision in due:
        adjudicating.decide(
            record=records[decision["external_id"]],
            reviewer=reviewers[decision["reviewer"]],
            severity=decision["severity"],
            reason=decision["reason"],
            disagreement=decision["disagreement"],
        )
    return len(due)


def show_verdicts(story: Story, name: str) -> None:
    with story.station(name) as tables:
        states = Counter(
            Record.objects.of(story.project).values_list("state", flat=True)
        )
        story.counts["records"] = dict(states)
        rows = [(Record.State(state).label, n) for state, n in states.most_common()]
        tables.append((("state of records", "records"), rows))


def fill_the_desk(story: Story, name: str) -> None:
    """Import this week's tickets with the few reviews they have, and leave them so."""
    with story.station(name) as tables:
        _import(story, story.fresh.tickets)
        _import_reviews(story, story.fresh.reviews)
        counts = count_the_desk(story.project)
        story.counts[name] = counts
        rows = [(answer.replace("_", " "), n) for answer, n in counts.items()]
        tables.append((("waiting for", "tickets"), rows))


def count_the_desk(project: Project) -> dict[str, int]:
    """How many tickets wait for which kind of answer."""
    undecided = Record.objects.of(project).open()
    unread = undecided.filter(reviews__isnull=True).count()
    return {
        "first_review": unread,
        "second_review": undecided.count() - unread,
        "adjudication": weighing.waiting_for_a_senior(project=project).count(),
    }


def _import(story: Story, path: Path) -> ImportBatch:
    with path.open("rb") as stream:
        batch = importing.receive(
            project=story.project,
            stream=stream,
            file_name=path.name,
            source="UPLOAD",
            origin=Record.Origin.SYNTHETIC,
        )
    importing.start(batch=batch, now=timezone.now())
    return waiting.for_import(batch, story.progress)


def _import_reviews(story: Story, path: Path) -> ReviewImport:
    with path.open("rb") as stream:
        return import_reviews(
            project=story.project,
            file=ReviewFile(stream=stream, name=path.name),
            now=timezone.now(),
            create_reviewers=True,
        )
