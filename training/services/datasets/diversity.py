"""Count in the database whether a dataset's examples differ enough."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Sum

from training.domain.diversity import Diversity, diversity_findings
from training.domain.findings import Finding
from training.models import Dataset


def findings(
    dataset: Dataset, coverage: Mapping[str, Mapping[str, int]]
) -> list[Finding]:
    """What copies, customers and gaps of a built dataset have to be warned of."""
    clusters = dataset.examples.by_cluster()
    copies = clusters.with_copies().aggregate(all=Sum("size"))["all"]
    # What is in no ticket, or empty, is two rows at most.
    customers = dataset.examples.by_customer().values_list("customer", "size")[:3]
    largest = max((size for name, size in customers if name), default=0)
    found = Diversity(
        examples=dataset.examples.count(),
        copies=copies or 0,
        conflicts=clusters.with_different_labels().count(),
        largest_customer=largest,
        coverage=coverage,
    )
    return diversity_findings(found)
