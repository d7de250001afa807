"""The checks of a dataset before it is frozen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from training.domain.findings import LISTED_PER_RULE
from training.domain.items import Item, Resemblance
from training.domain.recipe import GoldRule, Recipe, Split
from training.domain.recipe_choice import Holdout, HoldoutMode
from training.domain.validation import check_dataset

LEVELS = ("high", "low")
START = datetime(2026, 1, 1, tzinfo=UTC)


def sound(count: int = 200) -> list[Item]:
    """A dataset with nothing to say about it."""
    splits = [Split.TRAIN] * 7 + [Split.DEV, Split.CALIBRATION, Split.TEST]
    return [
        Item(
            id=f"T{n}",
            split=splits[n % 10],
            label=LEVELS[n // 10 % 2],
            fingerprint=f"{n}",
            opened_at=START + timedelta(hours=n, days=99 * (n % 10 == 9)),
        )
        for n in range(count)
    ]


def rules(items, recipe=None, **facts) -> dict[str, str]:
    findings = check_dataset(items, levels=LEVELS, recipe=recipe or Recipe(), **facts)
    return {finding.rule: finding.severity.value for finding in findings}


def test_a_sound_dataset_has_no_findings():
    assert rules(sound()) == {}


def test_an_exact_copy_in_another_split_is_an_error():
    items = sound()
    items[9] = replace(items[9], fingerprint=items[0].fingerprint)

    assert rules(items) == {"duplicate_across_splits": "E"}


def test_an_exact_copy_within_a_split_is_a_warning():
    items = sound()
    items[1] = replace(items[1], fingerprint=items[0].fingerprint)

    assert rules(items) == {"duplicate": "W"}


def test_one_text_with_two_labels_is_a_conflict():
    items = sound()
    items[10] = replace(items[10], fingerprint=items[0].fingerprint)

    assert rules(items) == {"duplicate_conflict": "W"}


def test_a_near_pair_matters_only_across_splits():
    across = Resemblance("T0", Split.TRAIN, "T9", Split.TEST, 0.91)
    within = Resemblance("T0", Split.TRAIN, "T1", Split.TRAIN, 0.91)

    assert rules(sound(), resemblances=[across]) == {
        "near_duplicate_across_splits": "E"
    }
    assert rules(sound(), resemblances=[within]) == {}


def test_an_unknown_label_is_an_error():
    items = sound()
    items[0] = replace(items[0], label="p7")

    assert rules(items)["label_unknown"] == "E"


def test_a_class_is_too_small_below_the_recipes_minimum():
    few = [i for i in sound() if i.label == "high" or i.split is not Split.TRAIN]
    kept = [i for i in sound() if i.label == "low" and i.split is Split.TRAIN]

    assert rules([*few, *kept[:5]]).get("class_too_small") is None
    assert rules([*few, *kept[:4]])["class_too_small"] == "E"
    assert "class_too_small" not in rules([*few, *kept[:4]], Recipe(min_per_class=4))


def test_a_level_that_never_occurs_is_only_a_warning():
    items = [replace(i, label="high") for i in sound()]

    assert rules(items) == {"class_absent": "W"}


def test_a_class_below_a_tenth_of_its_even_share_is_rare():
    items = sound(2000)
    low = [i for i in items if i.label == "low"]
    others = [i for i in items if i.label == "high"]

    found = rules([*others, *low[:40]], Recipe(min_per_class=1))

    assert found == {"class_rare": "W"}


@pytest.mark.parametrize(
    ("count", "severity"), [(9, "E"), (10, "W"), (49, "W"), (50, "I"), (99, "I")]
)
def test_few_training_examples_weigh_the_more_the_fewer_they_are(count, severity):
    train = [i for i in sound(300) if i.split is Split.TRAIN][:count]
    others = [i for i in sound(300) if i.split is not Split.TRAIN]

    found = rules([*train, *others], Recipe(min_per_class=1))

    assert found["few_examples"] == severity


def test_an_empty_split_is_mentioned():
    items = [i for i in sound() if i.split is not Split.DEV]

    assert rules(items) == {"split_empty": "W"}


def test_a_group_that_dominates_is_mentioned():
    train = [i for i in sound() if i.split is Split.TRAIN]
    others = [i for i in sound() if i.split is not Split.TRAIN]
    grouped = [replace(i, group="g-1") for i in train[:11]]

    assert rules([*grouped, *train[11:], *others]) == {"group_large": "W"}
    assert rules([*grouped[2:], *train[11:], *others]) == {}


def test_a_group_in_two_splits_is_a_leak():
    items = sound()
    items[0] = replace(items[0], group="g-1")
    items[9] = replace(items[9], group="g-1")

    assert items[0].split is not items[9].split
    assert rules(items) == {"group_across_splits": "E"}


def test_a_test_ticket_older_than_a_training_ticket_is_mentioned():
    temporal = Recipe(test=Holdout(HoldoutMode.LATEST, latest=10))
    mixed = [replace(item, opened_at=START) for item in sound()]

    assert rules(mixed, temporal) == {"test_before_train": "W"}
    assert rules(mixed) == {"test_before_train": "I"}
    assert rules(sound(), temporal) == {}


def test_a_single_source_and_waiting_gold_are_said():
    loose = Recipe(gold_rule=GoldRule.SINGLE_SOURCE)

    assert rules(sound(), loose) == {"single_source": "W"}
    assert rules(sound(), waiting_for_gold=3) == {"gold_waiting": "W"}


def test_a_rule_that_fires_often_is_listed_shortly_and_counted():
    items = [replace(i, label="p7") for i in sound(100)]

    findings = check_dataset(items, levels=LEVELS, recipe=Recipe())

    unknown = [f for f in findings if f.rule == "label_unknown"]
    assert len(unknown) == LISTED_PER_RULE + 1
    assert unknown[-1].message == "and 80 more of this rule, 100 in all"
