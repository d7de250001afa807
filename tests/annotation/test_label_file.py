"""Reading labels from CSV, and refusing what cannot be read."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.label_file import (
    LabelsRefused,
    ScaleKind,
    order_levels,
    read_labels,
    tabulate,
)


def _read(text):
    return read_labels(io.StringIO(text, newline=""))


def test_columns_may_stand_in_any_order_with_others_between():
    rows = _read("rater,note,label,item\nann,x,high,t1\nbob,,low,t1\n")

    assert rows == [("t1", "ann", "high"), ("t1", "bob", "low")]


def test_identifier_columns_are_accepted_under_their_long_names():
    assert _read("item_id,rater_id,label\n1,a,x\n") == [("1", "a", "x")]


def test_a_column_called_item_wins_over_item_id():
    assert _read("item,item_id,rater,label\n1,9,a,x\n") == [("1", "a", "x")]


def test_rows_without_a_label_are_missing_ratings():
    assert _read("item,rater,label\n1,a,\n1,b,x\n\n") == [("1", "b", "x")]


_REFUSED = {
    "nothing": ("", "empty"),
    "blank lines": ("\n  \n", "empty"),
    "header only": ("item,rater,label\n", "empty"),
    "no labels": ("item,rater,label\n1,a,\n", "empty"),
    "column missing": ("item,label\n1,x\n", "missing_column"),
    "column twice": ("item,rater,label,label\n1,a,x,y\n", "repeated_column"),
    "short row": ("item,rater,label\n1,a\n", "ragged_row"),
    "long row": ("item,rater,label\n1,a,x,y\n", "ragged_row"),
    "no item": ("item,rater,label\n,a,x\n", "missing_value"),
    "no rater": ("item,rater,label\n1,,x\n", "missing_value"),
    "open quote": ('item,rater,label\n1,a,"x\n', "not_csv"),
}


@pytest.mark.parametrize(("text", "code"), _REFUSED.values(), ids=_REFUSED)
def test_a_file_that_is_no_label_file_is_refused(text, code):
    with pytest.raises(LabelsRefused) as refusal:
        _read(text)

    assert refusal.value.code == code


def test_a_refusal_names_the_line_of_the_file():
    with pytest.raises(LabelsRefused, match="Line 4"):
        _read("item,rater,label\n\n1,a,x\n1,,x\n")


@given(
    st.lists(
        st.tuples(
            *[st.text(st.characters(codec="utf-8", exclude_characters="\r\0"))] * 3
        ).map(lambda row: tuple(cell.strip() for cell in row)),
        min_size=1,
    ).filter(lambda rows: all(cell for row in rows for cell in row))
)
def test_whatever_is_written_as_csv_is_read_back(rows):
    text = io.StringIO()
    csv.writer(text).writerows([("item", "rater", "label"), *rows])

    assert _read(text.getvalue()) == rows


@given(st.text())
def test_any_text_is_read_or_refused_but_never_read_as_nothing(text):
    with contextlib.suppress(LabelsRefused):
        assert _read(text)


def test_given_levels_count_even_where_nobody_uses_them():
    order = order_levels(["p2"], ScaleKind.ORDINAL, ["p1", "p2", "p3"])

    assert order.levels == ("p1", "p2", "p3")
    assert order.values == (0, 1, 2)
    assert order.ordered


def test_numbers_sort_by_value_and_keep_their_distances():
    order = order_levels(["10", "2", "1"], ScaleKind.ORDINAL, None)

    assert order.levels == ("1", "2", "10")
    assert order.values == (1, 2, 10)


def test_the_default_severities_need_no_levels():
    order = order_levels(["low", "critical"], ScaleKind.ORDINAL, None)

    assert order.levels == ("critical", "high", "medium", "low")


def test_words_without_an_order_are_fine_where_none_is_needed():
    order = order_levels(["wifi", "dns"], ScaleKind.NOMINAL, None)

    assert order.levels == ("dns", "wifi")
    assert not order.ordered


_BAD_LEVELS = {
    "unknown order": (["wifi", "dns"], ScaleKind.ORDINAL, None, "levels_needed"),
    "label outside": (["a", "z"], ScaleKind.ORDINAL, ["a", "b"], "unknown_level"),
    "level twice": (["a"], ScaleKind.ORDINAL, ["a", "a"], "bad_levels"),
    "one level": (["a"], ScaleKind.ORDINAL, ["a"], "bad_levels"),
    "empty level": (["a"], ScaleKind.NOMINAL, ["a", ""], "bad_levels"),
    "word on interval": (["1", "x"], ScaleKind.INTERVAL, None, "not_a_number"),
    "infinite": (["1", "inf"], ScaleKind.RATIO, None, "not_a_number"),
    "not a number": (["1", "nan"], ScaleKind.INTERVAL, None, "not_a_number"),
    "too many": ([str(n) for n in range(3000)], "interval", None, "too_many_levels"),
}


@pytest.mark.parametrize(
    ("labels", "kind", "given", "code"), _BAD_LEVELS.values(), ids=_BAD_LEVELS
)
def test_levels_that_make_no_scale_are_refused(labels, kind, given, code):
    with pytest.raises(LabelsRefused) as refusal:
        order_levels(labels, ScaleKind(kind), given)

    assert refusal.value.code == code


def test_a_long_stray_label_is_not_repeated_in_full():
    with pytest.raises(LabelsRefused) as refusal:
        order_levels(["x" * 500], ScaleKind.ORDINAL, ["a", "b"])

    assert len(refusal.value.message) < 120


def test_two_spellings_of_a_number_are_one_label_where_numbers_count():
    rows = [("1", "a", "2"), ("1", "b", "2.0"), ("2", "a", "1e1"), ("2", "b", "-0")]

    table, order = tabulate(rows, ScaleKind.INTERVAL)

    assert order.levels == ("0", "2", "10")
    assert table.codes.tolist() == [1, 1, 2, 0]
