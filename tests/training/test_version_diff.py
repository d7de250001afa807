"""The difference of two versions as a calculation: what every pair must obey."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.domain.version_diff import (
    Item,
    Kind,
    Page,
    changed_settings,
    compare,
    read_kinds,
)

EVERYTHING = Page(size=None)
LEVELS = st.sampled_from(["critical", "high", "low"])


def item(number: int = 1, **values) -> Item:
    facts = {
        "name": f"INC{number}",
        "label": "high",
        "split": "TRAIN",
        "copies": 1,
        "text_sha256": "a",
        "category": "wan",
        "grade": "SENIOR",
    }
    return Item(identity=(number, "severity"), **{**facts, **values})


@st.composite
def versions(draw) -> list[Item]:
    numbers = draw(st.sets(st.integers(1, 12)))
    return [
        item(
            number,
            label=draw(LEVELS),
            split=draw(st.sampled_from(["TRAIN", "TEST"])),
            copies=draw(st.integers(1, 3)),
            text_sha256=draw(st.sampled_from("ab")),
            category=draw(st.sampled_from(["", "wan"])),
            grade=draw(st.sampled_from(["JUNIOR", "SENIOR"])),
        )
        for number in sorted(numbers)
    ]


@given(versions())
def test_a_version_does_not_differ_from_itself(version):
    found = compare(version, version, EVERYTHING)

    assert found.is_empty
    assert (found.unchanged, found.changes, found.counts) == (len(version), [], {})
    assert all(
        c.examples[0] == c.examples[1] for m in found.mix.values() for c in m.values()
    )


@given(versions(), versions())
def test_the_changes_turn_one_version_into_the_other(before, after):
    standing = {one.identity: one for one in before}

    for change in compare(before, after, EVERYTHING).changes:
        if change.before is not None:
            assert standing.pop(change.before.identity) == change.before
        if change.after is not None:
            standing[change.after.identity] = change.after

    assert [standing[key] for key in sorted(standing)] == after


@given(versions(), versions())
def test_the_way_back_is_the_way_there_mirrored(before, after):
    there, back = compare(before, after, EVERYTHING), compare(after, before, EVERYTHING)
    other = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}

    assert [(c.after, c.before) for c in there.changes] == [
        (c.before, c.after) for c in back.changes
    ]
    assert Counter({other.get(k, k): n for k, n in there.counts.items()}) == back.counts
    assert {(b, a): n for (a, b), n in there.labels.items()} == back.labels
    assert {(b, a): n for (a, b), n in there.splits.items()} == back.splits
    assert there.sizes == back.sizes[::-1]


@given(versions(), versions())
def test_the_counts_agree_with_one_another(before, after):
    found = compare(before, after, EVERYTHING)
    counts = found.counts

    assert found.sizes == (len(before), len(after))
    assert found.changed + found.unchanged == len(
        {x.identity for x in (*before, *after)}
    )
    assert found.sizes[1] - found.sizes[0] == counts[Kind.ADDED] - counts[Kind.REMOVED]
    assert sum(found.labels.values()) == counts[Kind.RELABELLED]
    assert sum(found.splits.values()) == counts[Kind.MOVED]
    for mix in found.mix.values():
        assert sum(c.examples[0] for c in mix.values()) == len(before)
        assert sum(c.rows[1] for c in mix.values()) == sum(x.copies for x in after)


@given(versions(), versions(), st.integers(0, 5), st.integers(1, 5))
def test_pages_laid_side_by_side_are_the_whole_list(before, after, skip, size):
    whole = compare(before, after, EVERYTHING).changes

    page = compare(before, after, Page(skip=skip, size=size))

    assert page.changes == whole[skip : skip + size]
    assert page.found == len(whole)


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        (Kind.RELABELLED, {"label": "low"}),
        (Kind.MOVED, {"split": "TEST"}),
        (Kind.REWORDED, {"text_sha256": "b"}),
        (Kind.COPIED, {"copies": 3}),
        (Kind.REGRADED, {"grade": "PRINCIPAL"}),
        (Kind.RECATEGORISED, {"category": "dns"}),
    ],
)
def test_each_kind_is_told_by_its_own_fact(kind, changed):
    found = compare([item()], [item(**changed)])

    assert found.counts == {kind: 1}
    assert found.changes[0].kinds == (kind,)


def test_an_example_may_differ_in_several_ways_and_is_one_change():
    found = compare([item()], [item(label="low", split="TEST")])

    assert found.changed == 1
    assert found.changes[0].kinds == (Kind.RELABELLED, Kind.MOVED)
    assert found.labels == {("high", "low"): 1}
    assert found.splits == {("TRAIN", "TEST"): 1}


def test_a_new_name_of_the_same_record_is_no_change():
    assert compare([item()], [item(name="renamed")]).is_empty


def test_a_page_lists_only_the_kinds_that_are_asked_for():
    before = [item(1), item(2), item(3)]
    after = [item(1, label="low"), item(2, split="TEST"), item(3, copies=2)]

    found = compare(before, after, Page(kinds=read_kinds(["moved", "copied"])))

    assert [change.item.name for change in found.changes] == ["INC2", "INC3"]
    assert (found.found, found.changed) == (2, 3)


def test_a_stream_out_of_order_is_refused():
    with pytest.raises(ValueError, match="order"):
        compare([item(2), item(1)], [])


def test_a_kind_that_is_none_is_refused():
    with pytest.raises(ValueError, match="sideways"):
        read_kinds(["sideways"])


def test_changed_settings_are_named_by_their_path():
    before = {"seed": 1, "shares": {"TRAIN": 0.6, "DEV": 0.4}, "test": None}
    after = {"seed": 2, "shares": {"TRAIN": 0.6}, "test": {"latest": 5}, "sizes": {}}

    assert changed_settings(before, after) == [
        ("seed", "1", "2"),
        ("shares.DEV", "0.4", "not set"),
        ("sizes", "not set", "none"),
        ("test", "none", "not set"),
        ("test.latest", "not set", "5"),
    ]


def test_equal_recipes_differ_in_nothing():
    assert (
        changed_settings({"shares": {"TRAIN": 1.0}}, {"shares": {"TRAIN": 1.0}}) == []
    )
