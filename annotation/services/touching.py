"""What a change of the guidelines touches: named parts, and the records they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from annotation.models import Guidelines, Record, Verdict
from annotation.querysets.records import RecordQuerySet


@dataclass(frozen=True)
class Touched:
    """What a change of the guidelines touches; named parts narrow one another.

    ``levels`` and ``root_causes`` are those of the current verdict; ``gaps`` are the
    records at which a senior found the guidelines open. Records that a senior decided
    are left alone unless ``with_adjudicated``.
    """

    categories: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    root_causes: tuple[str, ...] = ()
    gaps: bool = False
    with_adjudicated: bool = False

    @classmethod
    def from_query(cls, query: Mapping[str, Any]) -> Self:
        """Read what `as_query` wrote."""
        lists = ("categories", "levels", "root_causes")
        return cls(
            **{name: tuple(query.get(name, ())) for name in lists},
            gaps=bool(query.get("gaps")),
            with_adjudicated=bool(query.get("with_adjudicated")),
        )

    def as_query(self) -> dict[str, object]:
        """Return what is named, as it is stored with an act."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def is_named(self) -> bool:
        """Whether it narrows anything at all."""
        return bool(self.categories or self.levels or self.root_causes or self.gaps)


def found(guidelines: Guidelines, touched: Touched) -> RecordQuerySet:
    """Return the touched records with an answer under other guidelines."""
    records = Record.objects.of(guidelines.project).labelable()
    if touched.categories:
        records = records.filter(category__in=touched.categories)
    if touched.levels:
        records = records.with_verdict(severity__in=touched.levels)
    if touched.root_causes:
        records = records.with_verdict(root_cause__in=touched.root_causes)
    if touched.gaps:
        gap = Verdict.Disagreement.GUIDELINE_GAP
        records = records.with_verdict(disagreement=gap)
    return records.answered_before(guidelines)


def opened(guidelines: Guidelines, touched: Touched) -> RecordQuerySet:
    """Return those that a re-review opens: what a senior decided only if so wished."""
    records = found(guidelines, touched)
    return records if touched.with_adjudicated else records.not_adjudicated()
