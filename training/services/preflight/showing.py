"""Some rows as the model will read them, token by token, for people to look at.

They are ticket texts on a page, so they pass the leak gate like a download. Shown are
the longest rows, in which a text is cut or an answer lost first, and a seeded sample of
the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training.domain import xray
from training.domain.chat_templates import visible
from training.domain.findings import Finding
from training.domain.job_spec import TrainSpec
from training.domain.rows import read_row
from training.models import Dataset
from training.services.datasets import gating
from training.services.preflight.readers import Part, Token, reader_for
from training.services.preflight.report import Preflight
from training.services.preflight.walking import LEARNED

HEAD, TAIL = 260, 120
"""Tokens of a long sequence that are shown: its beginning, and its end."""


@dataclass(frozen=True)
class SeenSequence:
    """A sequence to be shown. left_out: tokens between `head` and `tail`."""

    head: list[Token]
    tail: list[Token]
    left_out: int
    count: int
    trained: int
    cut: int
    messages: list[str]


@dataclass(frozen=True)
class SeenRow:
    """One row. number: its place in TRAIN, counting from 1."""

    id: str
    label: str
    number: int
    is_long: bool
    sequences: list[SeenSequence]


def rows_to_see(
    *, dataset: Dataset, spec: TrainSpec, report: Preflight, seed: int = 0
) -> list[SeenRow]:
    """The longest rows and a sample; none where a run reads no tokens.

    Raises ExportRefused (``leak_found``, ``file_damaged``, ``record_withheld``),
    VaultRefused without the project's key, and Refused as `reader_for`.
    """
    reader = reader_for(spec)
    if reader is None or report.lengths is None:
        return []
    limit = report.lengths.limit
    long = {place for _, place in report.longest}
    places = xray.sample_places(report.rows, report.longest, seed)
    split = LEARNED[0].value
    lines = gating.checked_at(dataset=dataset, split=split, places=places)
    rows = map(read_row, lines)
    return [
        SeenRow(
            visible(row.id),
            row.label,
            place + 1,
            place in long,
            [_seen(one.tokens, one.checks) for one in reader.show(row, limit)],
        )
        for place, row in zip(places, rows, strict=False)
    ]


def _seen(tokens: Sequence[Token], checks: Sequence[Finding]) -> SeenSequence:
    is_whole = len(tokens) <= HEAD + TAIL
    return SeenSequence(
        head=list(tokens if is_whole else tokens[:HEAD]),
        tail=[] if is_whole else list(tokens[-TAIL:]),
        left_out=0 if is_whole else len(tokens) - HEAD - TAIL,
        count=len(tokens),
        trained=sum(token.part is Part.TRAINED for token in tokens),
        cut=sum(token.part is Part.CUT for token in tokens),
        messages=[check.message for check in checks],
    )
