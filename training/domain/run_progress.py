"""From a run's events to one share, one stage in words and the figures to keep.

Events come from a child process and may be anything that parses: what does not have
the expected shape is left out, never believed. The share of a run only grows within an
attempt, so a bar never runs backwards while texts are embedded in several goes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeGuard

from training.domain.run_files import Event, EventKind, Phase

_PHASE_WORDS = {
    Phase.VERIFYING: "Verifying the data",
    Phase.LOADING: "Loading the base model",
    Phase.EMBEDDING: "Embedding the texts",
    Phase.TRAINING: "Training",
    Phase.PREDICTING: "Predicting",
    Phase.CHECKING: "Judging the labels",
    Phase.SAVING: "Saving the model",
    Phase.STOPPING: "Stopping and saving a checkpoint",
    Phase.DONE: "Done",
}
# What comes before the steps is a tenth of the bar, what comes after a twentieth.
_BEFORE, _AFTER = 0.1, 0.05
_LONGEST_NAME = 60
_LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True)
class Progress:
    """How far an attempt is: a share from 0 to 1 and the stage in words."""

    share: float = 0.0
    stage: str = ""
    eta_seconds: float | None = None


@dataclass(frozen=True)
class Figure:
    """One number that the process reported, with its place in the events."""

    attempt: int
    seq: int
    step: int
    name: str
    value: float
    time: float


def follow(progress: Progress, events: Iterable[Event]) -> Progress:
    """The progress after these events."""
    for event in events:
        if event.kind is EventKind.STATE:
            progress = _enter(progress, event)
        elif event.kind is EventKind.PROGRESS:
            progress = _advance(progress, event)
    return progress


def figures(events: Iterable[Event]) -> Iterator[Figure]:
    """Every finite number of the metric events."""
    for event in events:
        step, values = event.data.get("step"), event.data.get("values")
        if event.kind is not EventKind.METRIC or not isinstance(values, dict):
            continue
        if not _is_count(step) or not _is_count(event.seq):
            continue
        for name, value in values.items():
            if _is_number(value) and 0 < len(name) <= _LONGEST_NAME:
                yield Figure(
                    event.attempt, event.seq, step, name, float(value), event.time
                )


def _enter(progress: Progress, event: Event) -> Progress:
    try:
        phase = Phase(str(event.data.get("phase")))
    except ValueError:
        return progress
    share = 1.0 - _AFTER if phase is Phase.SAVING else progress.share
    if phase is Phase.DONE:
        share = 1.0
    return Progress(max(progress.share, share), _PHASE_WORDS[phase])


def _advance(progress: Progress, event: Event) -> Progress:
    done, total = event.data.get("done"), event.data.get("total")
    unit, eta = event.data.get("unit"), event.data.get("eta_seconds")
    if not _is_count(done) or not _is_count(total) or total == 0 or done > total:
        return progress
    if unit not in ("steps", "texts", "folds"):
        return progress
    phase = progress.stage.partition(":")[0]
    before = phase == _PHASE_WORDS[Phase.EMBEDDING]
    part = done / total
    share = _BEFORE * part if before else _BEFORE + (1 - _BEFORE - _AFTER) * part
    return replace(
        progress,
        share=max(progress.share, share),
        stage=f"{phase}: {done:,} of {total:,} {unit}" if phase else "",
        eta_seconds=float(eta) if _is_number(eta) and eta >= 0 else None,
    )


def _is_number(value: object) -> TypeGuard[float]:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= _LARGEST_INTEGER
