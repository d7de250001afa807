"""Files and API rows in, sanitized records out.

Receive a file, start its import, run it in chunks; or add rows at once. What each
verb does stands in its own module; this is the door to them.
"""

from __future__ import annotations

from annotation.services.importing.adding import add
from annotation.services.importing.mappings import save_mapping
from annotation.services.importing.outcomes import RowOutcome, RowStatus, tally
from annotation.services.importing.previewing import PreviewRow, columns, preview
from annotation.services.importing.receiving import (
    ImportRefused,
    discard,
    receive,
    resume_stalled,
    settle,
    start,
    unfinished_twin,
)
from annotation.services.importing.rejects import read_rejects
from annotation.services.importing.running import finish, run_chunk, run_to_end

__all__ = [
    "ImportRefused",
    "PreviewRow",
    "RowOutcome",
    "RowStatus",
    "add",
    "columns",
    "discard",
    "finish",
    "preview",
    "read_rejects",
    "receive",
    "resume_stalled",
    "run_chunk",
    "run_to_end",
    "save_mapping",
    "settle",
    "start",
    "tally",
    "unfinished_twin",
]
