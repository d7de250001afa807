"""Supervised fine-tuning by TRL's trainer on rows that are encoded already.

Rows of a part are laid end to end; positions start anew with each, by which the model
masks attention so that none sees another. The loss is the mean over learned tokens of
a step, however the step is split into parts.
"""

from __future__ import annotations

from typing import Any, cast

import datasets
import numpy as np
import trl
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from training.domain.generative_settings import YES
from training.domain.job_spec import TrainSpec
from training.domain.run_files import Trained
from training.ml.batching import Shape, parts, plan
from training.ml.callbacks import Run
from training.ml.data import Integers
from training.ml.generative import Setup, fine_tune
from training.ml.sequences import Sequence
from training.ml.supervised_trainer import Supervised, Work
from training.ml.trainer_state import Batch

_IGNORED = -100


class SftTrainer(Supervised, trl.SFTTrainer):
    """TRL's trainer under our supervision."""

    def items(self, batch: Batch) -> int:
        """Tokens that are learned; the first of a row has nothing it could follow."""
        return int((batch["labels"][:, 1:] != _IGNORED).sum())

    def figures(self, mode: str) -> dict[str, float]:
        """The share of learned tokens that the model would have written itself."""
        return {"token_accuracy": self.mean_of(mode, "mean_token_accuracy")}


def train_sft(spec: TrainSpec, run: Run) -> Trained:
    """Train, or go on from the newest checkpoint. Raises RunError."""
    return fine_tune(spec, run, make_trainer)


def make_trainer(setup: Setup) -> tuple[Supervised, Work]:
    """The trainer of a run with its rows in order."""
    work = _work(setup)
    steps = len(work.plan.steps)
    trainer = SftTrainer(
        model=setup.model,
        args=trl.SFTConfig(
            **setup.arguments(),
            max_length=None,
            dataset_kwargs={"skip_prepare_dataset": True},
        ),
        train_dataset=_first(setup.sequences.train[0][0]),
        data_collator=_collator(setup),
        processing_class=setup.tokenizer(),
        optimizers=setup.optimizers(steps),
    )
    return trainer, work


def _work(setup: Setup) -> Work:
    sequences, settings = setup.sequences, setup.settings
    rows = [item[0] for item in (*sequences.train, *sequences.domain)]
    dev = [item[0] for item in sequences.dev]
    shape = Shape(
        settings.epochs,
        settings.batch,
        settings.token_budget,
        settings.evaluations,
        settings.packing == YES,
    )
    collator = _collator(setup)
    lengths, dev_lengths = _lengths(rows), _lengths(dev)
    whole = np.arange(len(dev), dtype=np.int64)
    return Work(
        setup.spec,
        settings,
        plan(lengths, len(sequences.domain), shape, setup.spec.seed),
        batch=lambda chosen: collator([_features(rows[i]) for i in chosen]),
        dev=[
            collator([_features(dev[i]) for i in part])
            for part in parts(whole, dev_lengths, shape)
        ],
        tokens=lengths,
    )


def _collator(setup: Setup) -> Any:
    return DataCollatorForLanguageModeling(
        pad_token_id=setup.pad, padding_free=setup.settings.packing == YES
    )


def _features(row: Sequence) -> dict[str, list[int]]:
    """Token ids, and the same where they are learned."""
    labels = np.where(row.trained, row.ids, _IGNORED)
    return {"input_ids": row.ids.tolist(), "labels": labels.tolist()}


def _first(row: Sequence) -> Any:
    """One row in the form that the trainer looks at: the rows come from our plan."""
    one = {name: [value] for name, value in _features(row).items()}
    return cast(Any, datasets).Dataset.from_dict(one)


def _lengths(rows: list[Sequence]) -> Integers:
    return np.array([len(row) for row in rows], dtype=np.int64)
