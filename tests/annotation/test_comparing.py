"""A search for near copies in steps: whole, kept, broken off or begun again."""

from __future__ import annotations

import io
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.domain import comparing, judging
from annotation.domain.comparing import advance
from annotation.domain.duplicates import clusters
from annotation.domain.judging import TextChanged
from annotation.domain.near_search import Search
from annotation.domain.sketches import Sketches, sketch

WORDS = (
    "uplink", "switch", "optic", "fan", "route", "alarm", "users", "floor", "path",
)  # fmt: skip


def _story(number: int) -> list[str]:
    random = Random(number)
    return [f"{random.choice(WORDS)}{random.randrange(1000)}" for _ in range(40)]


def _text(story: int, edits: int, is_quoted: bool) -> str:
    words = _story(story)
    for place in range(edits):
        words[place * 5] = f"edit{edits}"
    if is_quoted:
        return f"{' '.join(_story(50 + edits)[:15])}\n> {' '.join(words)}"
    return " ".join(words)


corpora = st.lists(
    st.builds(_text, st.integers(0, 2), st.integers(0, 4), st.booleans()), max_size=24
)


class Shelf:
    """Texts by owner, and how they were asked for."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = dict(enumerate(texts))
        self.read = 0

    def __call__(self, owners) -> dict[int, str]:
        self.read += len(owners)
        return {owner: self.texts[owner] for owner in owners}

    def sketches(self) -> Sketches:
        return sketch(self.texts, self.texts.values())


def whole(texts: list[str]) -> Search:
    shelf = Shelf(texts)
    return advance(Search(), shelf.sketches(), shelf)


def in_steps(texts: list[str], characters: int) -> tuple[Search, int]:
    """Search a little at a time; all that survives a step is what was written."""
    shelf, search, steps = Shelf(texts), Search(), 0
    while not search.is_done:
        search = advance(search, shelf.sketches(), shelf, characters=characters)
        content = io.BytesIO()
        np.savez(content, **search.columns())
        content.seek(0)
        search = Search.of_columns(np.load(content))
        steps += 1
    return search, steps


@pytest.fixture
def narrow(monkeypatch):
    """Buckets that are crowded early, and comparisons a few at a time."""
    monkeypatch.setattr(comparing, "_FULL_BUCKET", 3)
    monkeypatch.setattr(comparing, "_LEADERS", 2)
    monkeypatch.setattr(judging, "_COMPARED_AT_ONCE", 2)
    monkeypatch.setattr(judging, "_KEPT_PIECES", 500)
    monkeypatch.setattr(judging, "_ESTIMATED_AT_ONCE", 5)


@settings(deadline=None)
@given(corpora, st.integers(0, 3000))
def test_steps_find_what_one_go_finds(texts: list[str], characters: int):
    assert in_steps(texts, characters)[0].pairs() == whole(texts).pairs()


def test_steps_through_crowds_find_what_one_go_finds(narrow):
    texts = [_text(n % 3, n % 5, n % 4 == 0) for n in range(60)]

    search, steps = in_steps(texts, 500)

    assert search.pairs() == whole(texts).pairs()
    assert steps > 10


@settings(deadline=None)
@given(corpora, st.randoms(use_true_random=False))
def test_the_order_of_texts_changes_no_pair(texts: list[str], random: Random):
    shuffled = list(range(len(texts)))
    random.shuffle(shuffled)

    def named(search: Search, names: list[int]) -> set[frozenset[int]]:
        firsts = clusters(len(texts), search.pairs())
        groups: dict[int, set[int]] = {}
        for at, first in enumerate(firsts):
            groups.setdefault(first, set()).add(names[at])
        return {frozenset(group) for group in groups.values()}

    straight = named(whole(texts), list(range(len(texts))))
    assert named(whole([texts[at] for at in shuffled]), shuffled) == straight


@settings(deadline=None)
@given(corpora, st.randoms(use_true_random=False))
def test_the_order_of_sketches_changes_nothing(texts: list[str], random: Random):
    shelf = Shelf(texts)
    sketches = shelf.sketches()
    order = list(range(len(sketches)))
    random.shuffle(order)

    shuffled = sketches.take(np.array(order, dtype=np.int64))

    assert advance(Search(), shuffled, shelf).pairs() == whole(texts).pairs()


@settings(deadline=None)
@given(corpora)
def test_pairs_rise_and_come_once_with_the_lower_end_first(texts: list[str]):
    ends = [(pair.a, pair.b) for pair in whole(texts).pairs()]

    assert ends == sorted(set(ends))
    assert all(a < b for a, b in ends)


def test_a_new_text_is_compared_without_comparing_the_others_again():
    texts = [_text(story, edits, False) for story in range(8) for edits in range(3)]
    before, more = whole(texts), [*texts, _text(7, 3, False)]
    shelf = Shelf(more)

    search = advance(before.begun_again(), shelf.sketches(), shelf)

    assert search.pairs() == whole(more).pairs()
    assert len(search.pairs()) > len(before.pairs())
    assert 0 < shelf.read <= 4


def test_a_text_that_is_not_the_one_that_was_sketched_is_never_compared():
    shelf = Shelf([_text(1, 0, False), _text(1, 1, False)])
    sketches = shelf.sketches()
    shelf.texts[1] = _text(1, 2, False)

    with pytest.raises(TextChanged) as raised:
        advance(Search(), sketches, shelf)

    assert raised.value.owner == 1


def test_a_text_that_is_gone_counts_as_changed():
    shelf = Shelf([_text(1, 0, False), _text(1, 1, False)])

    with pytest.raises(TextChanged):
        advance(Search(), shelf.sketches(), lambda owners: {})
