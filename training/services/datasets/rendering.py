"""The first rows of a frozen dataset as a chat model would read them.

They are ticket texts on a page, so they pass the leak gate like a download.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from training.domain import chat_templates, tasks
from training.domain.chat_templates import Piece
from training.domain.formats import read_row
from training.domain.tasks import DOMAIN_TEXT, Turns
from training.models import Dataset
from training.services.datasets import gating, streaming

SHOWN = 5
LONGEST = 4_000
"""Characters of a turn that are shown; more is no help on a page."""


@dataclass(frozen=True)
class RenderedRow:
    """One row. `left_out` counts the characters that are not shown."""

    id: str
    label: str
    pieces: list[Piece]
    left_out: int

    @property
    def markers(self) -> int:
        """How many parts of the texts look like the border of a turn."""
        return sum(piece.is_marker for piece in self.pieces)


def render_rows(*, dataset: Dataset, split: str, template: str) -> list[RenderedRow]:
    """The first rows of a split.

    Raises ExportRefused (``not_frozen``, ``unknown_split``, ``leak_found``),
    VaultRefused without the project's key, and FormatError for an unknown template.
    """
    form = streaming.FROZEN_FORM
    streaming.check_request(dataset=dataset, format_name=form, split=split)
    scale, causes, versions = streaming.wording_of(dataset)
    rendered = []
    lines = gating.checked_lines(
        dataset=dataset, format_name=form, split=split, most=SHOWN
    )
    for line in lines:
        row = read_row(line)
        if row.task == DOMAIN_TEXT:
            continue
        whole = tasks.turns(row, scale, causes, versions[row.task])
        turns = _shortened(whole)
        rendered.append(
            RenderedRow(
                chat_templates.visible(row.id),
                row.label,
                chat_templates.render(turns, template),
                _length(whole) - _length(turns),
            )
        )
    return rendered


def _shortened(turns: Turns) -> Turns:
    return replace(
        turns, **{name: text[:LONGEST] for name, text in vars(turns).items()}
    )


def _length(turns: Turns) -> int:
    return len(turns.system) + len(turns.user) + len(turns.assistant)
