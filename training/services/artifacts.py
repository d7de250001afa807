"""Folders and files that a process left behind: are they what it said they are?

A folder is named by the sha256 of its manifest.json, which names every file in it. The
store under DATA_DIR/artifacts keeps each folder once, under that name.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings

from netft_site.base.files import sha256_of, sync_directory
from training.domain.run_files import FileDigest
from training.domain.strict_json import SpecError, parse_object

MANIFEST = "manifest.json"


class ArtifactDamaged(Exception):
    """A folder does not hold what its sha256 promises."""


def is_intact(root: Path, digest: FileDigest) -> bool:
    """Whether the file or folder below `root` is there, whole and unchanged."""
    path = root / digest.path
    if not path.resolve().is_relative_to(root.resolve()):
        return False
    if path.is_dir():
        return folder_is_intact(path, digest.sha256)
    return path.is_file() and sha256_of(path) == digest.sha256


def folder_is_intact(folder: Path, sha256: str) -> bool:
    """Whether a folder holds exactly the files of the manifest with this sha256."""
    try:
        if sha256_of(folder / MANIFEST) != sha256:
            return False
        files = parse_object((folder / MANIFEST).read_bytes())["files"]
        present = {path.name for path in folder.iterdir()} - {MANIFEST}
        return present == set(files) and all(
            sha256_of(folder / name) == wanted for name, wanted in files.items()
        )
    except (OSError, SpecError, KeyError, TypeError, AttributeError):
        return False


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of every file of an artifact, by name; empty where it is gone."""
    if not folder.is_dir():
        return {}
    return {path.name: path.stat().st_size for path in sorted(folder.iterdir())}


def keep(source: Path, sha256: str) -> Path:
    """Move a folder into the store and return its place there; twice is once.

    Raises ArtifactDamaged if neither the store nor `source` holds it intact.
    """
    store = Path(settings.DATA_DIR) / "artifacts"
    place = store / sha256
    if folder_is_intact(place, sha256):
        return place
    if not folder_is_intact(source, sha256):
        raise ArtifactDamaged(sha256)
    store.mkdir(parents=True, exist_ok=True)
    # Only a damaged copy can be in the way.
    shutil.rmtree(place, ignore_errors=True)
    try:
        source.rename(place)
    except OSError as error:
        if not folder_is_intact(place, sha256):
            raise ArtifactDamaged(sha256) from error
    sync_directory(store)
    return place
