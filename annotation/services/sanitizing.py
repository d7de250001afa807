"""The one door through which text is made safe before it is stored."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from annotation.domain.sanitize import Context, Keyring, Sanitizer
from annotation.models import Project


def sanitizer_for(project: Project) -> Sanitizer:
    """Return the sanitizer with the project's key.

    Raises:
        KeyError: the project's key is not in this process's environment.
    """
    return _sanitizer(project.key_id)


@lru_cache(maxsize=32)
def _sanitizer(key_id: str) -> Sanitizer:
    return Sanitizer(Keyring(settings.PSEUDONYM_KEYS[key_id], key_id), Context())
