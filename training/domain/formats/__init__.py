"""The formats that a frozen dataset is written in.

`registry` names them, `shapes` lay an exchange out, `markers` keep a ticket's text
from looking like the start of a turn, `hub_folder` makes a folder for `datasets`.
"""

from training.domain.formats.registry import (
    FORMATS,
    Format,
    convert,
    encode_rows,
    find_format,
    read_turns,
)
from training.domain.rows import FormatError, Row, encode_line, read_row, rows_of
from training.domain.tasks import VERDICT_LINE

__all__ = [
    "FORMATS",
    "VERDICT_LINE",
    "Format",
    "FormatError",
    "Row",
    "convert",
    "encode_line",
    "encode_rows",
    "find_format",
    "read_row",
    "read_turns",
    "rows_of",
]
