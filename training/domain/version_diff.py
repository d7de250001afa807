"""What differs between two versions of a dataset.

Both versions are read as streams in the order of their identities and merged, so that
memory holds the counts, one page of changes and nothing that grows with the versions;
time is linear in their examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from training.domain.recipe import Split

FIELDS = ("class", "category", "grade", "split")
"""What the distributions are over, in the order in which they are shown."""
NO_CATEGORY = "none"
_ABSENT = "not set"


class Kind(StrEnum):
    """One way in which an example differs; one example may differ in several."""

    ADDED = "added"
    REMOVED = "removed"
    RELABELLED = "relabelled"
    MOVED = "moved"
    REWORDED = "reworded"
    COPIED = "copied"
    REGRADED = "regraded"
    RECATEGORISED = "recategorised"
    RECAUSED = "recaused"


class Item(NamedTuple):
    """One example of one version.

    identity: what says that two examples are the same one; the streams are in its
    order. text_sha256: of the text, and of what is answered. name: the record's
    external id. copies: its rows in TRAIN, 1 elsewhere. cause: the root cause.
    """

    identity: tuple[int, str]
    name: str
    label: str
    split: str
    copies: int
    text_sha256: str
    category: str
    grade: str
    cause: str = ""


_COMPARED = {
    Kind.RELABELLED: "label",
    Kind.MOVED: "split",
    Kind.REWORDED: "text_sha256",
    Kind.COPIED: "copies",
    Kind.REGRADED: "grade",
    Kind.RECATEGORISED: "category",
    Kind.RECAUSED: "cause",
}


@dataclass(frozen=True)
class Change:
    """An example before and after; None on the side on which it is not."""

    before: Item | None
    after: Item | None
    kinds: tuple[Kind, ...]

    @property
    def item(self) -> Item:
        """The example as it stands, or as it stood where it is gone."""
        found = self.after or self.before
        assert found is not None  # noqa: S101  # one side is there by construction
        return found


@dataclass(frozen=True)
class Page:
    """Which changes are listed: of these kinds (all, if none), so many, from one on.

    size: None lists all that follow.
    """

    kinds: frozenset[Kind] = frozenset()
    skip: int = 0
    size: int | None = 100

    def shows(self, place: int) -> bool:
        """Whether the page has the change at a place among those of its kinds."""
        is_within = self.size is None or place < self.skip + self.size
        return place >= self.skip and is_within

    def asks_for(self, change: Change) -> bool:
        """Whether the change is of a kind that is asked for."""
        return not self.kinds or not self.kinds.isdisjoint(change.kinds)


@dataclass(frozen=True)
class Count:
    """Examples and rows with copies that hold one value, before and after."""

    examples: tuple[int, int]
    rows: tuple[int, int]


@dataclass
class VersionDiff:
    """Everything that differs between two versions.

    sizes: examples before and after. unchanged: examples that are equal in both.
    counts: changed examples by kind. labels, splits: how many went from one value to
    another. found: changes of the kinds that the page asks for; `changes` are those on
    the page, by identity. mix: by field and value.
    """

    sizes: tuple[int, int] = (0, 0)
    unchanged: int = 0
    changed: int = 0
    counts: Counter[Kind] = field(default_factory=Counter)
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    splits: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: int = 0
    changes: list[Change] = field(default_factory=list)
    mix: dict[str, dict[str, Count]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether no example differs."""
        return not self.changed


def compare(
    before: Iterable[Item], after: Iterable[Item], page: Page | None = None
) -> VersionDiff:
    """Compare two streams of examples, each in the order of `Item.identity`.

    Raises ValueError when a stream is out of order.
    """
    page = page or Page()
    sides = (_Side(), _Side())
    diff = VersionDiff()
    for old, new in _merge(sides[0].watch(before), sides[1].watch(after)):
        kinds = _kinds(old, new)
        if kinds:
            _note(diff, Change(old, new, kinds), page)
        else:
            diff.unchanged += 1
    diff.sizes = (sides[0].size, sides[1].size)
    diff.mix = _mix(*sides)
    return diff


def changed_settings(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """The dotted keys of two recipes whose values differ, with both values as words."""
    old, new = dict(_flat("", before)), dict(_flat("", after))
    return [
        (key, old.get(key, _ABSENT), new.get(key, _ABSENT))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def read_kinds(names: Collection[str]) -> frozenset[Kind]:
    """The kinds that names stand for. Raises ValueError for a name that is none."""
    return frozenset(Kind(name) for name in names)


class _Side:
    """Counts one version while it streams by."""

    def __init__(self) -> None:
        self.size = 0
        self.examples: Counter[tuple[str, str]] = Counter()
        self.rows: Counter[tuple[str, str]] = Counter()

    def watch(self, items: Iterable[Item]) -> Iterator[Item]:
        last: tuple[int, str] | None = None
        for item in items:
            if last is not None and item.identity < last:
                raise ValueError("examples are not in the order of their identities")
            last = item.identity
            self._count(item)
            yield item

    def _count(self, item: Item) -> None:
        self.size += 1
        values = (item.label, item.category or NO_CATEGORY, item.grade, item.split)
        for key in zip(FIELDS, values, strict=True):
            self.examples[key] += 1
            self.rows[key] += item.copies


def _merge(
    before: Iterator[Item], after: Iterator[Item]
) -> Iterator[tuple[Item | None, Item | None]]:
    """Pairs of the same example; None where one version has it alone."""
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old.identity < new.identity):
            yield old, None
            old = next(before, None)
        elif old is None or new.identity < old.identity:
            yield None, new
            new = next(after, None)
        else:
            yield old, new
            old, new = next(before, None), next(after, None)


def _kinds(old: Item | None, new: Item | None) -> tuple[Kind, ...]:
    if old is None:
        return (Kind.ADDED,)
    if new is None:
        return (Kind.REMOVED,)
    if old[2:] == new[2:]:
        return ()
    return tuple(
        kind
        for kind, name in _COMPARED.items()
        if getattr(old, name) != getattr(new, name)
    )


def _note(diff: VersionDiff, change: Change, page: Page) -> None:
    diff.changed += 1
    diff.counts.update(change.kinds)
    old, new = change.before, change.after
    if old is not None and new is not None:
        if old.label != new.label:
            diff.labels[old.label, new.label] += 1
        if old.split != new.split:
            diff.splits[old.split, new.split] += 1
    if page.asks_for(change):
        if page.shows(diff.found):
            diff.changes.append(change)
        diff.found += 1


def _mix(before: _Side, after: _Side) -> dict[str, dict[str, Count]]:
    """Counts by field and value; the values of a field in alphabetical order."""
    mix: dict[str, dict[str, Count]] = {name: {} for name in FIELDS}
    for key in sorted(before.examples.keys() | after.examples.keys()):
        name, value = key
        mix[name][value] = Count(
            (before.examples[key], after.examples[key]),
            (before.rows[key], after.rows[key]),
        )
    order = [split.value for split in Split]
    mix["split"] = {s: mix["split"][s] for s in order if s in mix["split"]}
    return mix


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), inner)
    elif prefix:
        yield prefix, _words(value)


def _words(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
