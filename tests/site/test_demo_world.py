"""The synthetic world: its counts, its honesty, and what was planted in it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
import pytest

from annotation.domain.scale import Grade
from netft_site.demo_world import SecretKind, build_world

SEEDS = (7, 8, 9)
LEVELS = ("critical", "high", "medium", "low")


def labels_of(world, tickets):
    """The label each ticket ends with: adjudicated, else what most raters said."""
    votes = defaultdict(list)
    for review in world.reviews:
        votes[review.external_id].append(review.severity)
    settled = {one.external_id: one.severity for one in world.adjudications}
    return [
        settled.get(t.external_id) or Counter(votes[t.external_id]).most_common(1)[0][0]
        for t in tickets
    ]


def texts_of(tickets):
    return [f"{ticket.title}\n{ticket.body}" for ticket in tickets]


def tfidf_hits(world, train, test):
    """Which test tickets TF-IDF and logistic regression get right."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2)
    model = LogisticRegression(C=10, max_iter=500)
    model.fit(vectorizer.fit_transform(texts_of(train)), labels_of(world, train))
    predicted = model.predict(vectorizer.transform(texts_of(test)))
    return predicted == np.array(labels_of(world, test))


def test_the_batches_have_the_counts_of_the_story(world):
    wireless = [t for t in world.history if t.category == "wireless"]

    assert len(world.history) == 500
    assert len(wireless) == 20
    assert len(world.later) == 200
    assert sum(t.category == "wireless" for t in world.later) == 45
    assert len(world.wireless) == 120
    assert {t.category for t in world.wireless} == {"wireless"}
    assert sum(world.production_mix.values()) == pytest.approx(1)


def test_only_the_later_tickets_lie_in_the_test_window(world):
    assert all(t.opened_at < world.test_opens_at for t in world.history)
    assert all(t.opened_at < world.test_opens_at for t in world.wireless)
    assert all(t.opened_at >= world.test_opens_at for t in world.later)


def test_incidents_stay_within_their_batch(world):
    keys = [
        {t.incident_key for t in batch if t.incident_key}
        for batch in (world.history, world.later, world.wireless)
    ]

    assert all(keys)
    assert all(not a & b for a, b in combinations(keys, 2))
    storm_sizes = Counter(t.incident_key for t in world.history if t.incident_key)
    assert min(storm_sizes.values()) >= 2


def test_another_seed_tells_another_story(world):
    other = build_world(8)

    assert texts_of(other.history) != texts_of(world.history)


def test_only_the_planted_duplicates_repeat_a_ticket(world):
    counts = Counter(texts_of(world.tickets + world.duplicates))

    repeated = {text for text, count in counts.items() if count > 1}
    assert repeated == set(texts_of(world.duplicates))
    assert len(world.duplicates) == 2


def test_only_planted_copies_are_nearly_alike(world):
    from sklearn.feature_extraction.text import CountVectorizer

    texts = [masked(text) for text in texts_of(world.tickets)]
    shingles = CountVectorizer(analyzer="char", ngram_range=(5, 5), binary=True)
    present = shingles.fit_transform(texts).astype(np.int32)
    shared = (present @ present.T).toarray()
    sizes = shared.diagonal()
    similarity = shared / (sizes[:, None] + sizes[None, :] - shared)
    alike = {
        tuple(sorted((world.tickets[a].external_id, world.tickets[b].external_id)))
        for a, b in np.argwhere(np.triu(similarity, 1) >= 0.7)
    }

    planted = {
        tuple(sorted((t.external_id, t.copy_of))) for t in world.tickets if t.copy_of
    }
    assert alike == planted
    assert len(planted) == 8


def masked(text):
    """The text with addresses, host names and figures reduced to their kind."""
    text = re.sub(r"\b[a-z]{3}-[a-z]+(-[a-z]+)?\d+\b", "HOST", text.lower())
    return re.sub(r"[0-9a-f]*\d[0-9a-f.:]*", "0", text)


def test_levels_are_mixed_as_in_production(world):
    shares = Counter(t.level for t in world.tickets)
    total = len(world.tickets)

    assert 0.07 <= shares["critical"] / total <= 0.14
    assert 0.18 <= shares["high"] / total <= 0.31
    assert 0.32 <= shares["medium"] / total <= 0.47
    assert 0.18 <= shares["low"] / total <= 0.32


