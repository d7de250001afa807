"""What this project adds to a trainer of TRL: supervision.

TRL computes the loss and its library takes the steps. Here is decided which rows a step
sees, when DEV is looked at and when to stop; figures go out as events, checkpoints are
committed whole or not at all, and a resumed run goes on at the step it had reached.
The trainer's own saving, logging and resuming are switched off: they write files that
may be half written and that must be unpickled.
"""

from __future__ import annotations

import math
import resource
import time
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch

from training.domain import run_files
from training.domain.early_stopping import looks_without_gain, lowest
from training.domain.generative_settings import GenerativeHyperparameters
from training.domain.job_spec import TrainSpec, work_sha256
from training.domain.run_files import EpochRecord, Phase
from training.domain.strict_json import decode, encode
from training.ml import checkpoints
from training.ml.batching import Plan
from training.ml.callbacks import Run
from training.ml.causal import copy_of, overwrite
from training.ml.data import Integers
from training.ml.outcomes import Cancelled, Diverged
from training.ml.trainer_state import (
    Batch,
    Position,
    moments,
    restore_moments,
    stand_at,
    step_loader,
)

_LOGGED_POINTS = 200


@dataclass(frozen=True)
class Work:
    """What a trainer is given beside its model: the rows by number, and the order.

    batch: makes the batch of some rows of TRAIN; dev: the batches of DEV.
    tokens: of each row, shape (n,).
    """

    spec: TrainSpec
    settings: GenerativeHyperparameters
    plan: Plan
    batch: Any
    dev: list[Batch]
    tokens: Integers


