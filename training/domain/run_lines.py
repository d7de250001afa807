"""Several runs side by side, fact by fact, so that what differs stands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DASH = "–"

Sections = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Line:
    """One fact of every run, in the order of the runs; a dash where one has it not."""

    section: str
    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs are not alike in it."""
        return len(set(self.values)) > 1


def side_by_side(runs: Sequence[Sections]) -> list[Line]:
    """The facts of the runs as lines, section by section, in the order of mention."""
    names: dict[str, dict[str, None]] = {}
    for run in runs:
        for section, facts in run.items():
            names.setdefault(section, {}).update(dict.fromkeys(facts))
    return [
        Line(section, name, tuple(run.get(section, {}).get(name, DASH) for run in runs))
        for section, known in names.items()
        for name in known
    ]


def flattened(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings as one level: ``{"test": {"share": 0.1}}`` is ``test.share``."""
    found: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= flattened(value, f"{prefix}{key}.")
        elif isinstance(value, (list, tuple)):
            found[f"{prefix}{key}"] = ", ".join(map(str, value)) or DASH
        else:
            found[f"{prefix}{key}"] = DASH if value in (None, "") else str(value)
    return found
