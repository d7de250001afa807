"""Direct preference optimization by TRL's trainer on pairs that are encoded already.

The reference is the model before training: with LoRA the same model with its adapter
off, else a second copy. So the loss of the first step is ln 2 (Rafailov et al. 2023,
eq. 7, with equal models) and the margin between the two answers grows from 0.
"""

from __future__ import annotations

from typing import Any, cast

import datasets
import numpy as np
import trl
from trl.trainer.dpo_trainer import DataCollatorForPreference

from training.domain.job_spec import TrainSpec, Tuning
from training.domain.run_files import Trained
from training.ml import causal
from training.ml.batching import Shape, parts, plan
from training.ml.callbacks import Run
from training.ml.data import Integers
from training.ml.generative import Setup, fine_tune
from training.ml.sequences import Item
from training.ml.supervised_trainer import Supervised, Work
from training.ml.trainer_state import Batch


class DpoTrainer(Supervised, trl.DPOTrainer):
    """TRL's trainer under our supervision."""

    def items(self, batch: Batch) -> int:
        """Pairs: the better answers are the first half of a batch."""
        return len(batch["input_ids"]) // 2

    def figures(self, mode: str) -> dict[str, float]:
        """Mean margin between the rewards of both answers, and the share of pairs in
        which the better one has the higher.
        """
        return {
            "margin": self.mean_of(mode, "rewards/margins"),
            "preferred": self.mean_of(mode, "rewards/accuracies"),
        }

    def compute_loss(
        self,
        model: Any,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: int | None = None,
    ) -> Any:
        """The batch's share in the mean loss over `num_items_in_batch` pairs."""
        loss = super().compute_loss(model, inputs, return_outputs)
        if num_items_in_batch is None:
            return loss
        return loss * self.items(inputs) / num_items_in_batch

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        """The rows come from our plan, encoded."""
        return dataset


def train_dpo(spec: TrainSpec, run: Run) -> Trained:
    """Train, or go on from the newest checkpoint. Raises RunError."""
    return fine_tune(spec, run, make_trainer)


def make_trainer(setup: Setup) -> tuple[Supervised, Work]:
    """The trainer of a run with its pairs in order."""
    work = _work(setup)
    steps = len(work.plan.steps)
    trainer = DpoTrainer(
        model=setup.model,
        ref_model=_reference(setup),
        args=trl.DPOConfig(
            **setup.arguments(), beta=setup.settings.beta, max_length=None
        ),
        train_dataset=_first(setup.sequences.train[0]),
        data_collator=DataCollatorForPreference(pad_token_id=setup.pad),
        processing_class=setup.tokenizer(),
        optimizers=setup.optimizers(steps),
    )
    return trainer, work


def _reference(setup: Setup) -> Any:
    """A second copy of the base where all weights learn; else none is needed."""
    if setup.spec.tuning is not Tuning.FULL:
        return None
    copy = causal.load_causal(setup.folder, setup.spec.tuning, setup.spec.device)
    return copy.to(setup.spec.device.value).eval().requires_grad_(False)


def _work(setup: Setup) -> Work:
    sequences, settings = setup.sequences, setup.settings
    shape = Shape(
        settings.epochs,
        settings.batch,
        settings.token_budget,
        settings.evaluations,
        packs=False,
    )
    collator = DataCollatorForPreference(pad_token_id=setup.pad)
    whole = np.arange(len(sequences.dev), dtype=np.int64)
    return Work(
        setup.spec,
        settings,
        plan(_widths(sequences.train), 0, shape, setup.spec.seed),
        batch=lambda rows: collator([_features(sequences.train[i]) for i in rows]),
        dev=[
            collator([_features(sequences.dev[i]) for i in part])
            for part in parts(whole, _widths(sequences.dev), shape)
        ],
        tokens=np.array([_tokens(item) for item in sequences.train], dtype=np.int64),
    )


def _features(item: Item) -> dict[str, list[int]]:
    better, worse = item
    return {
        "prompt_ids": better.prompt_ids,
        "chosen_ids": better.answer_ids,
        "rejected_ids": worse.answer_ids,
    }


def _first(item: Item) -> Any:
    """One pair in the form that the trainer looks at."""
    one = {name: [value] for name, value in _features(item).items()}
    return cast(Any, datasets).Dataset.from_dict(one)


def _tokens(item: Item) -> int:
    return sum(len(sequence) for sequence in item)


def _widths(items: list[Item]) -> Integers:
    """What a pair takes in a padded batch: twice its longer sequence."""
    return np.array(
        [2 * max(len(sequence) for sequence in item) for item in items],
        dtype=np.int64,
    )
