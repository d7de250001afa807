"""The training loop: a step, an epoch, a look at DEV, a checkpoint.

Every random choice of a step is drawn from the seed and the step's number, so a resumed
run repeats the interrupted one without any stored generator. The loop stops only
between steps and commits a checkpoint when it does.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from torch.nn import functional

from training.domain import run_files
from training.domain.early_stopping import MIN_DELTA
from training.domain.hyperparameters import Hyperparameters
from training.domain.job_spec import TrainSpec, work_sha256
from training.domain.run_files import EpochRecord, Phase
from training.domain.strict_json import decode, encode
from training.ml import checkpoints
from training.ml.artifacts import head_arrays
from training.ml.callbacks import Run
from training.ml.data import Integers, epoch_batches, length_batches
from training.ml.embedding import pad_batch
from training.ml.fitting import DevScores, judge
from training.ml.frozen_embedding import Prepared
from training.ml.heads import Doubles, LinearHead
from training.ml.lora import Classifier
from training.ml.outcomes import Cancelled, Diverged
from training.ml.schedule import rate_factor, settle

_LOGGED_POINTS = 200
_DEV_BATCH = 32


@dataclass(frozen=True)
class Position:
    """Where a run stands: all that a checkpoint needs beside its tensors.

    batch: batches done in the running epoch; loss_sum: weighted loss of its rows;
    c: the penalty that DEV chose for the first head.
    """

    c: float
    step: int = 0
    epoch: int = 0
    batch: int = 0
    loss_sum: float = 0.0
    history: tuple[EpochRecord, ...] = ()

    @property
    def best(self) -> EpochRecord:
        """The epoch with the best macro-F1 on DEV; of equal ones the lower loss wins
        where it is lower by more than chance would make it, else the earlier epoch.
        """
        best = self.history[0]
        for record in self.history[1:]:
            clearly_lower = record.dev_loss < (1 - MIN_DELTA) * best.dev_loss
            gain = (record.dev_macro_f1 or 0.0) - (best.dev_macro_f1 or 0.0)
            if gain > 0 or (gain == 0 and clearly_lower):
                best = record
        return best


class Loop:
    """The training loop: a step, an epoch, an evaluation, a checkpoint."""

    def __init__(self, prepared: Prepared, spec: TrainSpec, run: Run) -> None:
        rows = len(prepared.train.ids)
        settings = cast(Hyperparameters, spec.hyperparameters)
        self.settings = settle(settings, rows, prepared.max_length)
        self.prepared, self.spec, self.run = prepared, spec, run
        self.labels = torch.from_numpy(prepared.splits.train.labels)
        self.weights = torch.from_numpy(prepared.splits.weights).float()
        self.lengths = prepared.train.lengths
        self.steps_an_epoch = math.ceil(rows / self.settings.batch)
        self.steps = self.steps_an_epoch * self.settings.epochs
        self.log_every = max(1, self.steps // _LOGGED_POINTS)
        torch.manual_seed(spec.seed)
        self.model = Classifier(prepared.encoder, self.settings, len(spec.labels))
        self.optimizer = self._make_optimizer()

    def begin(self, head: LinearHead, c: float, scores: DevScores) -> None:
        """Start from the frozen baseline: epoch 0."""
        weights = {n: torch.from_numpy(a) for n, a in head_arrays(head).items()}
        self.model.head.load_state_dict(weights)
        first = EpochRecord(0, 0, None, scores.loss, scores.accuracy, scores.macro_f1)
        self.at = Position(c=c, history=(first,))
        self.best = self._copy_weights()
        self._report_epoch()
        self._commit()
        self.run.reporter.state(Phase.TRAINING)

    def restore(self, found: checkpoints.Checkpoint) -> None:
        """Take up weights, optimizer and position of a checkpoint."""
        self.at = cast(Position, decode(Position, found.state, "checkpoint"))
        self.model.load(found.tensors["weights"])
        self.best = found.tensors["best"]
        for name, parameter in self.model.trained().items():
            moments = {
                key.rpartition("|")[2]: value
                for key, value in found.tensors.get("optimizer", {}).items()
                if key.rpartition("|")[0] == name
            }
            if moments:
                self.optimizer.state[parameter] = moments
        self.run.reporter.state(Phase.TRAINING, resumed_from_step=self.at.step)

    def run_to_end(self) -> None:
        """Train until the last epoch or until patience ends.

        Where a stop is asked for, the step is finished and a checkpoint committed
        before Cancelled goes on.
        """
        self.started, self.started_at = time.perf_counter(), self.at.step
        try:
            while not self.is_over:
                self._finish_epoch()
        except Cancelled:
            self.run.reporter.state(Phase.STOPPING)
            self._commit()
            raise

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to train."""
        return self.at.epoch == self.settings.epochs or self.stopped_early

    @property
    def stopped_early(self) -> bool:
        """Whether DEV has not improved for as long as patience allows."""
        waited = self.at.epoch - self.at.best.epoch
        return waited >= self.settings.patience and self.at.epoch < self.settings.epochs

    def best_model(self) -> Classifier:
        """The model with the weights of the best epoch."""
        self.model.load(self.best)
        return self.model

    def _finish_epoch(self) -> None:
        rng = np.random.default_rng((self.spec.seed, self.at.epoch))
        batches = epoch_batches(self.lengths, self.settings.batch, rng)
        for rows in batches[self.at.batch :]:
            self.run.stop.check()
            self._step(rows)
            if self.at.step % self.spec.checkpoint_steps == 0:
                self._commit()
        scores = judge(self._dev_scores(), self.prepared.splits.dev.labels)
        record = EpochRecord(
            self.at.epoch + 1,
            self.at.step,
            self.at.loss_sum / len(self.lengths),
            scores.loss,
            scores.accuracy,
            scores.macro_f1,
        )
        self.at = replace(
            self.at,
            epoch=record.epoch,
            batch=0,
            loss_sum=0.0,
            history=(*self.at.history, record),
        )
        if self.at.best is record:
            self.best = self._copy_weights()
        self._report_epoch()
        self._commit()

    def _step(self, rows: Integers) -> None:
        begun = time.perf_counter()
        mixed = np.random.SeedSequence((self.spec.seed, self.at.step))
        torch.manual_seed(int(mixed.generate_state(1)[0]))
        self.model.train()
        factor = rate_factor(self.settings, self.at.step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * factor
        loss = self._loss(rows)
        if not math.isfinite(loss.item()):
            raise Diverged(self.at.step + 1)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(
            self.model.trained().values(), self.settings.clip
        )
        self.optimizer.step()
        self.at = replace(
            self.at,
            step=self.at.step + 1,
            batch=self.at.batch + 1,
            loss_sum=self.at.loss_sum + loss.item() * len(rows),
        )
        self._report_step(rows, loss.item(), float(norm), time.perf_counter() - begun)

    def _loss(self, rows: Integers) -> torch.Tensor:
        """Mean over the batch of each row's cross-entropy times its class weight.

        Divided by the rows and not by their weights, so a batch of rare classes
        counts for more than one of common classes.
        """
        labels = self.labels[rows]
        scores = self.model(*pad_batch(self.prepared.train, rows))
        losses = functional.cross_entropy(scores, labels, reduction="none")
        return cast(torch.Tensor, (losses * self.weights[labels]).mean())

    def _dev_scores(self) -> Doubles:
        self.model.eval()
        tokens = self.prepared.dev
        scores = np.empty((len(tokens.ids), len(self.spec.labels)))
        with torch.inference_mode():
            for rows in length_batches(tokens.lengths, _DEV_BATCH):
                self.run.stop.check()
                scores[rows] = self.model(*pad_batch(tokens, rows)).double().numpy()
        return scores

    def _make_optimizer(self) -> Any:
        settings, named = self.settings, self.model.trained()
        head = [p for n, p in named.items() if n.startswith("head.")]
        adapter = [p for n, p in named.items() if not n.startswith("head.")]
        groups = [
            {"params": adapter, "peak": settings.lr},
            {"params": head, "peak": settings.head_lr},
        ]
        return torch.optim.AdamW(
            groups, lr=settings.lr, weight_decay=settings.weight_decay, fused=True
        )

    def _commit(self) -> None:
        self.run.heartbeat.check_fence()
        tensors = {
            "weights": self._copy_weights(),
            "best": self.best,
            "optimizer": dict(self._moments()),
        }
        name = checkpoints.commit(
            self.run.dir / run_files.CHECKPOINTS,
            work_sha256(self.spec),
            tensors,
            encode(self.at),
        )
        self.run.reporter.checkpoint(self.at.step, self.at.epoch, name)

    def _moments(self) -> Iterator[tuple[str, torch.Tensor]]:
        for name, parameter in self.model.trained().items():
            for key, value in self.optimizer.state.get(parameter, {}).items():
                yield f"{name}|{key}", value

    def _copy_weights(self) -> dict[str, torch.Tensor]:
        return {n: p.detach().clone() for n, p in self.model.trained().items()}

    def _report_step(
        self, rows: Integers, loss: float, norm: float, seconds: float
    ) -> None:
        done = self.at.step - self.started_at
        eta = (time.perf_counter() - self.started) / done * (self.steps - self.at.step)
        self.run.reporter.progress(self.at.step, self.steps, "steps", eta_seconds=eta)
        if self.at.step % self.log_every == 0:
            self.run.reporter.metric(
                self.at.step,
                loss=loss,
                learning_rate=self.optimizer.param_groups[0]["lr"],
                grad_norm=norm,
                tokens_per_second=round(float(self.lengths[rows].sum()) / seconds, 1),
            )

    def _report_epoch(self) -> None:
        record = self.at.history[-1]
        figures = {
            "epoch": record.epoch,
            "dev_loss": record.dev_loss,
            "dev_accuracy": record.dev_accuracy,
            "dev_macro_f1": record.dev_macro_f1,
            "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        figures["train_loss"] = record.train_loss
        known = {name: value for name, value in figures.items() if value is not None}
        self.run.reporter.metric(record.step, **known)
