"""Saving a project's scenarios, what they share, and where its rules begin to speak."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.models import Project
from training.domain.ranges import Range, RangeError
from training.domain.scenario import Kind, Scenario, ScenarioError
from training.domain.side_by_side import MOST_DRAWS
from training.domain.thresholds import ThresholdError, Thresholds
from training.models import ProjectEconomics
from training.models import Scenario as ScenarioRow
from training.services.economics.refusals import EconomicsRefused

MOST_SCENARIOS = 8
_LONGEST_HORIZON = 120
_MOST_SEED = 2**31 - 1
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class Shared:
    """What all scenarios of a project share."""

    currency: str
    requests: Range
    horizon_months: int = 12
    seed: int = 0
    draws: int = 1000


def shared_of(project: Project) -> ProjectEconomics | None:
    """Return what the scenarios share, if anybody has written it down."""
    return ProjectEconomics.objects.filter(project=project).first()


def read_scenario(inputs: Any) -> Scenario:
    """Read a scenario. Raises EconomicsRefused (``scenario_invalid``)."""
    try:
        return Scenario.parse(inputs)
    except ScenarioError as error:
        raise EconomicsRefused("scenario_invalid", str(error), error.key) from error


def read_requests(data: Any) -> Range:
    """Read requests a month. Raises EconomicsRefused (``requests_invalid``)."""
    try:
        return Range.parse(data)
    except RangeError as error:
        raise EconomicsRefused("requests_invalid", str(error), "requests") from error


@transaction.atomic
def save_scenario(
    *,
    project: Project,
    name: str,
    inputs: Any,
    by: User | None,
    row: ScenarioRow | None = None,
) -> ScenarioRow:
    """Save a new scenario, or `row` anew.

    Raises EconomicsRefused: ``closed``, ``no_name``, ``name_taken``, ``too_many``,
    ``today_taken``, ``scenario_invalid``.
    """
    project = _open(project)
    scenario, name = read_scenario(inputs), " ".join(name.split())
    if not 0 < len(name) <= 80:
        raise EconomicsRefused("no_name", "Give it a name of 1 to 80 letters.", "name")
    _check_beside_others(project, name, scenario, row)
    saved = row or ScenarioRow(project=project)
    saved.name, saved.inputs, saved.changed_by = name, scenario.as_json(), by
    saved.save()
    return saved


@transaction.atomic
def remove_scenario(*, row: ScenarioRow) -> None:
    """Remove a scenario; nothing else rests on it."""
    _open(row.project)
    row.delete()


@transaction.atomic
def set_shared(*, project: Project, shared: Shared) -> ProjectEconomics:
    """Write down what all scenarios share. Raises EconomicsRefused."""
    project = _open(project)
    _check(shared)
    row, _ = ProjectEconomics.objects.update_or_create(
        project=project,
        defaults={
            "currency": shared.currency,
            "requests": shared.requests.as_json(),
            "horizon_months": shared.horizon_months,
            "seed": shared.seed,
            "draws": shared.draws,
        },
    )
    return row


@transaction.atomic
def set_thresholds(*, project: Project, thresholds: Any) -> ProjectEconomics:
    """Set where the rules begin to speak; what is left out is as usual.

    Raises EconomicsRefused (``closed``, ``nothing_shared``, ``threshold_invalid``).
    """
    project = _open(project)
    read = read_thresholds(thresholds)
    row = shared_of(project)
    if row is None:
        raise EconomicsRefused(
            "nothing_shared", "Write down the currency and the requests first."
        )
    row.thresholds = read.as_json()
    row.save()
    return row


def read_thresholds(data: Any) -> Thresholds:
    """Read thresholds. Raises EconomicsRefused (``threshold_invalid``)."""
    try:
        return Thresholds.parse(data)
    except ThresholdError as error:
        raise EconomicsRefused("threshold_invalid", str(error), error.key) from error


def _check_beside_others(
    project: Project, name: str, scenario: Scenario, row: ScenarioRow | None
) -> None:
    """Names differ, scenarios are few, and one at most is what answers today."""
    others = ScenarioRow.objects.of(project)
    if row is not None:
        others = others.exclude(pk=row.pk)
    if others.filter(name=name).exists():
        raise EconomicsRefused("name_taken", "Another has this name.", "name")
    if row is None and others.count() >= MOST_SCENARIOS:
        raise EconomicsRefused(
            "too_many", f"A project has at most {MOST_SCENARIOS} scenarios."
        )
    today = Kind.TODAY.value
    if scenario.kind is Kind.TODAY and others.filter(inputs__kind=today).exists():
        raise EconomicsRefused(
            "today_taken", "Another scenario is what answers today.", "kind"
        )


def _open(project: Project) -> Project:
    project = Project.objects.select_for_update().get(pk=project.pk)
    if not project.is_active:
        raise EconomicsRefused("closed", "The project is closed.")
    return project


def _check(shared: Shared) -> None:
    if not _CURRENCY.fullmatch(shared.currency):
        raise EconomicsRefused(
            "wrong_currency",
            "Expected three capital letters, such as EUR.",
            "currency",
        )
    bounds = {
        "horizon_months": (shared.horizon_months, 1, _LONGEST_HORIZON),
        "seed": (shared.seed, 0, _MOST_SEED),
        "draws": (shared.draws, 1, MOST_DRAWS),
    }
    for key, (value, low, high) in bounds.items():
        if not low <= value <= high:
            raise EconomicsRefused(
                f"wrong_{key}", f"Expected a number from {low} to {high:,}.", key
            )
