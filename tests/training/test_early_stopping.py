from __future__ import annotations

import pytest

from training.domain.early_stopping import looks_without_gain, lowest
from training.domain.overfitting import verdict
from training.domain.run_files import EpochRecord


def history(*losses):
    return [EpochRecord(n, n, None, loss) for n, loss in enumerate(losses)]


def test_the_lowest_loss_is_best_and_of_equal_ones_the_first():
    assert lowest(history(1.0, 0.8, 0.9, 0.8)).step == 1


def test_a_loss_has_to_fall_by_half_a_percent_to_end_the_wait():
    assert looks_without_gain(history(1.0)) == 0
    assert looks_without_gain(history(1.0, 0.996, 0.996)) == 2
    assert looks_without_gain(history(1.0, 0.994)) == 0
    assert looks_without_gain(history(1.0, 0.5, 0.6, 0.7)) == 2


def test_many_small_steps_count_in_the_end():
    assert looks_without_gain(history(1.0, 0.997, 0.994)) == 0


@pytest.mark.parametrize(
    ("looks", "words"),
    [
        ([(None, 1.0), (0.9, 1.1)], "did not beat the model it started from"),
        (
            [(None, 1.0), (0.8, 0.7), (0.3, 0.9)],
            "Overfitting after step 20: the loss on DEV rose 29% while the training "
            "loss fell. Step 20 is kept.",
        ),
        ([(None, 1.0), (0.8, 0.8), (0.6, 0.7)], "Still improving"),
    ],
)
def test_the_looks_of_a_model_that_writes_are_judged_by_step(looks, words):
    history = [
        EpochRecord(1 if n else 0, 20 * n, train, dev)
        for n, (train, dev) in enumerate(looks)
    ]

    assert words in verdict(history, lowest(history))
