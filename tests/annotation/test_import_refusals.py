"""Files that cannot be read: refused in words, and nothing stays."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from annotation.models import ImportBatch, Record
from annotation.services import importing
from netft_site.base.refusals import Refused
from tests.annotation.imports import spools

pytestmark = pytest.mark.django_db


def test_a_damaged_spool_fails_the_import_in_words(project):
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(b"id,text\n1,one\n"),
        file_name="a.csv",
        source="UPLOAD",
    )
    importing.start(batch=batch, now=timezone.now(), in_background=False)
    path = Path(batch.spool_path)
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)

    batch = importing.run_chunk(batch_id=batch.pk, now=timezone.now())

    assert batch.status == "FAILED"
    assert "damaged" in batch.refusal


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.csv", "empty_file"),
        (b"id,text\n", "a.csv", "empty_file"),
        (b"id,colour\n1,red\n", "a.csv", "missing_column"),
        (b"id,text\n1,K\xf6ln\n", "a.csv", "wrong_encoding"),
        (b"id,text\n1,x\n", "a.pdf", "unknown_format"),
        (b"id,text\n" + b"1," + b"x" * (9 << 20), "a.csv", "line_too_long"),
        (b"{}{", "a.jsonl", "no_rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_changes_nothing(
    project, content, name, code, tmp_path
):
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(Refused) as caught:
        call_command("import_records", path, project="noc", stderr=io.StringIO())

    assert caught.value.code == code
    assert not ImportBatch.objects.exists()
    assert not Record.objects.exists()
    assert spools() == []


def test_a_file_without_a_header_never_shows_its_first_row(project):
    content = "INC1,the enable password is Xk8#qLm2vB,10.1.2.3\n1,2,3\n"
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(content.encode()),
        file_name="a.csv",
        source="COMMAND",
    )

    with pytest.raises(Refused) as missing:
        importing.start(batch=batch, now=timezone.now())
    with pytest.raises(Refused) as unsafe:
        importing.start(
            batch=batch,
            now=timezone.now(),
            asked={"body": ["the enable password is Xk8#qLm2vB"]},
        )

    assert missing.value.code == "missing_column"
    assert "INC1, (column 2)" in missing.value.message
    assert unsafe.value.code == "unsafe_column"
    for refusal in (missing, unsafe):
        assert "Xk8#qLm2vB" not in refusal.value.message
