"""Files are whole or absent; task arguments are ids."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netft_site.base.enqueue import enqueue
from netft_site.base.files import (
    HashingWriter,
    append_line,
    atomic_writer,
    sha256_of,
    write_atomic,
    write_json,
)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path):
    target = tmp_path / "manifest.json"
    target.write_text("old")

    write_atomic(target, "new")

    assert target.read_text() == "new"
    assert [path.name for path in tmp_path.glob("*manifest*")] == ["manifest.json"]


def test_a_crash_while_writing_leaves_the_old_file_and_no_debris(tmp_path: Path):
    target = tmp_path / "manifest.json"
    target.write_text("old")

    with pytest.raises(RuntimeError):
        _fail_half_way(target)

    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.glob("*manifest*")] == ["manifest.json"]


def _fail_half_way(target: Path) -> None:
    with atomic_writer(target) as stream:
        stream.write(b"half")
        raise RuntimeError("power")


def test_permissions_are_those_asked_for(tmp_path: Path):
    write_atomic(tmp_path / "key", b"secret", mode=0o600)

    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_equal_data_are_equal_bytes(tmp_path: Path):
    write_json(tmp_path / "a", {"b": 1, "a": "é"})
    write_json(tmp_path / "b", {"a": "é", "b": 1})

    assert sha256_of(tmp_path / "a") == sha256_of(tmp_path / "b")


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_a_hash_does_not_depend_on_the_pieces(pieces: list[bytes]):
    sink = io.BytesIO()
    writer = HashingWriter(sink)

    for piece in pieces:
        writer.write(piece)

    whole = b"".join(pieces)
    assert writer.sha256 == hashlib.sha256(whole).hexdigest()
    assert writer.size == len(whole)
    assert sha256_of(io.BytesIO(whole)) == writer.sha256


def test_appended_lines_stay_lines(tmp_path: Path):
    log = tmp_path / "events.jsonl"

    append_line(log, '{"a": 1}')
    append_line(log, '{"b": 2}', durable=True)

    assert log.read_text() == '{"a": 1}\n{"b": 2}\n'
    with pytest.raises(ValueError, match="newline"):
        append_line(log, "two\nlines")


@pytest.mark.parametrize(
    "value", ["a sentence of a ticket", {"id": 1}, None, True, 1.5, "x" * 101, "a\nb"]
)
def test_only_ids_and_plain_names_travel_to_a_task(value: object):
    with pytest.raises(ValueError, match="no id and no plain name") as caught:
        enqueue("training.tasks.launch_job", value)

    assert "sentence" not in str(caught.value)


@pytest.mark.django_db
def test_a_task_is_queued_when_the_transaction_commits(
    django_capture_on_commit_callbacks,
):
    from django_q.models import OrmQ

    with django_capture_on_commit_callbacks() as callbacks:
        enqueue("training.tasks.launch_job", 7)
        assert OrmQ.objects.count() == 0
    callbacks[0]()

    assert OrmQ.objects.count() == 1
    assert OrmQ.objects.get().task["args"] == (7,)
