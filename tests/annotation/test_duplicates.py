"""Copies and near copies, found without comparing everything with everything."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.duplicates import clusters, fingerprint, near_duplicates
from annotation.domain.near_search import Pair
from annotation.domain.sanitize import Keyring

RING = Keyring(bytes(range(32)))
STORY = (
    "Users on the third floor of the building report that the wireless network drops "
    "every few minutes; the access point rebooted twice this morning and the switch "
    "port shows input errors. Replaced the patch cable, no change, escalated."
)


def _words(random: Random, count: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join(
        "".join(random.choices(letters, k=random.randint(3, 9))) for _ in range(count)
    )


def test_a_fingerprint_ignores_case_and_white_space_only():
    assert fingerprint("Link  DOWN\n") == fingerprint("link down")
    assert fingerprint("link down") != fingerprint("link up")
    assert fingerprint("at 10.1.1.1") != fingerprint("at 10.1.1.2")


def test_a_masked_fingerprint_ignores_which_host_it_was():
    first = f"{RING.token('hostname', 'rtr1')} at 10.1.1.1 and 7c21.0d3a.91f8 down"
    second = f"{RING.token('hostname', 'rtr2')} at 10.9.9.9 and 00:11:22:33:44:55 down"

    assert fingerprint(first, masked=True) == fingerprint(second, masked=True)
    assert fingerprint(first) != fingerprint(second)


@pytest.mark.parametrize(
    "copy",
    [
        STORY.upper(),
        STORY.replace("third floor", "fifth floor"),
        f"Please see below > {STORY}",
        " ".join(sorted(STORY.split(". "), reverse=True)),
    ],
)
def test_edited_copies_are_near_duplicates(copy: str):
    random = Random(1)
    texts = [_words(random, 40), STORY, _words(random, 40), copy]

    pairs = near_duplicates(texts, threshold=0.7)

    assert [(pair.a, pair.b) for pair in pairs] == [(1, 3)]
    assert pairs[0].similarity >= 0.7


def test_texts_about_other_things_are_not_near():
    random = Random(2)

    assert near_duplicates([_words(random, 60) for _ in range(200)]) == []


def test_the_similarity_is_the_jaccard_similarity_of_five_character_pieces():
    one, other = f"{STORY} one", f"{STORY} two"
    folded = [one.lower(), other.lower()]
    pieces = [{text[n : n + 5] for n in range(len(text) - 4)} for text in folded]
    expected = len(pieces[0] & pieces[1]) / len(pieces[0] | pieces[1])

    pairs = near_duplicates([one, other])

    assert pairs == [Pair(0, 1, pytest.approx(expected))]


def test_most_edited_tickets_are_found_among_many():
    random = Random(3)
    texts = [_words(random, 80) for _ in range(600)]
    expected = set()
    for source in range(0, 600, 3):
        words = texts[source].split()
        for _ in range(3):
            words[random.randrange(len(words))] = "changed"
        expected.add((source, len(texts)))
        texts.append(" ".join(words))

    found = {(pair.a, pair.b) for pair in near_duplicates(texts)}

    assert len(found & expected) >= 0.9 * len(expected)
    assert found <= expected


def test_a_reply_that_quotes_a_whole_ticket_is_near_it_however_long_it_is():
    quoted = "\n".join(f"> {line}" for line in STORY.split("; "))
    reply = f"{_words(Random(4), 60)}\n\nOn 3 Nov 2026 somebody wrote:\n{quoted}"

    pairs = near_duplicates([STORY, _words(Random(5), 40), reply])

    assert [(pair.a, pair.b) for pair in pairs] == [(0, 2)]
    assert pairs[0].similarity >= 0.9


def test_a_reply_is_near_a_reply_only_through_the_ticket_they_quote():
    replies = [f"{_words(Random(n), 60)}\n\n> {STORY}" for n in (1, 2)]

    assert near_duplicates(replies) == []
    alone = [(pair.a, pair.b) for pair in near_duplicates([*replies, STORY])]
    assert alone == [(0, 2), (1, 2)]


def test_a_few_quoted_words_make_no_copy():
    random = Random(6)
    short = "uplink is down, please call back"
    reply = f"{_words(random, 60)}\n> {short}"

    assert near_duplicates([short, reply]) == []


def test_a_text_that_quotes_a_copy_of_itself_is_no_pair():
    assert near_duplicates([f"{STORY}\n> {STORY}"]) == []


def test_among_many_equal_quotations_each_finds_its_ticket():
    replies = [f"{_words(Random(n), 60)}\n\n> {STORY}" for n in range(60)]

    pairs = near_duplicates([*replies, STORY])

    assert clusters(61, pairs) == [0] * 61
    assert {pair.b for pair in pairs} == {60}


def test_empty_texts_resemble_nothing():
    assert near_duplicates(["", " ", "\n"]) == []


def test_short_texts_are_compared_too():
    assert [p.similarity for p in near_duplicates(["down", "Down ", "up"])] == [1.0]


def test_a_huge_bucket_of_copies_gives_one_pair_a_copy():
    texts = [STORY] * 20_000

    pairs = near_duplicates(texts)

    assert len(pairs) == 19_999
    assert set(clusters(len(texts), pairs)) == {0}


def test_a_crowd_of_templates_becomes_one_cluster_without_all_pairs():
    texts = [f"{STORY} The ticket is number {n}." for n in range(1500)]

    pairs = near_duplicates(texts)

    assert set(clusters(len(texts), pairs)) == {0}
    assert len(pairs) < 1500 * 100


@given(
    st.lists(
        st.tuples(st.integers(0, 19), st.integers(0, 19)).filter(lambda p: p[0] < p[1])
    )
)
def test_a_cluster_is_everything_that_pairs_connect(edges: list[tuple[int, int]]):
    found = clusters(20, [Pair(a, b, 1.0) for a, b in edges])

    joined = {
        n: min(m for m in range(20) if _connected(n, m, edges)) for n in range(20)
    }
    assert found == [joined[n] for n in range(20)]


def _connected(a: int, b: int, edges: list[tuple[int, int]]) -> bool:
    seen, todo = {a}, [a]
    while todo:
        at = todo.pop()
        for edge in edges:
            if at in edge:
                for other in edge:
                    if other not in seen:
                        seen.add(other)
                        todo.append(other)
    return b in seen
