"""The ways from a project's board to what is no station of the river."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from annotation.models import Project, Reviewer
from netft_site.dashboard.steps import Person, page_url, project_page

_LABEL = "annotation.add_review"
_READ = "annotation.view_review"
_SCENARIOS = "training.view_scenario"
_FIGURES_OF_MODELS = "evaluation.view_evaluation"
# Each takes the slug: a label, the page, and the rights of which one opens it.
_PAGES = (
    ("Progress", "admin:annotation_progress", (_LABEL, _READ)),
    ("Team quality", "admin:annotation_team_quality", (_READ,)),
    ("Guidelines", "admin:annotation_guidelines_of", ("annotation.view_guidelines",)),
    ("Find records", "admin:annotation_find_records", ("annotation.view_record",)),
    ("Compare runs", "admin:evaluation_run_comparison_page", (_FIGURES_OF_MODELS,)),
    ("Should we fine-tune?", "admin:evaluation_worth_it_page", (_SCENARIOS,)),
)
_GOLD = "admin:annotation_gold_changelist"
_FIGURES = "admin:annotation_reviewer_quality"

ASKED = (
    _READ, "annotation.view_guidelines", "annotation.view_gold", _SCENARIOS,
    _FIGURES_OF_MODELS,
)  # fmt: skip
"""What the ways ask about a person beyond what the steps ask."""


@dataclass(frozen=True)
class Way:
    """A page and what it is called."""

    label: str
    url: str


def ways(
    person: Person, project: Project, reviewer: Reviewer | None
) -> tuple[Way, ...]:
    """Return the pages of a project that this person may open."""
    found = [
        Way(label, project_page(page, project.slug))
        for label, page, rights in _PAGES
        if any(person.may(one) for one in rights)
    ]
    if person.may("annotation.view_gold"):
        found.append(Way("Gold records", page_url(_GOLD)))
    if reviewer is not None and person.may(_LABEL):
        own = reverse(_FIGURES, args=[reviewer.pk, project.slug])
        found.append(Way("Your figures", own))
    return tuple(found)
