"""The one way in which free text that people type is made safe before it is stored."""

from __future__ import annotations

from annotation.models import Project
from annotation.services.known_secrets import without_known_secrets
from annotation.services.sanitizing import sanitizer_for


def made_safe(project: Project, text: str) -> str | None:
    """Return typed text with every name and secret as its pseudonym.

    Secrets that were found before are replaced first, announced as such or not. None
    means that something cannot be made safe: the caller refuses it, in its own words.
    """
    if not text.strip():
        return ""
    found = sanitizer_for(project).sanitize(without_known_secrets(project, text))
    return None if found.held else found.text
