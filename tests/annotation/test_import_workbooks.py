"""Workbooks into rows, and those that are damaged or meant to harm."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import openpyxl

from tests.annotation.tables import read, refusal


def workbook(*table: list) -> bytes:
    book = openpyxl.Workbook()
    for cells in table:
        book.active.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_gives_dates_and_whole_numbers_and_skips_blank_rows():
    content = workbook(
        ["Number", "Opened", "Text"],
        [12345.0, datetime(2024, 1, 31, 13, 45), "down"],
        [None, None, None],
        ["INC2", None, "#N/A"],
    )

    found = read(content, "XLSX")

    assert [row.cells for row in found] == [
        {"Number": 12345, "Opened": "2024-01-31T13:45:00", "Text": "down"},
        {"Number": "INC2", "Opened": None, "Text": None},
    ]
    assert [row.number for row in found] == [2, 4]


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (200 << 20))

    error = refusal(out.getvalue(), "XLSX")

    assert error.code == "too_large"
    assert len(out.getvalue()) < 1 << 20


def test_a_workbook_with_entity_expansion_is_refused():
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        "<sheetData><row r='1'><c t='inlineStr'><is><t>&a;</t></is></c></row>"
        "</sheetData></worksheet>"
    )
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["a"], ["b"]))) as source,
        zipfile.ZipFile(out, "w") as target,
    ):
        for name in source.namelist():
            is_sheet = name.endswith("sheet1.xml")
            target.writestr(name, bomb if is_sheet else source.read(name))

    assert refusal(out.getvalue(), "XLSX").code == "bad_workbook"


def test_a_damaged_workbook_is_refused():
    whole = workbook(["a"], ["b"])

    assert refusal(whole[: len(whole) // 2], "XLSX").code == "bad_workbook"
    assert refusal(b"not a zip at all", "XLSX").code == "wrong_format"
