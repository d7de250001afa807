"""Text files into rows: formats, limits, and refusals in words."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from annotation.domain.importing.byte_lines import CHUNK, LINE_LIMIT
from annotation.domain.importing.refusals import FileRefused
from annotation.domain.importing.table import FileFormat, format_of, rows
from tests.annotation.tables import read, refusal

CELL = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=30
)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@settings(max_examples=40, deadline=None)
@given(table=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6))
def test_what_a_csv_writer_writes_is_read_back(delimiter: str, table):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["id", "text"])
    writer.writerows(table)
    filled = [cells for cells in table if any(cell.strip() for cell in cells)]

    assume(filled)

    found = read(out.getvalue(), "CSV")

    assert [tuple(row.cells.values()) for row in found] == filled


@settings(max_examples=60, deadline=None)
@given(
    objects=st.lists(
        st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
            st.none() | st.booleans() | CELL | st.integers(-(10**9), 10**9),
            max_size=4,
        ),
        min_size=1,
        max_size=6,
    ),
    container=st.sampled_from([None, "records", "result"]),
)
def test_a_json_array_and_json_lines_hold_the_same_rows(objects, container):
    payload = objects if container is None else {"count": 1, container: objects}
    line_by_line = "\n".join(json.dumps(one) for one in objects)

    from_array = read(json.dumps(payload, ensure_ascii=False), "JSON")
    from_lines = read(line_by_line, "JSONL")

    assert [row.cells for row in from_array] == objects
    assert [row.cells for row in from_lines] == objects


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=300), file_format=st.sampled_from(list(FileFormat)))
# Bytes at random are seldom a file without rows, or one of good and bad rows.
@example(content=b"id,text\n", file_format=FileFormat.CSV)
@example(content=b'{"id": 1}\n\n[1]\n', file_format=FileFormat.JSONL)
def test_any_bytes_are_rows_or_a_refusal(content: bytes, file_format: FileFormat):
    found, refused = [], None
    try:
        found = read(content, file_format)
    except FileRefused as error:
        refused = error

    numbers = [row.number for row in found]
    assert numbers or (refused and refused.code and refused.message)
    assert numbers == sorted(set(numbers))
    assert not [row for row in found if row.problem and row.cells]


def test_a_byte_order_mark_is_no_part_of_the_first_column():
    found = read(b"\xef\xbb\xbfid,text\n1,down\n", "CSV")

    assert found[0].cells == {"id": "1", "text": "down"}
    assert found[0].number == 2


def test_a_quoted_cell_may_hold_newlines_and_quotes():
    found = read('id,text\n1,"first\nsecond ""quoted"""\n2,next\n', "CSV")

    assert found[0].cells["text"] == 'first\nsecond "quoted"'
    assert [row.cells["id"] for row in found] == ["1", "2"]


def test_a_repeated_column_becomes_a_list():
    found = read("key,Comment,Comment\nA,one,two\nB,only,\n", "CSV")

    assert found[0].cells["Comment"] == ["one", "two"]
    assert found[1].cells["Comment"] == "only"


def test_bad_rows_travel_with_their_number_and_reason_and_good_ones_are_kept():
    found = read('id,text\n1,ok\n2,too,many\n"3"x,bad\n4,fine\n', "CSV")

    assert [(row.number, row.problem) for row in found] == [
        (2, ""),
        (3, "the row has more cells than the header"),
        (4, "the row is quoted wrongly"),
        (5, ""),
    ]


def test_a_bad_line_of_json_lines_is_one_bad_row():
    found = read('{"a": 1}\n{"a": \n[1]\n\n{"a": NaN}\n{"a": 2}\n', "JSONL")

    assert [(row.number, bool(row.problem)) for row in found] == [
        (1, False),
        (2, True),
        (3, True),
        (5, True),
        (6, False),
    ]


@pytest.mark.parametrize("file_format", ["CSV", "TSV", "JSON", "JSONL", "XLSX"])
def test_an_empty_file_is_refused(file_format: str):
    assert refusal(b"", file_format).code == "empty_file"


