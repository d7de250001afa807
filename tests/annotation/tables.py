"""Bytes into rows, or into the refusal."""

from __future__ import annotations

import io

import pytest

from annotation.domain.importing.refusals import FileRefused
from annotation.domain.importing.table import FileFormat, rows


def read(content: bytes | str, file_format: str) -> list:
    data = content.encode() if isinstance(content, str) else content
    return list(rows(io.BytesIO(data), FileFormat(file_format)))


def refusal(content: bytes | str, file_format: str) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read(content, file_format)
    return caught.value
