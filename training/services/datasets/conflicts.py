"""Near copies in a dataset that carry different labels.

What is right of a ticket is right of its near copy, or the text leaves something out:
either way a person should look. Copies are those that the records are marked with,
judged on masked text; labels are the frozen ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from annotation.services import sending
from training.models import Dataset, Example

LISTED = 20
MOST_SHOWN = 12
"""Members of a cluster that are listed; an alarm may have hundreds."""


@dataclass(frozen=True)
class Member:
    """One example of a cluster. `hindrance`: why it cannot be sent to the seniors."""

    record_id: int
    external_id: str
    split: str
    label: str
    hindrance: str = ""


@dataclass(frozen=True)
class Conflict:
    """A cluster of near copies with more than one label; `size` counts all members."""

    size: int
    labels: dict[str, int]
    members: list[Member]


@dataclass(frozen=True)
class Conflicts:
    """How many clusters disagree with themselves, and the largest of them."""

    count: int
    examples: int
    listed: list[Conflict]


def find(
    *, dataset: Dataset, tells_gold: bool = False, size: int = LISTED
) -> Conflicts:
    """Return the clusters with different labels, the largest first."""
    clusters = dataset.examples.by_cluster().with_different_labels()
    sizes = dict(clusters.values_list("cluster", "size"))
    largest = sorted(sizes, key=lambda cluster: (-sizes[cluster], cluster))[:size]
    members: dict[int, list[Example]] = defaultdict(list)
    rows: Any = dataset.examples.in_clusters(largest).select_related("record")
    for example in rows.order_by("record_id"):
        members[example.cluster].append(example)
    shown = [_conflict(members[cluster]) for cluster in largest]
    hindered = sending.hindrances_of(
        [member.record_id for one in shown for member in one.members],
        tells_gold=tells_gold,
    )
    return Conflicts(
        count=len(sizes),
        examples=sum(sizes.values()),
        listed=[_told(one, hindered) for one in shown],
    )


def _told(conflict: Conflict, hindered: Mapping[int, str]) -> Conflict:
    """The conflict with what keeps its members from being sent."""
    members = [
        replace(member, hindrance=hindered.get(member.record_id, ""))
        for member in conflict.members
    ]
    return replace(conflict, members=members)


def _conflict(examples: list[Example]) -> Conflict:
    labels: dict[str, int] = defaultdict(int)
    for example in examples:
        labels[example.label] += 1
    by_count = sorted(labels.items(), key=lambda pair: (-pair[1], pair[0]))
    # The rarest labels are the ones to look at: they come first where not all fit.
    rare = sorted(examples, key=lambda e: (labels[e.label], e.label, e.record_id or 0))
    return Conflict(
        size=len(examples),
        labels=dict(by_count),
        members=[_member(example) for example in rare[:MOST_SHOWN]],
    )


def _member(example: Example) -> Member:
    assert example.record is not None  # noqa: S101
    return Member(
        record_id=example.record.pk,
        external_id=example.record.external_id,
        split=example.split,
        label=example.label,
    )
