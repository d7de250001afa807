from __future__ import annotations

import math

import numpy as np
import pytest

from tests.training.ml_runs import (
    LABELS,
    baseline_spec,
    classify_spec,
    events,
    this_process,
    tickets,
    write_rows,
)
from training.domain.hyperparameters import Hyperparameters
from training.domain.job_spec import BaselineMethod
from training.domain.run_files import EpochRecord, EventKind
from training.ml.classify import train_classifier
from training.ml.fitting import DevScores
from training.ml.frozen_embedding import prepare
from training.ml.heads import LinearHead
from training.ml.loop import Loop, Position
from training.ml.outcomes import Cancelled, Diverged
from training.ml.schedule import rate_factor


def settings(**changes):
    return Hyperparameters(epochs=1, batch=16, **changes)


def test_the_rate_rises_then_falls_as_a_cosine():
    rates = [rate_factor(settings(warmup=0.2), step, 10) for step in range(10)]

    assert rates[:3] == [0.5, 1.0, 1.0]
    assert rates[6] == pytest.approx(0.5)
    assert rates[9] == pytest.approx(0.5 * (1 + math.cos(math.pi * 7 / 8)))


def test_the_rate_can_fall_straight_or_stay():
    line = settings(schedule="linear", warmup=0.0)
    flat = settings(schedule="constant", warmup=0.0)

    assert [rate_factor(line, step, 4) for step in range(4)] == [1, 0.75, 0.5, 0.25]
    assert {rate_factor(flat, step, 4) for step in range(4)} == {1.0}


def record(epoch, macro_f1, loss):
    return EpochRecord(epoch, epoch, None, loss, 0.5, macro_f1)


def test_the_best_epoch_has_the_best_f1_then_a_clearly_lower_loss():
    history = (
        record(0, 0.5, 1.0),
        record(1, 0.7, 0.9),
        record(2, 0.7, 0.8),
        record(3, 0.7, 0.799),
        record(4, 0.6, 0.1),
    )

    assert Position(c=1.0, history=history).best.epoch == 2


def test_training_stops_when_dev_has_not_improved_for_as_long_as_patience(tmp_path):
    idle = Hyperparameters(epochs=5, batch=16, lr=1e-6, head_lr=0.0, patience=2)
    spec = classify_spec(tmp_path, hyperparameters=idle)

    report = train_classifier(spec, this_process(tmp_path))

    assert report.stopped_early
    assert report.history[-1].epoch == report.best.epoch + 2 < 5


def test_a_loss_that_is_no_number_stops_the_run_in_words(tmp_path):
    run = this_process(tmp_path)
    spec = classify_spec(tmp_path)
    loop = Loop(prepare(spec, run), spec, run)
    broken = LinearHead(np.full((len(LABELS), 384), np.inf), np.zeros(len(LABELS)))
    loop.begin(broken, 1.0, DevScores(1.0, 0.5, 0.5))

    with pytest.raises(Diverged) as end:
        loop.run_to_end()

    assert end.value.code == "loss_not_finite"
    assert "step 1" in end.value.message


def test_a_rare_class_weighs_more_in_the_loss(tmp_path):
    rows = tickets(36, seed=1, prefix="t")
    rare = [row for row in rows if row["label"] != "low"] + [rows[2]]
    run = this_process(tmp_path)
    spec = classify_spec(tmp_path, train=write_rows(tmp_path, "rare.jsonl", rare))
    loop = Loop(prepare(spec, run), spec, run)
    level = LinearHead(np.zeros((len(LABELS), 384)), np.zeros(len(LABELS)))
    loop.begin(level, 1.0, DevScores(1.0, 0.5, 0.5))

    common, lone = (loop._loss(np.array([row])).item() for row in (0, 24))

    # With a level head every row's cross-entropy is ln 3, so losses show the weights.
    assert 24 * common + lone == pytest.approx(25 * math.log(3), rel=1e-5)
    # Classes of 12, 12 and 1 rows: beta = 24/25, E(12) = (1 - beta^12) / (1 - beta).
    assert lone / common == pytest.approx((1 - 0.96**12) / 0.04)


def test_a_stop_asked_for_while_dev_is_read_is_saved_and_taken_up_again(tmp_path):
    class StopAtDev:
        """Asks for a stop as soon as the last step of the first epoch is done."""

        def __init__(self):
            self.loop, self.calm = None, False

        def check(self):
            if not self.calm and self.loop and self.loop.at.batch == 9:
                raise Cancelled

    plain = tmp_path / "plain"
    plain.mkdir()
    spec = classify_spec(plain)
    expected = train_classifier(spec, this_process(plain))

    folder = tmp_path / "stopped"
    folder.mkdir()
    run = this_process(folder)
    spec = classify_spec(folder)
    object.__setattr__(run, "stop", StopAtDev())
    original = Loop.run_to_end

    def watched(loop):
        run.stop.loop = loop
        original(loop)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loop, "run_to_end", watched)
        with pytest.raises(Cancelled):
            train_classifier(spec, run)
    run.stop.calm = True
    report = train_classifier(spec, run)

    assert report.artifact == expected.artifact
    assert report.history == expected.history


def test_a_label_without_rows_is_warned_of(tmp_path):
    rows = [r for r in tickets(36, seed=1, prefix="t") if r["label"] != "high"]
    train = write_rows(tmp_path, "two.jsonl", rows)
    run = this_process(tmp_path)

    prepare(
        baseline_spec(
            tmp_path,
            BaselineMethod.EMBEDDING_LR,
            train=train,
            base_model=classify_spec(tmp_path).base_model,
        ),
        run,
    )

    warnings = [e.data for e in events(tmp_path, EventKind.LOG)]
    assert {
        "level": "warning",
        "message": "No row of TRAIN has the label high.",
    } in warnings
