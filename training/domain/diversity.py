"""Whether a dataset's examples differ enough, judged by counts of the whole.

Copies, contradictions among copies, customers and pairs of category and vendor: each is
counted elsewhere and comes in as a number. Nobody is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training.domain.findings import Finding, Weight

ONE_CUSTOMER = 0.3
"""Above this share of the examples a model learns one customer's network."""
FEWEST_FOR_A_SHARE = 10


@dataclass(frozen=True)
class Diversity:
    """Counts over the examples of a dataset.

    copies: examples that are near copies of another one. conflicts: groups of such
    copies with different labels. largest_customer: examples of the most frequent
    customer, 0 where none is known. coverage: examples by category and vendor.
    """

    examples: int
    copies: int
    conflicts: int
    largest_customer: int
    coverage: Mapping[str, Mapping[str, int]]


def diversity_findings(found: Diversity) -> list[Finding]:
    """Warn of what repeats, contradicts itself, prevails or is missing."""
    warnings = []
    if found.copies:
        message = f"{found.copies:,} examples are near copies of another one."
        warnings.append(_warning("near_duplicate", message, "text"))
    if found.conflicts:
        groups = "group" if found.conflicts == 1 else "groups"
        message = f"{found.conflicts:,} {groups} of near copies with different labels."
        fix = "See the dataset's quality page, and send them to the seniors."
        warnings.append(_warning("near_copies_other_label", message, "label", fix))
    if _prevails(found.largest_customer, found.examples):
        share = found.largest_customer / found.examples
        message = f"One customer has {share:.0%} of the examples."
        fix = "Label tickets of other customers."
        warnings.append(_warning("one_customer", message, "attributes", fix))
    if empty := empty_pairs(found.coverage):
        pairs = "pair" if empty == 1 else "pairs"
        message = f"{empty:,} {pairs} of category and vendor without an example."
        fix = "Label tickets of them, where the team has such devices."
        warnings.append(_warning("coverage_empty", message, "category", fix))
    return warnings


def empty_pairs(coverage: Mapping[str, Mapping[str, int]]) -> int:
    """Pairs without an example that both sides would suggest."""
    vendors = {vendor for row in coverage.values() for vendor in row}
    return sum(not row.get(v) for row in coverage.values() for v in vendors)


def _prevails(count: int, examples: int) -> bool:
    return examples >= FEWEST_FOR_A_SHARE and count > ONE_CUSTOMER * examples


def _warning(rule: str, message: str, field: str, fix: str = "") -> Finding:
    return Finding(rule, Weight.WARNING, message, field=field, fix=fix)
