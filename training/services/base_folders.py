"""Folders with base models on this machine: which there are, and what is in them.

Only text files are read and weights are hashed; nothing is loaded as a model. Pages
offer the folders of one directory, so that nobody browses the machine by a form.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from training.domain import base_folder
from training.domain.base_folder import Papers, Shape

Progress = Callable[[int, int | None, str], None]
"""Told how many of how many are done, and what is at work."""

_LICENCES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt")
_LONGEST_TEXT = 200_000
"""Characters of a licence or a template that are read; the longest known has 40,000."""


@dataclass(frozen=True)
class Facts:
    """A folder that can be used: its shape, and its weights by their hash."""

    shape: Shape
    weights_sha256: str
    parameters: int


def models_dir() -> Path:
    """The directory whose folders can be registered by a page or the API."""
    return Path(settings.MODELS_DIR)


def on_offer() -> list[str]:
    """Return the names of the folders in `models_dir` that hold a configuration."""
    root = models_dir()
    if not root.is_dir():
        return []
    folders = (path.parent for path in root.glob(f"*/{base_folder.CONFIG}"))
    return sorted(folder.name for folder in folders)


def offered(name: str) -> Path:
    """Return a folder on offer by its name.

    Raises:
        Refused: there is none (``folder_unknown``).
    """
    if name not in on_offer():
        raise Refused("folder_unknown", f"There is no folder {name} with a model.")
    return models_dir() / name


def weight_bytes(folder: Path) -> int:
    """Return the size of a folder's weights. Raises Refused as `read_facts`."""
    return sum((folder / name).stat().st_size for name in weight_names(folder))


def read_facts(folder: Path, told: Progress = lambda done, total, label: None) -> Facts:
    """Read what a folder says of itself, and hash its weights; ``told`` of each file.

    Raises:
        Refused: as `base_folder` (``remote_code``, ``architecture_unknown``,
            ``config_invalid``, ``unsafe_weights``, ``shard_missing``,
            ``weights_corrupt``, ``base_model_missing``), or without a tokenizer
            (``no_tokenizer``).
    """
    shape = base_folder.read_shape(read_papers(folder))
    if not (folder / base_folder.TOKENIZER).is_file():
        raise Refused(
            "no_tokenizer",
            f"The folder has no {base_folder.TOKENIZER}: save the tokenizer in its "
            "fast form beside the weights.",
        )
    digests, parameters = {}, 0
    names = weight_names(folder)
    for done, name in enumerate(names):
        told(done, len(names), f"hashing {name}")
        parameters += _parameters(folder / name)
        digests[name] = sha256_of(folder / name)
    return Facts(shape, base_folder.joint_sha256(digests), parameters)


def count_parameters(folder: Path) -> int:
    """Count the numbers in a folder's weights by their headers; nothing is hashed.

    Raises Refused (``weights_corrupt``, where a file is not whole, or as `read_facts`).
    """
    return sum(_parameters(folder / name) for name in weight_names(folder))


def weight_names(folder: Path) -> tuple[str, ...]:
    """Return the names of a folder's weight files. Raises Refused as `read_facts`."""
    if not folder.is_dir():
        raise Refused("base_model_missing", "There is no such folder.")
    names = frozenset(path.name for path in folder.iterdir() if path.is_file())
    return base_folder.weight_files(names, _object(folder / base_folder.INDEX))


def read_papers(folder: Path) -> Papers:
    """Read the text files of a folder. Raises Refused (``config_invalid``)."""
    if not (folder / base_folder.CONFIG).is_file():
        raise Refused("config_invalid", f"The folder has no {base_folder.CONFIG}.")
    return Papers(
        config=_object(folder / base_folder.CONFIG),
        tokenizer_config=_object(folder / base_folder.TOKENIZER_CONFIG),
        generation=_object(folder / base_folder.GENERATION),
        sentences=_object(folder / base_folder.SENTENCES),
        template_file=_text(folder / base_folder.TEMPLATE),
    )


def licence_text(folder: Path) -> str:
    """Return the licence that lies in a folder; empty where none does."""
    texts = (_text(folder / name) for name in _LICENCES)
    return next(filter(None, texts), "")


def _parameters(path: Path) -> int:
    with path.open("rb") as stream:
        begin = stream.read(8)
        begin += stream.read(base_folder.header_length(begin))
    return base_folder.count_parameters(begin, path.stat().st_size)


def _object(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise Refused("config_invalid", f"{path.name} is not JSON.") from error
    if not isinstance(found, dict):
        raise Refused("config_invalid", f"{path.name} holds no JSON object.")
    return found


def _text(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as stream:
        return stream.read(_LONGEST_TEXT)
