"""Seals: a manifest of sha256 that proves a folder whole and unchanged.

Checkpoints and artifacts are sealed the same way before they are renamed into place.
"""

from __future__ import annotations

import os
from pathlib import Path

from netft_site.base.files import sha256_of, write_atomic
from training.domain.strict_json import SpecError, dump, parse_object

MANIFEST = "manifest.json"
# Written into a checkpoint after its seal, so no manifest can name it.
COMPLETE = "COMPLETE"


def seal(folder: Path) -> str:
    """Flush every file, write the manifest of their sha256 and return its own sha256.

    Equal contents give an equal manifest: it holds no times and no paths outside.
    """
    digests = {}
    for path in sorted(folder.iterdir()):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        digests[path.name] = sha256_of(path)
    write_atomic(folder / MANIFEST, dump({"format": 1, "files": digests}) + "\n")
    return sha256_of(folder / MANIFEST)


def matches_manifest(folder: Path) -> bool:
    """Whether the folder holds exactly the files of its manifest, unchanged."""
    try:
        files = parse_object((folder / MANIFEST).read_bytes())["files"]
        present = {p.name for p in folder.iterdir()} - {MANIFEST, COMPLETE}
        return present == set(files) and all(
            sha256_of(folder / name) == digest for name, digest in files.items()
        )
    except (OSError, SpecError, KeyError):
        return False
