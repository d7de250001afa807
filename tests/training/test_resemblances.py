"""Pairs of texts in two splits: all of them are counted, and all can be had."""

from __future__ import annotations

import csv

import pytest
from django.urls import reverse

from annotation.domain.comparing import THRESHOLD, advance
from annotation.domain.near_search import Search
from annotation.domain.sketches import sketch
from netft_site.base.refusals import Refused
from tests.training.built import build
from tests.training.pages import page_of, text_of
from tests.training.worlds import distinct_text, settle, settle_many
from training.domain.findings import Finding, Findings, Weight, merge
from training.domain.items import Resemblance
from training.domain.leak_checks import check_leaks
from training.domain.recipe import Split
from training.models import Dataset
from training.services.datasets import leakage

pytestmark = pytest.mark.django_db

FORM = "The usual form of the service desk, which every ticket of it begins with. "
CAST = ("alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory")
READERS = ("alice", "erin", "frank", "grace")


@pytest.fixture
def refused(project) -> Dataset:
    """A build that cutting has made copies in, more than are listed."""
    for number in range(80):
        body = f"{FORM * 5} {distinct_text(number)} " * 3
        settle(project, number, title="Form", body=body, fingerprint=f"{number}")
    with pytest.raises(Refused):
        build(project, length={"most": 75, "policy": "truncate"})
    return project.datasets.get()


def test_a_rule_says_how_often_it_fired_however_many_are_listed(refused):
    rule = "near_duplicate_across_splits"

    found = [f for f in refused.manifest["findings"] if f["rule"] == rule]

    total = len(leakage.read_kept(refused))
    assert total > 21
    assert len(found) == 21
    assert found[-1]["message"] == (
        f"and {total - 20} more of this rule, {total} in all"
    )


def test_lists_that_are_short_already_are_not_cut_again():
    found = Findings()
    for number in range(50):
        found.add(Finding("r", Weight.ERROR, "x", str(number)))

    merged = merge([Finding("a", Weight.WARNING, "y")], found.all())

    assert len(merged) == 22
    assert merged[20].message == "and 30 more of this rule, 50 in all"
    assert merged[21].rule == "a"


def test_the_page_and_the_api_give_every_pair_of_a_refused_build(
    refused, erin, browser_of
):
    browser = browser_of(erin)
    kept = leakage.read_kept(refused)
    api = "/api/v1/projects/noc/datasets/triage@1/resemblances/"

    page = browser.get(page_of(refused))
    table = browser.get(reverse("admin:training_dataset_resembling", args=[refused.pk]))
    listed = browser.get(f"{api}?skip=1&limit=2").json()

    assert "All pairs of texts in two splits" in text_of(page)
    rows = list(csv.DictReader(table.text.splitlines()))
    assert [row["first"] for row in rows] == [pair.first for pair in kept]
    assert listed["count"] == len(kept)
    assert [pair["first"] for pair in listed["pairs"]] == [
        pair.first for pair in kept[1:3]
    ]


@pytest.mark.parametrize("who", CAST)
def test_who_may_have_the_pairs(request, project, browser_of, who):
    settle_many(project, 60)
    dataset = build(project)
    browser = browser_of(request.getfixturevalue(who))

    answer = browser.get(
        reverse("admin:training_dataset_resembling", args=[dataset.pk])
    )

    other = 404 if who == "mallory" else 403
    assert answer.status_code == (200 if who in READERS else other)


def test_what_resembles_each_other_without_being_a_near_copy_only_warns():
    findings = Findings()
    pair = Resemblance("a", Split.TRAIN, "b", Split.TEST, 0.74)

    check_leaks([], [pair], findings)

    (found,) = findings.all()
    assert (found.rule, found.severity) == ("resemblance_across_splits", "W")
    assert "0.74" in found.message


def texts_alike(count: int) -> dict[int, str]:
    """Texts of which each pair shares most of its words, some near, some less."""
    common = distinct_text(1)
    own = [distinct_text(100 + n).split() for n in range(count)]
    return {
        n: f"{common} {' '.join(words[: 3 + n % 4])}" for n, words in enumerate(own)
    }


@pytest.mark.parametrize("count", [12, 60])
def test_showing_more_pairs_changes_nothing_in_the_near_ones(count):
    texts = texts_alike(count)
    sketches = sketch(list(texts), list(texts.values()))

    def found(**options) -> dict[tuple[int, int], float]:
        search = advance(
            Search(), sketches, lambda ids: {i: texts[i] for i in ids}, **options
        )
        return {(pair.a, pair.b): pair.similarity for pair in search.pairs()}

    near, shown = found(), found(shown_from=0.7)

    assert {p: s for p, s in shown.items() if s >= THRESHOLD} == near
    assert any(0.7 <= s < THRESHOLD for s in shown.values())
