"""Everything that is looked at before one training starts, as one report.

A look is bounded in time where its caller waits for an answer: rows are then read as
far as the time goes, and the next look goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from netft_site.base.refusals import Refused
from training.domain import preflight, xray
from training.domain.hyperparameters import AUTO
from training.domain.job_spec import TrainSpec
from training.domain.preflight import Check, State
from training.domain.xray import Lengths
from training.models import BaseModel, Dataset
from training.services.preflight import machine, place
from training.services.preflight.needs import Needs, needs_of, positions_of, writes
from training.services.preflight.readers import reader_for
from training.services.preflight.report import Preflight
from training.services.preflight.walking import (
    LEARNED,
    Walked,
    walk_labels,
    walk_tokens,
)

UNFINISHED = "preflight_unfinished"
AT_ONCE = 1.5
"""Seconds that a look by a page or a request reads rows for, give or take a chunk."""
AT_LAUNCH = 10.0
"""Seconds that a launch by a page or a request reads rows for before it refuses."""
_TITLES = {
    "label_unknown": "Labels",
    "measured_text_learned": "Texts to be measured with",
}
_HELD = {
    "label_unknown": "Every label is one of the dataset's levels.",
    "measured_text_learned": "No text of TEST or CALIBRATION stands in TRAIN or DEV.",
}


@dataclass
class _Looked:
    """What the looks at the rows have found."""

    checks: list[Check] = field(default_factory=list)
    walks: list[Walked] = field(default_factory=list)
    lengths: Lengths | None = None
    needs: Needs | None = None

    @property
    def done(self) -> int:
        return sum(walk.done for walk in self.walks)

    @property
    def total(self) -> int:
        return sum(walk.total for walk in self.walks)


def examine(
    *, dataset: Dataset, base: BaseModel, spec: TrainSpec, seconds: float | None
) -> Preflight:
    """Look at a run to be, at its rows for so many seconds or to the end."""
    deadline = None if seconds is None else time.monotonic() + seconds
    looked = _Looked(place.check_place(dataset, base))
    try:
        _look_at_rows(looked, dataset, base, spec, deadline)
    except Refused as refusal:
        # A file or a base that cannot be read: said once, by whichever look met it.
        if refusal.code not in {check.code for check in looked.checks}:
            title = "What the run reads"
            failed = Check(refusal.code, title, State.FAILS, refusal.message)
            looked.checks.append(failed)
    looked.checks += _check_needs(looked.needs)
    looked.checks += _check_finished(looked.done, looked.total)
    longest = looked.walks[-1].tally.longest if looked.walks else []
    return Preflight(
        dataset=dataset.reference,
        base_model=base.name,
        objective=spec.objective.value,
        tuning=spec.tuning.value,
        checks=preflight.in_order(looked.checks),
        done=looked.done,
        total=looked.total,
        rows=dataset.manifest.get("splits", {}).get("TRAIN", {}).get("rows", 0),
        lengths=looked.lengths,
        needs=looked.needs,
        reads_text_alone=not writes(spec),
        longest=tuple(longest),
    )


def _look_at_rows(
    looked: _Looked,
    dataset: Dataset,
    base: BaseModel,
    spec: TrainSpec,
    deadline: float | None,
) -> None:
    """Walk over the rows and note what is found. Raises Refused half-way."""
    labels = walk_labels(dataset, deadline)
    looked.walks.append(labels)
    looked.checks += _check_labels(dataset, labels)
    reader = reader_for(spec)
    if reader is None:
        return
    tokens = walk_tokens(dataset, reader, deadline)
    looked.walks.append(tokens)
    limit = _limit(spec, base, tokens)
    lengths = xray.lengths_of(tokens.tally, limit, leaves_out=writes(spec))
    looked.checks += _check_tokens(tokens, lengths, spec)
    looked.lengths = lengths
    if lengths is not None:
        looked.needs = needs_of(spec, base, lengths, tokens.tally)


def _check_labels(dataset: Dataset, labels: Walked) -> Iterator[Check]:
    found = xray.findings_of(labels.tally)
    for finding in found:
        yield preflight.from_finding(finding, _TITLES[finding.rule])
    if not labels.is_complete:
        return
    for code, title in _TITLES.items():
        if code not in {finding.rule for finding in found}:
            yield Check(code, title, State.HOLDS, _HELD[code])
    counts = labels.tally.labels
    empty = [level for level in dataset.manifest["levels"] if not counts.get(level)]
    if empty:
        yield Check(
            "class_empty",
            "Levels",
            State.WARNS,
            f"TRAIN has no row of {', '.join(empty)}: the model will not answer that.",
            "Settle records of it, and build a new version.",
        )


def _check_tokens(
    tokens: Walked, lengths: Lengths | None, spec: TrainSpec
) -> Iterator[Check]:
    title = "Rows as tokens"
    found = xray.findings_of(tokens.tally)
    for finding in found:
        yield preflight.from_finding(finding, title)
    if lengths is not None and lengths.over:
        yield _too_long(lengths, spec)
    if not tokens.is_complete:
        return
    for split in LEARNED:
        if not tokens.tally.taken.get(split):
            yield Check(
                "split_empty",
                title,
                State.FAILS,
                f"{split} has no rows that this objective can train on.",
                "Build a dataset with the tasks that it needs.",
            )
    if not found:
        yield Check("rows_read", title, State.HOLDS, "Every row reads as it should.")


def _too_long(lengths: Lengths, spec: TrainSpec) -> Check:
    many = "1 row is" if lengths.over == 1 else f"{lengths.over:,} rows are"
    words = f"{many} longer than the {lengths.limit:,} tokens that are read"
    if not writes(spec):
        return Check(
            "text_truncated",
            "Length",
            State.WARNS,
            f"{words}; what stands behind is cut off.",
            "Raise max_length if what matters stands late in a text.",
        )
    return Check(
        "row_left_out",
        "Length",
        State.WARNS,
        f"{words}, and left out: cutting would take the answer.",
        "Raise max_length, or shorten the texts when the dataset is built.",
    )


def _check_needs(needs: Needs | None) -> Iterator[Check]:
    if needs is None:
        return
    yield preflight.check_disk(needs.disk, machine.free_disk())
    memory = machine.memory_of(machine.first_device())
    if memory is not None:
        yield preflight.check_memory(needs.memory, memory.free, memory.total)


def _check_finished(done: int, total: int) -> Iterator[Check]:
    if done < total:
        yield Check(
            UNFINISHED,
            "Rows looked at",
            State.OPEN,
            f"{done:,} of {total:,} looks at rows are done.",
            "Look again: each look goes on from there.",
        )


def _limit(spec: TrainSpec, base: BaseModel, tokens: Walked) -> int:
    """Tokens that are read of a text, as far as the rows so far tell.

    Raises Refused (``max_length``) for more than the base has positions.
    """
    given = getattr(spec.hyperparameters, "max_length", AUTO)
    if not tokens.tally.tokens:
        return 0
    if isinstance(given, int) and given > (most := positions_of(spec)):
        raise Refused(
            "max_length",
            f"max_length={given} is more than the base model can read. Choose at most "
            f"{most}.",
        )
    most = positions_of(spec) if writes(spec) else base.context_length
    return xray.settled_length(given, tokens.tally.tokens, most)