@pytest.mark.parametrize(
    ("content", "file_format"),
    [("id,text\n", "CSV"), ("[]", "JSON"), ("\n\n", "JSONL"), ("\n \n", "CSV")],
)
def test_a_file_without_a_row_is_refused(content: str, file_format: str):
    assert refusal(content, file_format).code == "empty_file"


@pytest.mark.parametrize("file_format", ["CSV", "JSONL"])
def test_a_wrong_encoding_names_the_byte(file_format: str):
    good = b'{"a": "x"}\n' if file_format == "JSONL" else b"id,text\n"

    error = refusal(good + b'{"a": "K\xf6ln"}\n', file_format)

    assert error.code == "wrong_encoding"
    assert f"offset {len(good) + 8}" in error.message
    assert "line 2" in error.message


def test_a_wrong_byte_late_in_a_json_array_is_found_at_its_offset():
    head = b'[{"a": "' + b"x" * (CHUNK - 10)

    error = refusal(head + b'\xc3"}]', "JSON")

    assert error.code == "wrong_encoding"
    assert f"{len(head):,}" in error.message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_recognised(encoding: str):
    assert "UTF-16" in refusal("id,text\n1,down\n".encode(encoding), "CSV").message


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"PK\x03\x04rest", "Excel"),
        (b"\xd0\xcf\x11\xe0", "old or protected Excel"),
        (b"\x1f\x8b", "compressed"),
    ],
)
def test_another_kind_of_file_is_named(content: bytes, word: str):
    error = refusal(content, "CSV")

    assert error.code == "wrong_format"
    assert word in error.message


class Endless:
    """A stream of one line that counts how much of it was read."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.given = 0

    def read(self, size: int) -> bytes:
        head, self.head = self.head[:size], self.head[size:]
        self.given += size
        return head + b"x" * (size - len(head))


@pytest.mark.parametrize(
    ("file_format", "head"),
    [("CSV", b""), ("JSONL", b'{"a": "'), ("JSON", b'[{"a": "'), ("CSV", b'"')],
)
def test_an_endless_line_is_refused_after_the_limit(file_format: str, head: bytes):
    stream = Endless(head)

    with pytest.raises(FileRefused) as caught:
        list(rows(stream, FileFormat(file_format)))

    assert caught.value.code == "line_too_long"
    assert stream.given <= LINE_LIMIT + 4 * CHUNK


def test_a_quote_that_is_never_closed_refuses_the_file():
    error = refusal('id,text\n1,ok\n2,"open\n3,swallowed\n4,swallowed\n', "CSV")

    assert error.code == "open_quote"
    assert "row 3" in error.message


def test_json_that_is_no_array_says_what_is_wanted():
    error = refusal('{"a": {"records": [1]}}', "JSON")

    assert error.code == "no_array"
    assert "records" in error.message


def test_json_lines_named_json_get_a_hint():
    assert ".jsonl" in refusal('[{"a": 1}]\n[{"a": 2}]\n', "JSON").message


@pytest.mark.parametrize("content", ['[{"a": 1}, {"a": ', '[{"a": 1} {"a": 2}]'])
def test_broken_json_never_quotes_the_file(content: str):
    error = refusal(content.replace('"a"', '"secret-canary"'), "JSON")

    assert error.code == "bad_json"
    assert "canary" not in error.message


def test_deep_nesting_is_a_bad_row_not_a_crash():
    deep = "[" * 5000 + "]" * 5000

    from_lines = read(f'{{"a": {deep}}}\n{{"a": 1}}\n', "JSONL")
    from_array = read(f'[{{"a": {deep}}}, {{"a": 1}}]', "JSON")

    assert [bool(row.problem) for row in from_lines][1] is False
    assert [bool(row.problem) for row in from_array] == [True, False]


def test_the_format_follows_the_ending():
    assert format_of("Export.2024.CSV") is FileFormat.CSV
    assert format_of("a.ndjson") is FileFormat.JSONL
    with pytest.raises(FileRefused, match=r"\.csv"):
        format_of("tickets.pdf")
