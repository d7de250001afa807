"""The stations of the river in words: a count, what to know about it, a state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from annotation.models import Project
from netft_site.dashboard.counts import ProjectCounts
from netft_site.dashboard.steps import (
    COMPARISON,
    DATASETS,
    DESK,
    RECORDS,
    RUNS,
    VERDICTS,
    Person,
    page_url,
    project_page,
)

_STATES = {"done": "done", "current": "next", "attention": "needs a look"}


@dataclass(frozen=True)
class Station:
    """One station: `state` is done, current, attention or waiting.

    `count_text` is the count as the person who looks may know it.
    """

    name: str
    count: int
    detail: str
    url: str
    state: str
    count_text: str

    @property
    def state_in_words(self) -> str:
        """The state as a screen reader says it."""
        return _STATES.get(self.state, "not begun")


def stations(
    counts: ProjectCounts, person: Person, project: Project, current: str
) -> tuple[Station, ...]:
    """Return the six stations; `current` names the one with the next step."""
    return tuple(
        Station(
            name=name,
            count=count,
            count_text=counts.brief(count) if name == "Verdicts" else f"{count:,}",
            detail=detail,
            url=_link(name, project) if person.may(_PERMISSIONS[name]) else "",
            state=_state(name, count, needs_look, current),
        )
        for name, count, detail, needs_look in _facts(counts)
    )


_PERMISSIONS = {
    "Records": "annotation.view_record",
    "Label desk": "annotation.add_review",
    "Verdicts": "annotation.view_verdict",
    "Datasets": "training.view_dataset",
    "Runs": "training.view_trainingrun",
    "Comparison": "evaluation.view_evaluation",
}


def _link(name: str, project: Project) -> str:
    in_project = {"project__id__exact": project.pk}
    links = {
        "Records": page_url(RECORDS, **in_project),
        "Label desk": project_page(DESK, project.slug),
        "Verdicts": page_url(VERDICTS),
        "Datasets": page_url(DATASETS, **in_project),
        "Runs": page_url(RUNS, **in_project),
        "Comparison": project_page(COMPARISON, project.slug),
    }
    return links[name]


def _state(name: str, count: int, needs_look: bool, current: str) -> str:
    if name == current:
        return "current"
    if needs_look:
        return "attention"
    return "done" if count else "waiting"


def _facts(counts: ProjectCounts) -> Iterator[tuple[str, int, str, bool]]:
    """Yield name, count, detail, and whether somebody should look."""
    yield from _labeling_facts(counts)
    yield from _training_facts(counts)


def _labeling_facts(counts: ProjectCounts) -> Iterator[tuple[str, int, str, bool]]:
    held = counts.records.get("HELD", 0)
    open_ = counts.records.get("OPEN", 0)
    detail = ["records", *_told(counts, open_, "open")]
    detail += _told(counts, held, "held")
    if counts.running_imports:
        detail.append("import running")
    yield "Records", counts.all_records, ", ".join(detail), bool(held)

    wanted = f"reviews; {counts.several(open_, 'ticket')} to go" if open_ else "reviews"
    yield "Label desk", counts.reviews, wanted, False

    contested = counts.records.get("CONTESTED", 0)
    settled = ", ".join(["settled", *_told(counts, contested, "contested")])
    yield "Verdicts", counts.verdicts, settled, bool(contested)


def _training_facts(counts: ProjectCounts) -> Iterator[tuple[str, int, str, bool]]:
    building = _some(counts.datasets.get("BUILDING", 0), "building")
    new = [f"{counts.several(counts.new_verdicts, 'verdict')} since"]
    frozen = counts.datasets.get("FROZEN", 0)
    detail = ["frozen", *building, *(new if counts.new_verdicts else [])]
    yield "Datasets", frozen, ", ".join(detail), False

    done = counts.runs.get("SUCCEEDED", 0)
    active = _some(counts.active_runs, "at work")
    broken = counts.runs.get("FAILED", 0) + counts.runs.get("ERRORED", 0)
    yield (
        "Runs",
        done,
        ", ".join(["finished", *active, *_some(broken, "failed")]),
        False,
    )

    running = _some(counts.evaluations.get("RUNNING", 0), "running")
    missing = _some(counts.unevaluated_models, "not evaluated")
    done = counts.evaluations.get("DONE", 0)
    yield "Comparison", done, ", ".join(["evaluations", *running, *missing]), False


def _told(counts: ProjectCounts, n: int, what: str) -> list[str]:
    return [f"{counts.brief(n)} {what}"] if n else []


def _some(n: int, what: str) -> list[str]:
    return [f"{n:,} {what}"] if n else []
