"""Reading pages as people do."""

from __future__ import annotations

import re


def content(answer) -> str:
    """The page's text, tags away and space made single."""
    text = re.sub(r"<(script|style).*?</\1>", " ", answer.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())
