from __future__ import annotations

import numpy as np
import pytest

from training.ml.batching import Shape, parts, plan


def shape(**changes):
    values = {"epochs": 2, "batch": 4, "token_budget": 100, "looks": 1, "packs": True}
    return Shape(**{**values, **changes})


LENGTHS = np.array([90, 10, 50, 50, 30, 70, 20, 60, 40, 100, 5], dtype=np.int64)


def test_every_epoch_learns_from_every_row_once():
    made = plan(LENGTHS, 0, shape(), seed=1)

    for epoch in (1, 2):
        rows = [
            row
            for step in made.steps
            if step.epoch == epoch
            for part in step.parts
            for row in part
        ]
        assert sorted(rows) == list(range(len(LENGTHS)))


def test_equal_seeds_give_equal_plans_and_epochs_differ():
    first, again = (plan(LENGTHS, 0, shape(), seed=1) for _ in range(2))
    other = plan(LENGTHS, 0, shape(), seed=2)

    def flat(made):
        return [[p.tolist() for p in step.parts] for step in made.steps]

    assert flat(first) == flat(again) != flat(other)
    assert flat(first)[:3] != flat(first)[3:]


def test_domain_text_comes_first_and_alone():
    made = plan(LENGTHS, 3, shape(), seed=1)

    domain = [int(r) for s in made.steps if s.epoch == 0 for p in s.parts for r in p]
    assert sorted(domain) == [8, 9, 10]
    assert [step.epoch for step in made.steps] == [0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("looks", "expected"), [(1, {3, 6}), (2, {2, 3, 5, 6}), (9, {1, 2, 3, 4, 5, 6})]
)
def test_dev_is_looked_at_evenly_and_at_the_end_of_an_epoch(looks, expected):
    assert plan(LENGTHS, 0, shape(looks=looks), seed=1).looks == expected


@pytest.mark.parametrize("packs", [True, False])
def test_no_part_is_over_the_budget_unless_one_row_is(packs):
    rows = np.arange(len(LENGTHS), dtype=np.int64)

    made = parts(rows, LENGTHS, shape(packs=packs, token_budget=95))

    for part in made:
        lengths = LENGTHS[part]
        paid = lengths.sum() if packs else lengths.max() * len(part)
        assert paid <= 95 or len(part) == 1
    assert sorted(np.concatenate(made)) == list(rows)


def test_packing_takes_as_few_parts_as_it_can():
    rows = np.arange(len(LENGTHS), dtype=np.int64)

    # 525 tokens need six parts of 100 at least.
    assert len(parts(rows, LENGTHS, shape())) == 6
