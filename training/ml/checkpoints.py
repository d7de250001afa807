"""Checkpoints that are either whole or ignored.

A checkpoint is written into a temporary folder, every file flushed to disk, then a
manifest of sha256, then a COMPLETE marker with the manifest's own sha256, and only
then renamed into place. Resuming takes the newest one that still proves whole and that
belongs to the same work. Tensors are safetensors and the rest is JSON: nothing in a
checkpoint can run code.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from netft_site.base.files import sha256_of, sync_directory, write_atomic
from training.domain.strict_json import dump, parse_object
from training.ml.sealing import COMPLETE, MANIFEST, matches_manifest, seal

_STATE = "state.json"
_KEPT = 2

Tensors = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """A committed checkpoint: groups of named tensors and a JSON state."""

    name: str
    tensors: dict[str, dict[str, torch.Tensor]]
    state: dict[str, Any]


def commit(
    folder: Path, work: str, tensors: Mapping[str, Tensors], state: Mapping[str, Any]
) -> str:
    """Write a checkpoint and return its name; all but the newest two are removed.

    `work` names what is being computed (`job_spec.work_sha256`).
    """
    folder.mkdir(exist_ok=True)
    _remove_unfinished(folder)
    number = max((_number(path) for path in _committed(folder)), default=0) + 1
    temporary, final = folder / f".{number:06d}", folder / f"{number:06d}"
    temporary.mkdir()
    for group, named in tensors.items():
        save_file(
            {k: v.contiguous() for k, v in named.items()}, temporary / _file(group)
        )
    write_atomic(temporary / _STATE, dump({"work": work, **state}))
    seal(temporary)
    write_atomic(temporary / COMPLETE, sha256_of(temporary / MANIFEST))
    temporary.rename(final)
    sync_directory(folder)
    for old in _committed(folder)[_KEPT:]:
        shutil.rmtree(old)
    return final.name


def newest_valid(folder: Path, work: str) -> tuple[Checkpoint | None, list[str]]:
    """The newest whole checkpoint of this work, and the names of those passed over."""
    skipped: list[str] = []
    for path in _committed(folder):
        if _is_whole(path):
            state = parse_object((path / _STATE).read_bytes())
            if state.pop("work", None) == work:
                return Checkpoint(path.name, _load_tensors(path), state), skipped
        skipped.append(path.name)
    return None, skipped


def _is_whole(path: Path) -> bool:
    try:
        promised = (path / COMPLETE).read_text()
        return promised == sha256_of(path / MANIFEST) and matches_manifest(path)
    except OSError:
        return False


def _load_tensors(path: Path) -> dict[str, dict[str, torch.Tensor]]:
    return {file.stem: load_file(file) for file in path.glob("*.safetensors")}


def _committed(folder: Path) -> list[Path]:
    """Checkpoint folders, the newest first."""
    if not folder.is_dir():
        return []
    paths = [path for path in folder.iterdir() if path.name.isdigit()]
    return sorted(paths, key=_number, reverse=True)


def _remove_unfinished(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name.startswith("."):
            shutil.rmtree(path)


def _number(path: Path) -> int:
    return int(path.name)


def _file(group: str) -> str:
    return f"{group}.safetensors"
