"""Plant fake secrets in copies of a project's records, and see what comes through.

The copies live in memory alone. What is stored is a keyed hash of each canary, so that
exports can look for it; the same seed stores nothing twice. Classes whose pseudonyms
look like the real thing (addresses, serial and AS numbers) are measured but not stored:
an address of a ticket may well become the very address that was planted once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db import transaction

from annotation.domain.sanitize import RULESET
from annotation.domain.sanitize.canaries import (
    REMADE_TYPES,
    SECRET_TYPES,
    Outcome,
    Planted,
    Tally,
    fate_of,
    plant,
    tally,
)
from annotation.domain.sanitize.knowledge import value_hash
from annotation.models import Canary, Project, Record
from annotation.services.sanitizing import sanitizer_for
from annotation.services.vault import keyring_of
from netft_site.base.refusals import Refused

STREAM = 200
PER_CLASS = 40
_LONGEST = 20_000

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class CanaryReport:
    """What became of the canaries of one run; no value is in it.

    `missed` counts the survivors of each template; `stored` the hashes that are new.
    """

    project: str
    seed: int
    knowledge: int
    records: int
    overall: Tally
    classes: tuple[Tally, ...]
    vendors: tuple[Tally, ...]
    missed: tuple[dict[str, Any], ...]
    stored: int

    @property
    def survived_secrets(self) -> int:
        """Credentials, communities, tokens and keys that came through."""
        return sum(t.survived for t in self.classes if t.name in SECRET_TYPES)

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        return {
            "project": self.project,
            "seed": self.seed,
            "ruleset": RULESET,
            "knowledge": self.knowledge,
            "records": self.records,
            "overall": self.overall.as_dict(),
            "classes": [one.as_dict() for one in self.classes],
            "vendors": [one.as_dict() for one in self.vendors],
            "missed": list(self.missed),
            "survived_secrets": self.survived_secrets,
            "stored": self.stored,
        }


def run(
    *,
    project: Project,
    per_class: int = PER_CLASS,
    seed: int = 0,
    progress: Progress | None = None,
) -> CanaryReport:
    """Plant canaries of every class and vendor, sanitize the copies, and count.

    Raises:
        Refused: ``no_records`` where no record of the project has text that the
            sanitizer takes.
        VaultRefused: the project's key is not in this process's environment.
    """
    texts = _stream(project)
    planted = plant(texts, Random(seed), per_class)  # noqa: S311  (no secret)
    sanitizer = sanitizer_for(project)
    outcomes = []
    for canary in planted:
        outcomes.append(fate_of(canary, sanitizer.sanitize(canary.text)))
        if progress:
            progress(len(outcomes), len(planted), "canaries")
    stored = _store(project, planted)
    return _report(project, seed, len(texts), outcomes, stored)


def _stream(project: Project) -> list[str]:
    """The newest records whose text comes back from the sanitizer."""
    sanitizer = sanitizer_for(project)
    records = Record.objects.usable().filter(project=project).order_by("-id")
    texts = [record.text for record in records.only("title", "body")[:STREAM]]
    usable = [
        text
        for text in texts
        if text and len(text) <= _LONGEST and not sanitizer.sanitize(text).held
    ]
    if not usable:
        raise Refused(
            "no_records",
            f"Project {project.slug} has no sanitized record to plant canaries in; "
            "import some first.",
        )
    return usable


@transaction.atomic
def _store(project: Project, planted: Sequence[Planted]) -> int:
    keyring = keyring_of(project.key_id)
    rows = [
        Canary(
            project=project,
            span_type=canary.span_type,
            vendor=canary.vendor,
            value_hmac=value_hash(keyring, canary.value),
        )
        for canary in planted
        if canary.span_type not in REMADE_TYPES
    ]
    before = Canary.objects.filter(project=project).count()
    Canary.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return Canary.objects.filter(project=project).count() - before


def _report(
    project: Project, seed: int, records: int, outcomes: list[Outcome], stored: int
) -> CanaryReport:
    reference = f"planted canaries, seed {seed}"
    return CanaryReport(
        project=project.slug,
        seed=seed,
        knowledge=Project.objects.knowledge_version_of(project),
        records=records,
        overall=tally("all", outcomes, reference),
        classes=_tallies(outcomes, lambda canary: canary.span_type, reference),
        vendors=_tallies(outcomes, lambda canary: canary.vendor, reference),
        missed=tuple(_missed(outcomes)),
        stored=stored,
    )


def _tallies(
    outcomes: Iterable[Outcome], key: Callable[[Planted], str], reference: str
) -> tuple[Tally, ...]:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[key(outcome.planted)].append(outcome)
    return tuple(tally(name, found, reference) for name, found in groups.items())


def _missed(outcomes: Iterable[Outcome]) -> Iterable[dict[str, Any]]:
    counts: dict[Planted, int] = {}
    first: dict[str, Planted] = {}
    for outcome in outcomes:
        if outcome.fate == "survived":
            canary = first.setdefault(outcome.planted.template, outcome.planted)
            counts[canary] = counts.get(canary, 0) + 1
    for canary, survived in counts.items():
        yield {
            "template": canary.template,
            "class": canary.span_type,
            "vendor": canary.vendor,
            "survived": survived,
        }
