"""The report on a run to be: what was looked at, and what forbids it.

It names rows by their ids and never quotes one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from netft_site.base.refusals import Refused
from training.domain import preflight
from training.domain.preflight import Check, State
from training.domain.xray import Lengths
from training.models import BaseModel, Dataset
from training.services.preflight.needs import Needs


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
