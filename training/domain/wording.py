"""The words that a dataset was frozen with: what a row needs to become an exchange."""

from __future__ import annotations

from dataclasses import dataclass

from annotation.domain.scale import Scale


@dataclass(frozen=True)
class Wording:
    """The words of a dataset: its levels as `Scale.rows` gives them, its root causes,
    and the version of each task's words.
    """

    levels: tuple[dict[str, str], ...]
    root_causes: tuple[str, ...]
    versions: dict[str, str]

    @property
    def scale(self) -> Scale:
        """The levels, most severe first."""
        return Scale.from_rows(self.levels)
