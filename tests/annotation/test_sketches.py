"""Sketches: of one text alone, and never mixed with those of another version."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.masking import mask
from annotation.domain.sketches import VERSION, Sketches, pieces, sketch

REPLY = """Any news on this one? Users call again.

On Tue, 3 Nov 2026 at 10:12, ZPERSON_AAAAAAAAAABBB wrote:
> Uplink of 10.1.2.3 flaps since the change window; 00:11:22:33:44:55 moved between
> two ports, \N{LATIN SMALL LETTER U WITH DIAERESIS}bertragung slow, optic replaced.
"""


def test_a_change_of_what_a_sketch_is_needs_a_new_version():
    """Change `VERSION` with the value: kept sketches are made anew then."""
    told = sketch([7], [REPLY])
    content = b"".join(column.tobytes() for column in told.columns().values())

    assert len(told) == 2
    assert (VERSION, hashlib.sha256(content).hexdigest()[:16]) == (
        "2.2",
        "9b942c0b5c33ce7b",
    )


def test_a_sketch_does_not_depend_on_what_else_is_sketched():
    alone = sketch([3], [REPLY])
    among = sketch([1, 3, 5], ["x y z", REPLY, "something else"])

    same = among.take(among.owners == 3)
    assert np.array_equal(alone.rows, same.rows)
    assert np.array_equal(alone.contents, same.contents)


def test_empty_texts_have_no_sketch():
    assert len(sketch([1, 2, 3], ["", " \n", "x"])) == 1
    assert len(sketch([], [])) == len(Sketches.none()) == 0


@given(st.lists(st.text(max_size=30).map(mask).filter(bool), min_size=1, max_size=6))
def test_pieces_are_the_different_runs_of_five_characters(texts: list[str]):
    found = pieces(texts)

    for text, hashes in zip(texts, found, strict=True):
        padded = text.ljust(5, "\0")
        runs = {padded[n : n + 5] for n in range(len(padded) - 4)}
        assert len(hashes) == len(runs)
        assert np.array_equal(hashes, pieces([text])[0])
