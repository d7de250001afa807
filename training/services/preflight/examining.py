"""Everything that is looked at before one training starts, as one report.

A look is bounded in time where its caller waits for an answer: rows are then read as
far as the time goes, and the next look goes on from there. The report names rows by
their ids and never quotes one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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


@dataclass(frozen=True)
class Preflight:
    """The report of one run to be.

    checks: the worst first. lengths: of the rows to learn from, None where the run
    reads no tokens or none has been read yet. done, total: rows looked at and to be
    looked at, in all walks. reads_text_alone: whether the answer is a label, of which
    no token is learned. longest: places of the longest rows of TRAIN.
    """

    dataset: str
    base_model: str
    objective: str
    tuning: str
    checks: list[Check]
    done: int = 0
    total: int = 0
    rows: int = 0
    lengths: Lengths | None = None
    needs: Needs | None = None
    reads_text_alone: bool = True
    longest: tuple[tuple[int, int], ...] = ()

    @property
    def blocking(self) -> Check | None:
        """The check that forbids the launch; None where nothing does."""
        return preflight.first_blocking(self.checks)

    @property
    def is_complete(self) -> bool:
        """Whether every row was looked at."""
        return self.done >= self.total

    @cached_property
    def sha256(self) -> str:
        """The hash of the report, kept with the run that it let through."""
        return preflight.report_sha256(self._facts())

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        return {**self._facts(), "sha256": self.sha256}

    def _facts(self) -> dict[str, Any]:
        return {
            "dataset": self.dataset,
            "base_model": self.base_model,
            "objective": self.objective,
            "tuning": self.tuning,
            "may_start": self.blocking is None,
            "rows": self.rows,
            "looked_at": {"done": self.done, "total": self.total},
            "checks": [check.as_dict() for check in self.checks],
            "tokens": _tokens(self.lengths),
            "memory": _memory(self.needs),
            "time": _time(self.needs),
            "disk_bytes": self.needs.disk if self.needs else None,
        }


def examine(
    *, dataset: Dataset, base: BaseModel, spec: TrainSpec, seconds: float | None
) -> Preflight:
    """Look at a run to be, at its rows for so many seconds or to the end."""
    deadline = None if seconds is None else time.monotonic() + seconds
    checks = place.check_place(dataset, base)
    walks: list[Walked] = []
    lengths = needs = None
    try:
        labels = walk_labels(dataset, deadline)
        walks.append(labels)
        checks += _check_labels(dataset, labels)
        reader = reader_for(spec)
        if reader is not None:
            tokens = walk_tokens(dataset, reader, deadline)
            walks.append(tokens)
            limit = _limit(spec, base, tokens)
            lengths = xray.lengths_of(tokens.tally, limit, leaves_out=writes(spec))
            checks += _check_tokens(tokens, lengths, spec)
            if lengths is not None:
                needs = needs_of(spec, base, lengths, tokens.tally)
    except Refused as refusal:
        # A file or a base that cannot be read: said once, by whichever look met it.
        if refusal.code not in {check.code for check in checks}:
            checks.append(
                Check(refusal.code, "What the run reads", State.FAILS, refusal.message)
            )
    done, total = sum(w.done for w in walks), sum(w.total for w in walks)
    checks += [*_check_needs(needs), *_check_finished(done, total)]
    longest = walks[-1].tally.longest if walks else []
    return Preflight(
        dataset=dataset.reference,
        base_model=base.name,
        objective=spec.objective.value,
        tuning=spec.tuning.value,
        checks=preflight.in_order(checks),
        done=done,
        total=total,
        rows=dataset.manifest.get("splits", {}).get("TRAIN", {}).get("rows", 0),
        lengths=lengths,
        needs=needs,
        reads_text_alone=not writes(spec),
        longest=tuple(longest),
    )


def refused(
    *, dataset: Dataset, base: BaseModel, refusal: Refused, objective: str, tuning: str
) -> Preflight:
    """The report of a run that cannot even be asked for."""
    check = Check(refusal.code, "What was asked for", State.FAILS, refusal.message)
    return Preflight(dataset.reference, base.name, objective, tuning, [check])


def refuse_blocked(report: Preflight) -> None:
    """Refuse a run that a check forbids, with the code and words of that check.

    Raises Refused.
    """
    blocking = report.blocking
    if blocking is not None:
        raise Refused(blocking.code, blocking.words)


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


def _tokens(lengths: Lengths | None) -> dict[str, Any] | None:
    if lengths is None:
        return None
    return {**vars(lengths), "trained_share": round(lengths.trained_share, 4)}


def _memory(needs: Needs | None) -> dict[str, Any] | None:
    if needs is None:
        return None
    return {
        "bytes": needs.memory.parts(),
        "total": needs.memory.total,
        "uncertainty": needs.memory.uncertainty,
        "suggestions": [
            {
                "change": rung.change.value,
                "rows": rung.plan.rows,
                "length": rung.plan.length,
                "rank": rung.plan.rank,
                "checkpointing": rung.plan.checkpointing,
                "adaptation": rung.plan.adaptation.value,
                "total": rung.memory.total,
                "fits": rung.fits,
            }
            for rung in needs.rungs
        ],
    }


def _time(needs: Needs | None) -> dict[str, Any] | None:
    if needs is None or needs.time is None:
        return None
    return {
        "flops": needs.time.flops,
        "seconds_at_least": round(needs.time.least, 1),
        "seconds_likely": round(needs.time.likely, 1),
        "rate": needs.time.rate.flops,
        "rate_is": needs.time.rate.source,
    }
