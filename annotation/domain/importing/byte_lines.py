"""Lines out of a byte stream: strictly UTF-8, none longer than allowed.

Memory stays within one chunk and one line, so a file that is a single line of 200 MB
is refused after the limit, not after it was read. Files that are no text at all are
recognised by their first bytes and refused in words.
"""

from __future__ import annotations

from collections.abc import Iterator

from annotation.domain.importing.byte_source import ByteSource
from annotation.domain.importing.refusals import FileRefused

CHUNK = 1 << 18
LINE_LIMIT = 8 << 20
BOM = b"\xef\xbb\xbf"

_NOT_TEXT = (
    (b"PK\x03\x04", "wrong_format", "The file is a zip or Excel file, not text."),
    (b"\xd0\xcf\x11\xe0", "wrong_format", "The file is an old or protected Excel file; "
     "save it as .xlsx without a password."),
    (b"\x1f\x8b", "wrong_format", "The file is compressed; unpack it first."),
    (b"%PDF", "wrong_format", "The file is a PDF, not a table."),
    (b"\xff\xfe", "wrong_encoding", "The file is UTF-16; save it as UTF-8."),
    (b"\xfe\xff", "wrong_encoding", "The file is UTF-16; save it as UTF-8."),
)  # fmt: skip


def check_head(head: bytes) -> None:
    """Refuse what the first bytes give away: no bytes, another format or encoding.

    Raises
    ------
    FileRefused
        empty_file, wrong_format or wrong_encoding.
    """
    if not head:
        raise FileRefused("empty_file", "The file is empty.")
    for magic, code, message in _NOT_TEXT:
        if head.startswith(magic):
            raise FileRefused(code, message)
    if len(head) >= 4 and (head[1::2][:8].count(0) >= 2 or head[::2][:8].count(0) >= 2):
        raise FileRefused(
            "wrong_encoding", "The file looks like UTF-16 without a mark; use UTF-8."
        )


def byte_chunks(stream: ByteSource) -> Iterator[bytes]:
    """Yield the stream in chunks once its head has passed `check_head`."""
    head = stream.read(CHUNK)
    check_head(head)
    yield head
    while chunk := stream.read(CHUNK):
        yield chunk


def lines(stream: ByteSource, *, limit: int = LINE_LIMIT) -> Iterator[str]:
    """Yield decoded lines with their ends, without a byte order mark.

    A carriage return ends a line where the first chunk has no newline at all.

    Raises
    ------
    FileRefused
        empty_file, wrong_format, wrong_encoding (with the offset of the byte) or
        line_too_long (with the number of the line).
    """
    offset = 0
    for number, raw in enumerate(_raw_lines(stream, limit), start=1):
        if len(raw) > limit:
            raise FileRefused(
                "line_too_long",
                f"Line {number:,} is longer than {limit >> 20} MiB: "
                "that is no ticket of a table.",
            )
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise wrong_byte(offset + error.start, number) from error
        yield text.removeprefix("\ufeff") if number == 1 else text
        offset += len(raw)


def wrong_byte(offset: int, line: int | None = None) -> FileRefused:
    """The refusal for a byte that is not UTF-8."""
    where = f" (line {line:,})" if line else ""
    return FileRefused(
        "wrong_encoding",
        f"The file is not UTF-8: the byte at offset {offset:,}{where} cannot be read. "
        "Save the file as UTF-8.",
    )


def _raw_lines(stream: ByteSource, limit: int) -> Iterator[bytes]:
    """Yield byte lines; one that passes the limit comes cut and ends the stream."""
    pending: list[bytes] = []
    size = 0
    end = b""
    for chunk in byte_chunks(stream):
        end = end or (b"\r" if b"\n" not in chunk and b"\r" in chunk else b"\n")
        *complete, rest = chunk.split(end)
        for piece in complete:
            yield b"".join((*pending, piece, end))
            pending, size = [], 0
        if rest:
            pending.append(rest)
            size += len(rest)
        if size > limit:
            break
    if pending:
        yield b"".join(pending)