def test_no_single_word_gives_the_level_away(world):
    levels_by_word = defaultdict(Counter)
    for ticket in world.tickets:
        words = re.findall(r"[a-z0-9]+", f"{ticket.title} {ticket.body}".lower())
        for word in set(words):
            levels_by_word[word][ticket.level] += 1

    frequent = {w: c for w, c in levels_by_word.items() if c.total() >= 25}
    tell_tales = [w for w, c in frequent.items() if max(c.values()) / c.total() > 0.9]
    assert len(frequent) > 300
    assert tell_tales == []


@pytest.mark.parametrize("seed", SEEDS)
def test_reviewers_agree_pairwise_as_engineers_do(seed):
    world = build_world(seed)
    votes = defaultdict(list)
    for review in world.reviews:
        votes[review.external_id].append(review.severity)

    agreement = np.mean(
        [a == b for given in votes.values() for a, b in combinations(given, 2)]
    )

    assert 0.70 <= agreement <= 0.90
    assert {len(given) for given in votes.values()} == {2, 3}
    assert set(votes) == {t.external_id for t in world.tickets}


def test_juniors_slip_more_than_seniors_and_two_lean_apart(world):
    truth = {t.external_id: t.severity for t in world.tickets}
    errors = defaultdict(list)
    for review in world.reviews:
        step = LEVELS.index(review.severity) - truth[review.external_id]
        errors[review.reviewer].append(step)

    wrong = {who: np.mean(np.array(e) != 0) for who, e in errors.items()}
    lean = {who: np.mean(e) for who, e in errors.items()}
    assert wrong["jun.tamsin"] > wrong["sen.hedda"]
    assert wrong["jun.tamsin"] > wrong["pri.lucan"]
    assert lean["eng.marek"] < 0 < lean["eng.oriel"]
    assert len(errors) == 5


def test_every_test_ticket_can_become_gold(world):
    grades = {r.username: r.grade for r in world.reviewers}
    settled = {one.external_id: one for one in world.adjudications}
    raters = defaultdict(dict)
    for review in world.reviews:
        raters[review.external_id][review.reviewer] = review.severity

    for ticket in world.later:
        given = raters[ticket.external_id]
        decision = settled.get(ticket.external_id)
        needs = len(set(given.values())) > 1 or "critical" in given.values()
        assert (decision is not None) == needs
        assert any(grades[who] >= Grade.SENIOR for who in given)
        if decision:
            assert decision.reviewer not in given
            assert grades[decision.reviewer] >= Grade.SENIOR


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plain_text_model_lands_between_useless_and_perfect(seed):
    world = build_world(seed)

    hits = tfidf_hits(world, world.history, world.later)

    assert 0.55 <= hits.mean() <= 0.85


def test_wireless_is_weak_until_wireless_tickets_are_added():
    before, after, rest = [], [], []
    for seed in SEEDS:
        world = build_world(seed)
        wireless = np.array([t.category == "wireless" for t in world.later])
        first = tfidf_hits(world, world.history, world.later)
        second = tfidf_hits(world, world.history + world.wireless, world.later)
        before.append(first[wireless].mean())
        rest.append(first[~wireless].mean())
        after.append(second[wireless].mean())

    assert np.mean(before) < np.mean(rest) - 0.15
    assert np.mean(after) > np.mean(before) + 0.05


def test_every_planted_string_is_listed_and_invented(world):
    kinds = Counter(secret.kind for secret in world.secrets)

    assert set(kinds) == set(SecretKind)
    assert kinds[SecretKind.CREDENTIAL] > 100
    for ticket in world.tickets:
        text = f"{ticket.title}\n{ticket.body}"
        listed = {secret.value for secret in ticket.secrets}
        assert set(re.findall(r"[\w.-]+@[\w-]+\.example", text)) <= listed
        assert set(re.findall(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", text)) <= listed
    public = ("10.", "172.", "192.168.", "192.0.2.", "198.51.100.", "203.0.113.")
    assert all(
        secret.value.startswith(public)
        for secret in world.secrets
        if secret.kind is SecretKind.IPV4
    )


def test_credentials_are_never_part_of_one_another(world):
    values = [s.value for s in world.secrets if s.kind is SecretKind.CREDENTIAL]

    text = "\n".join(values)
    assert [v for v in values if text.count(v) > 1 or len(v) < 9] == []