class Supervised:
    """Mixed into a trainer of TRL, before it in the order of classes.

    The trainer says what a batch holds (`items`) and what else DEV shows (`figures`).
    """

    work: Work
    run: Run
    at: Position
    best: dict[str, torch.Tensor]
    raw_optimizer: torch.optim.Optimizer
    # Of the trainer.
    model: Any
    control: Any
    lr_scheduler: Any
    _metrics: dict[str, Any]

    def begin(self, run: Run, work: Work, optimizer: torch.optim.Optimizer) -> None:
        """Take up the newest checkpoint, or look at DEV for the first time."""
        self.run, self.work, self.raw_optimizer = run, work, optimizer
        self.log_every = max(1, len(work.plan.steps) // _LOGGED_POINTS)
        found, skipped = checkpoints.newest_valid(
            run.dir / run_files.CHECKPOINTS, work_sha256(work.spec)
        )
        for name in skipped:
            run.reporter.log(f"Checkpoint {name} is not usable.", level="warning")
        if found:
            self._restore(found)
            return
        self.at, self.best = Position(), copy_of(self.model)
        self._look()
        self.commit()
        run.reporter.state(Phase.TRAINING)

    def run_to_end(self) -> None:
        """Train until the plan or patience ends. Raises Cancelled, with what was
        learned committed.
        """
        self.started, self.started_at = time.perf_counter(), self.at.step
        try:
            if self.at.step in self.work.plan.looks and self._owes_look:
                self._look_and_commit()
            if not self.is_over:
                trainer = cast(Any, self)
                trainer.args.max_steps = len(self.work.plan.steps) - self.at.step
                trainer.train()
        except Cancelled:
            self.run.reporter.state(Phase.STOPPING)
            self.commit()
            raise

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to train."""
        return self.at.step == len(self.work.plan.steps) or self.stopped_early

    @property
    def stopped_early(self) -> bool:
        """Whether DEV has not improved for as long as patience allows."""
        waited = looks_without_gain(self.at.history)
        left = self.at.step < len(self.work.plan.steps)
        return waited >= self.work.settings.patience and left

    @property
    def _owes_look(self) -> bool:
        return self.at.history[-1].step != self.at.step

    def commit(self) -> None:
        """Write a checkpoint, whole or not at all."""
        self.run.heartbeat.check_fence()
        tensors = {
            "weights": copy_of(self.model),
            "best": self.best,
            "optimizer": dict(moments(self.model, self.raw_optimizer)),
        }
        name = checkpoints.commit(
            self.run.dir / run_files.CHECKPOINTS,
            work_sha256(self.work.spec),
            tensors,
            encode(self.at),
        )
        self.run.reporter.checkpoint(self.at.step, self._epoch, name)

    def items(self, batch: Batch) -> int:
        """How many things a batch's loss is the mean of."""
        raise NotImplementedError

    def figures(self, mode: str) -> dict[str, float]:
        """What the trainer has measured beside the loss since it was last asked."""
        raise NotImplementedError

    def mean_of(self, mode: str, name: str) -> float:
        """The mean of a figure that TRL keeps for each batch; "train" or "eval"."""
        values = self._metrics[mode][name]
        return float(sum(values) / len(values))

    # What the trainer calls.

    def get_train_dataloader(self) -> Any:
        """The steps that are left, one an item."""
        left = self.work.plan.steps[self.at.step :]
        return step_loader(left, self.work.batch)

    def training_step(self, model: Any, inputs: Any, *_: Any) -> torch.Tensor:
        """All parts of a step: the mean loss, of which the gradients are left."""
        self.step_begun = time.perf_counter()
        mixed = np.random.SeedSequence((self.work.spec.seed, self.at.step))
        torch.manual_seed(int(mixed.generate_state(1)[0]))
        total = sum(self.items(part) for part in inputs["parts"])
        step = cast(Any, super()).training_step
        losses = [step(model, dict(part), total) for part in inputs["parts"]]
        loss = torch.stack(losses).sum()
        if not math.isfinite(loss.item()):
            raise Diverged(self.at.step + 1)
        self.step_loss = loss.item()
        return cast(torch.Tensor, loss)

    def log(self, logs: dict[str, float], *_: Any) -> None:
        """Called after every step, with the norm of its gradient; else ignored."""
        if "grad_norm" not in logs:
            return
        self.at = replace(
            self.at,
            step=self.at.step + 1,
            loss_sum=self.at.loss_sum + self.step_loss,
            loss_steps=self.at.loss_steps + 1,
        )
        self._report_step(logs)
        self._metrics["train"].clear()
        self._after_step()

    def floating_point_ops(self, *_: Any) -> int:
        """Not counted: a step is no single batch."""
        return 0

    def _send_telemetry(self) -> None:
        """Nothing is told to anybody."""

    # What happens between steps.

    def _after_step(self) -> None:
        self.run.stop.check()
        if self.at.step in self.work.plan.looks:
            self._look_and_commit()
            self.control.should_training_stop = self.is_over
        elif self.at.step % self.work.spec.checkpoint_steps == 0:
            self.commit()

    def _look_and_commit(self) -> None:
        self._look()
        if lowest(self.at.history) is self.at.history[-1]:
            self.best = copy_of(self.model)
        self.commit()

    def _look(self) -> None:
        loss, figures = self._judge()
        if not math.isfinite(loss):
            raise Diverged(self.at.step)
        mean = self.at.loss_sum / self.at.loss_steps if self.at.loss_steps else None
        record = EpochRecord(self._epoch, self.at.step, mean, loss)
        self.at = replace(
            self.at, loss_sum=0.0, loss_steps=0, history=(*self.at.history, record)
        )
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self.run.reporter.metric(
            record.step,
            epoch=record.epoch,
            dev_loss=loss,
            memory_mb=memory,
            **({} if mean is None else {"train_loss": mean}),
            **{f"dev_{name}": value for name, value in figures.items()},
            **_device_memory(),
        )

    def _judge(self) -> tuple[float, dict[str, float]]:
        """The mean loss on DEV and the trainer's figures, each weighted by items."""
        trainer = cast(Any, self)
        total = sum(self.items(batch) for batch in self.work.dev)
        loss, sums = 0.0, dict[str, float]()
        self.model.eval()
        for batch in self.work.dev:
            self.run.stop.check()
            inputs = trainer._prepare_inputs(dict(batch))
            # The first look comes before the library has made the model cast itself.
            with torch.no_grad(), trainer.accelerator.autocast():
                part = trainer.compute_loss(
                    self.model, inputs, num_items_in_batch=total
                )
            loss += part.item()
            share = self.items(batch) / total
            for name, value in self.figures("eval").items():
                sums[name] = sums.get(name, 0.0) + share * value
            self._metrics["eval"].clear()
        self.model.train()
        return loss, sums

    @property
    def _epoch(self) -> int:
        """The epoch of the last step; 0 before the first and during domain text."""
        return self.work.plan.steps[self.at.step - 1].epoch if self.at.step else 0

    def _restore(self, found: checkpoints.Checkpoint) -> None:
        self.at = cast(Position, decode(Position, found.state, "checkpoint"))
        overwrite(self.model, found.tensors["weights"])
        self.best = found.tensors["best"]
        restore_moments(
            self.model, self.raw_optimizer, found.tensors.get("optimizer", {})
        )
        stand_at(self.lr_scheduler, self.at.step)
        self.run.reporter.state(Phase.TRAINING, resumed_from_step=self.at.step)

    def _report_step(self, logs: dict[str, float]) -> None:
        steps = len(self.work.plan.steps)
        done = self.at.step - self.started_at
        pace = (time.perf_counter() - self.started) / done
        eta = pace * (steps - self.at.step)
        self.run.reporter.progress(self.at.step, steps, "steps", eta_seconds=eta)
        if self.at.step % self.log_every:
            return
        rows = np.concatenate(self.work.plan.steps[self.at.step - 1].parts)
        seconds = time.perf_counter() - self.step_begun
        self.run.reporter.metric(
            self.at.step,
            loss=self.step_loss,
            learning_rate=logs["learning_rate"],
            grad_norm=logs["grad_norm"],
            tokens_per_second=round(float(self.work.tokens[rows].sum()) / seconds, 1),
            **self.figures("train"),
        )


def _device_memory() -> dict[str, float]:
    """Most memory of the GPU used so far, in MiB."""
    if not torch.cuda.is_available():
        return {}
    return {"device_memory_mb": torch.cuda.max_memory_allocated() >> 20}
