"""Check a built dataset and make it immutable.

The parts become one file a split, every check runs over the written lines themselves,
and one transaction gives the records their splits for ever and the dataset its hash.
The folder appears by rename; a kill before the commit leaves a dataset that is still
BUILDING and is frozen again from its parts.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from annotation.models import Project
from netft_site.base.bulk_insert import insert_many
from netft_site.base.files import (
    HashingWriter,
    atomic_writer,
    sync_directory,
    write_json,
)
from netft_site.base.refusals import Refused
from training.domain.file_checks import FileReport, check_file
from training.domain.findings import Finding, Weight, merge
from training.domain.formats import Row, convert, encode_line, find_format, read_row
from training.domain.gates import gates
from training.domain.manifest import SplitFile, Vocabulary, content, content_sha256
from training.domain.recipe import Recipe, Split
from training.domain.row_quality import RowQuality
from training.domain.tasks import VERSIONS
from training.domain.validation import check_dataset
from training.models import Dataset, SplitAssignment
from training.services.datasets import (
    diversity,
    folders,
    gating,
    leakage,
    planning,
    plans,
    vetting,
)
from training.services.datasets.noting import Notes

_AT_ONCE = 2_000


class FreezeRefused(Refused):
    """The checks found errors; `manifest` holds the findings and the mixes."""

    def __init__(self, message: str, manifest: dict[str, Any]) -> None:
        super().__init__("checks_failed", message)
        self.manifest = manifest


def freeze(*, dataset: Dataset, now: datetime) -> bool:
    """Check and freeze a completely built dataset.

    Returns False, and changes nothing, when the plan has become stale: another
    dataset of the project gave splits to records since.

    Raises FreezeRefused when a check finds an error.
    """
    header = plans.read_header(dataset)
    recipe = Recipe.parse(dataset.recipe)
    folder = folders.new_folder(dataset)
    notes = Notes.begin(dataset, recipe.seed)
    files = _write_files(dataset, folder, notes)
    formats = _check_formats(dataset, recipe, folder)
    leakage.keep_found(dataset)
    findings = _findings(dataset, recipe, header, notes, formats)
    manifest = _manifest(dataset, recipe, header, files, findings, now)
    manifest["quality"] = _quality(notes.quality, header, formats)
    manifest[gating.CHECKED] = _checked_under(dataset, header, notes)
    errors = [f for f in findings if f.severity is Weight.ERROR]
    if errors:
        raise FreezeRefused(_summary(errors), manifest)
    write_json(folder / folders.MANIFEST, manifest)
    sync_directory(folder)
    return _publish(dataset, header, folder, manifest, now)


def _write_files(
    dataset: Dataset, folder: Path, notes: Notes
) -> dict[Split, SplitFile]:
    """Join the parts into one file a split; every row is noted on the way."""
    files: dict[Split, SplitFile] = {}
    for split in Split:
        name = folders.split_file(split)
        before, rows = len(notes.items), 0
        with atomic_writer(folder / name) as stream:
            writer = HashingWriter(stream)
            for line in _part_lines(dataset, split):
                writer.write(line)
                rows += 1
                notes.take(read_row(line))
        examples = len(notes.items) - before
        files[split] = SplitFile(name, examples, rows, writer.size, writer.sha256)
    return files


def _part_lines(dataset: Dataset, split: Split) -> Iterator[bytes]:
    for part in folders.part_paths(dataset, split):
        with part.open("rb") as stream:
            yield from stream


def _findings(
    dataset: Dataset,
    recipe: Recipe,
    header: plans.Header,
    notes: Notes,
    formats: dict[str, FileReport],
) -> list[Finding]:
    """Everything the checks have to say about the written files."""
    checked = check_dataset(
        notes.items,
        levels=dataset.project.scale.keys,
        recipe=recipe,
        resemblances=leakage.read_found(dataset),
        waiting_for_gold=header.left_out.get("gold_missing", 0),
        senior_share=header.senior_share,
        general_share=header.general_share,
    )
    of_formats = [
        finding
        for report in formats.values()
        for finding in report.findings
        if finding.severity is Weight.ERROR
    ]
    diverse = diversity.findings(dataset, header.coverage)
    # Each list is short already and says how many it leaves out.
    return merge(checked, notes.quality.findings(), diverse, of_formats)


def _check_formats(
    dataset: Dataset, recipe: Recipe, folder: Path
) -> dict[str, FileReport]:
    """What the rows are like in every format of the recipe; sizes were judged."""
    scale, causes = dataset.project.scale, dataset.project.root_causes
    return {
        name: check_file(
            (
                encode_line(convert(row, name, scale, causes))
                for row in _originals(folder)
                if find_format(name).takes_row(row)
            ),
            name,
            fewest=1,
            judge_texts=False,
        )
        for name in recipe.formats
    }


def _quality(
    quality: RowQuality, header: plans.Header, formats: dict[str, FileReport]
) -> dict[str, Any]:
    """The texts in figures and the gates they pass."""
    facts = quality.facts()
    valid = {name: (report.passed, report.rows) for name, report in formats.items()}
    return {
        "texts": asdict(facts),
        "gates": [gate.as_json() for gate in gates(facts, header.left_out, valid)],
        "coverage": header.coverage,
    }


def _originals(folder: Path) -> Iterator[Row]:
    """Every example of a folder with its text, without the copies."""
    for split in Split:
        with (folder / folders.split_file(split)).open("rb") as stream:
            for line in stream:
                row = read_row(line)
                if not row.copy:
                    yield row


def _manifest(
    dataset: Dataset,
    recipe: Recipe,
    header: plans.Header,
    files: dict[Split, SplitFile],
    findings: list[Finding],
    now: datetime,
) -> dict[str, Any]:
    """The hashed content, and around it what people read."""
    scale = dataset.project.scale
    vocabulary = Vocabulary(scale.keys, dataset.project.root_causes)
    versions = {task: VERSIONS[task] for task in dataset.examples.tasks()}
    hashed = content(recipe, vocabulary, versions, files)
    return {
        **hashed,
        "sha256": content_sha256(hashed),
        "project": dataset.project.slug,
        "name": dataset.name,
        "version": dataset.version,
        "frozen_at": now.isoformat(),
        "netft": settings.VERSION,
        "scale": scale.rows(),
        "single_source": dataset.is_single_source,
        "production_mix": dataset.project.production_mix,
        **_amounts(header),
        "sanitizing": _sanitizing(dataset),
        "findings": [finding.as_json() for finding in findings],
    }


def _amounts(header: plans.Header) -> dict[str, Any]:
    """What the plan amounts to."""
    return {
        "mix": header.mix,
        "left_out": header.left_out,
        "left_out_of": header.left_out_of,
        "general_share": header.general_share,
        "senior_share": {
            "before": header.senior_share_before,
            "after": header.senior_share,
        },
    }


def _checked_under(
    dataset: Dataset, header: plans.Header, notes: Notes
) -> Mapping[str, Any] | None:
    """What the leak gate rested on when it saw every text; None where it did not."""
    if not notes.is_vetted:
        return None
    is_safe = vetting.frame_is_safe(dataset.project, dataset.examples.tasks())
    return header.checked_under if is_safe else None


def _sanitizing(dataset: Dataset) -> dict[str, Any]:
    """Under what the texts stand: the sanitizer's versions, and the key's name."""
    return {
        "rulesets": dataset.examples.rulesets(),
        "knowledge": dataset.project.knowledge_version,
        "key_id": dataset.project.key_id,
    }


def _summary(errors: list[Finding]) -> str:
    first = errors[0]
    where = f"{first.item}: " if first.item else ""
    more = " There are more errors; see the findings." if len(errors) > 1 else ""
    return f"{where}{first.message}{more}"


@transaction.atomic
def _publish(
    dataset: Dataset,
    header: plans.Header,
    folder: Path,
    manifest: dict[str, Any],
    now: datetime,
) -> bool:
    """Move the folder into place, keep the splits, and turn the row to FROZEN."""
    # One freeze at a time in a project: the splits it gives are for all its versions.
    Project.objects.select_for_update().get(pk=dataset.project_id)
    locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
    if locked.status != Dataset.Status.BUILDING or locked.cursor != header.examples:
        shutil.rmtree(folder, ignore_errors=True)
        return locked.is_frozen
    if planning.last_assignment(dataset.project) != header.last_assignment:
        return False
    target = folders.frozen_folder(dataset)
    _move(folder, target)
    _keep_splits(dataset, now)
    Dataset.objects.filter(pk=dataset.pk).update(
        status=Dataset.Status.FROZEN,
        manifest=manifest,
        sha256=manifest["sha256"],
        path=folders.relative(target),
        frozen_at=now,
        heartbeat_at=now,
    )
    return True


def _move(folder: Path, target: Path) -> None:
    # What is there belongs to a freeze that was killed before its commit.
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)
    target.chmod(0o755)
    sync_directory(target.parent)


def _keep_splits(dataset: Dataset, now: datetime) -> None:
    given = [
        {**vars(one), "assigned_at": now} for one in plans.read_assignments(dataset)
    ]
    for start in range(0, len(given), _AT_ONCE):
        insert_many(SplitAssignment, given[start : start + _AT_ONCE])
