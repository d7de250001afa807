"""What becomes of the lines of an export: the whole file and what lies beside it.

A folder format is packed into one tar, so that every export is one file with one
hash. Its members have no dates and no owners: equal datasets give equal bytes.
"""

from __future__ import annotations

import json
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from netft_site.base.files import atomic_writer, sha256_of, write_atomic, write_json
from training.domain.formats import find_format, hub_folder
from training.models import Dataset, Export
from training.services.datasets import streaming


def make_whole(*, export: Export, lines: Path) -> Path:
    """The complete file, still under a hidden name, from the lines of every row."""
    if not find_format(export.format).is_folder:
        return lines
    whole = whole_path(lines)
    with (
        atomic_writer(whole) as stream,
        lines.open("rb") as source,
        tarfile.open(fileobj=stream, mode="w") as archive,
    ):
        _pack(archive, export, source)
    return whole


def whole_path(lines: Path) -> Path:
    """Where the archive of these lines is packed."""
    return lines.with_name(f"{lines.name}.tar")


def write_beside(*, export: Export, final: Path, digest: str, size: int) -> None:
    """Write the manifest and the checksum of a file."""
    write_json(manifest_path(final), describe(export, digest, size))
    write_checksum(final, digest)


def write_checksum(final: Path, digest: str) -> None:
    """Write the checksum as `sha256sum --check` reads it."""
    write_atomic(checksum_path(final), f"{digest}  {final.name}\n")


def manifest_path(final: Path) -> Path:
    """The manifest beside a file."""
    return final.with_name(f"{final.name}.manifest.json")


def checksum_path(final: Path) -> Path:
    """The checksum beside a file."""
    return final.with_name(f"{final.name}.sha256")


def read_manifest(export: Export) -> dict[str, Any] | None:
    """The manifest of a finished export, or None."""
    if export.status != Export.Status.DONE:
        return None
    path = manifest_path(Path(settings.DATA_DIR) / export.path)
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return found


def describe(export: Export, digest: str, size: int) -> dict[str, Any]:
    """What the file is, and of which frozen dataset."""
    dataset = export.dataset
    of_all = streaming.count_rows(dataset=dataset, split=export.split)
    return {
        "dataset": dataset.reference,
        "dataset_sha256": dataset.sha256,
        "tasks": streaming.tasks_of(dataset),
        "format": export.format,
        "split": export.split or "all",
        "rows": export.rows_written,
        "rows_left_out": of_all - export.rows_written,
        "bytes": size,
        "sha256": digest,
        "single_source": dataset.is_single_source,
        "made_by": f"netft {settings.VERSION}",
    }


def unpack(*, archive: Path, target: Path) -> None:
    """Make the folder of an archive appear at `target`, which must not exist.

    Its manifest and the checksums of its files lie beside it before it is there.
    """
    # Beside the target, so that a rename is enough.
    beside = tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent)
    with beside as place, tarfile.open(archive) as opened:
        opened.extractall(place, filter="data")
        (root,) = Path(place).iterdir()
        digests = {
            path.relative_to(root).as_posix(): sha256_of(path)
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
        manifest = json.loads(manifest_path(archive).read_bytes())
        write_json(manifest_path(target), {**manifest, "files": digests})
        lines = (f"{sha}  {target.name}/{name}\n" for name, sha in digests.items())
        write_atomic(checksum_path(target), "".join(lines))
        root.rename(target)


def _pack(archive: tarfile.TarFile, export: Export, source: IO[bytes]) -> None:
    dataset = export.dataset
    root = f"{dataset.name}.v{dataset.version}"
    rows = {
        split: streaming.count_rows(dataset=dataset, split=split.value)
        for split in streaming.splits_of(export.split)
    }
    card = _card(dataset, rows).encode()
    _add(archive, f"{root}/{hub_folder.CARD}", len(card), BytesIO(card))
    for split, count in rows.items():
        if count:
            start = source.tell()
            size = sum(len(source.readline()) for _ in range(count))
            source.seek(start)
            _add(archive, f"{root}/{hub_folder.file_of(split)}", size, source)


def _add(archive: tarfile.TarFile, name: str, size: int, source: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size = size
    archive.addfile(member, source)


def _card(dataset: Dataset, rows: dict[Any, int]) -> str:
    levels = [
        {"key": level.key, "meaning": level.meaning or level.label}
        for level in streaming.scale_of(dataset)
    ]
    return hub_folder.card(
        reference=dataset.reference,
        sha256=dataset.sha256,
        levels=levels,
        rows=rows,
        is_single_source=dataset.is_single_source,
        tasks=list(streaming.tasks_of(dataset)),
    )
