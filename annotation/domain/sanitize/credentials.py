"""Every detector of credentials, in one reading of a text."""

from __future__ import annotations

from annotation.domain.sanitize.blocks import find_blocks
from annotation.domain.sanitize.echoes import find_echoes
from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.grammar import find_keyword_values
from annotation.domain.sanitize.literals import Places
from annotation.domain.sanitize.mentions import Mention
from annotation.domain.sanitize.rules import find_commands, find_shapes
from annotation.domain.sanitize.sections import find_in_sections
from annotation.domain.sanitize.tables import find_columns
from annotation.domain.sanitize.views import View


def find_secrets(seen: View, places: Places, mentions: list[Mention]) -> list[Finding]:
    """Return the credentials of a view, and where else their values stand."""
    found = [*find_shapes(seen, places), *find_commands(seen, places)]
    found += find_blocks(seen)
    found += find_keyword_values(seen, mentions)
    found += find_columns(seen, mentions)
    found += find_in_sections(seen, places)
    found += find_echoes(seen, found)
    return found
