"""Models of a Hugging Face hub, by a pinned revision: from this machine's cache.

What lies in the cache is used without a word to the network. Fetching what does not is
off unless the operator allows it (`NETFT_HUB_ALLOWED`), and happens at registration
alone: no run and no page ever asks a hub.
"""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from netft_site.base.refusals import Refused

_REPO = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_WANTED = ("*.safetensors", "*.json", "*.jinja", "LICEN[SC]E*")
"""Weights, their description and the licence; never pickles and never code."""


def fetched(repo: str, revision: str) -> Path:
    """Return the folder of a model, fetched first where that is allowed.

    Raises:
        Refused: no name of a model (``bad_hub_id``), no whole commit
            (``bad_revision``), or it is not in the cache and cannot be fetched
            (``not_cached``).
    """
    _check(repo, revision)
    return _snapshot(repo, revision, only_cached=not settings.HUB_ALLOWED)


def cached(repo: str, revision: str) -> Path:
    """Return the folder of a model in the cache. Raises Refused (``not_cached``)."""
    return _snapshot(repo, revision, only_cached=True)


def _check(repo: str, revision: str) -> None:
    if not _REPO.fullmatch(repo):
        raise Refused("bad_hub_id", "A model of a hub is named OWNER/NAME.")
    if not _COMMIT.fullmatch(revision):
        raise Refused(
            "bad_revision",
            "Pin the revision: the 40 digits of a commit. A branch or a tag may move.",
        )


def _snapshot(repo: str, revision: str, *, only_cached: bool) -> Path:
    # It takes half a second to import, and most who come here never need it.
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            repo,
            revision=revision,
            allow_patterns=list(_WANTED),
            local_files_only=only_cached,
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        hint = (
            "Set NETFT_HUB_ALLOWED to fetch it, or copy it into the cache."
            if only_cached
            else "The hub did not give it."
        )
        raise Refused(
            "not_cached", f"{repo} at {revision[:12]} is not on this machine. {hint}"
        ) from error
    return Path(str(folder))
