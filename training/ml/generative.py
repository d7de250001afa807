"""Fine-tuning a language model to write, from the spec to the artifact.

SFT and DPO share everything but the trainer: reading and checking rows, loading the
model, the settings of the trainer, the schedule, and what is left behind.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
import transformers

from netft_site.base.files import sha256_of
from training.domain import base_folder, generative_settings
from training.domain.early_stopping import lowest
from training.domain.generative_settings import YES, GenerativeHyperparameters
from training.domain.job_spec import Device, TrainSpec, Tuning
from training.domain.run_files import Phase, Trained
from training.ml import causal
from training.ml.artifacts import Card, Language, write_artifact
from training.ml.callbacks import Run
from training.ml.embedding import set_up_torch
from training.ml.memory import settle_checkpointing
from training.ml.schedule import rate_factor
from training.ml.sequences import Sequences, prepare, read_papers
from training.ml.supervised_trainer import Supervised, Work

# Makes the trainer of an objective; it is given the model and its optimizers.
MakeTrainer = Callable[["Setup"], tuple[Supervised, Work]]


class Setup:
    """Everything a trainer is made of: rows, settings, model and optimizer."""

    def __init__(self, spec: TrainSpec, run: Run) -> None:
        self.spec, self.run = spec, run
        causal.refuse_without_quantization(spec.tuning, spec.device)
        self.sequences = prepare(spec, run)
        run.reporter.state(Phase.LOADING)
        set_up_torch(spec.threads, spec.device)
        self.model = causal.load_causal(self.folder, spec.tuning, spec.device)
        self.settings = self._settle()
        torch.manual_seed(spec.seed)
        if spec.tuning is not Tuning.FULL:
            self.model = causal.with_adapter(self.model, self.settings)
        if spec.tuning is not Tuning.QLORA:
            # Weights of four bits are put on their device as they are loaded.
            self.model.to(spec.device.value)
        self.optimizer = _optimizer(self.model, self.settings)

    @property
    def folder(self) -> Path:
        """The base model's folder."""
        return self.sequences.folder

    @property
    def pad(self) -> int:
        """What fills up batches; masked, so any token would do."""
        pad = self.sequences.model.pad
        return self.sequences.model.end if pad is None else pad

    def arguments(self) -> dict[str, Any]:
        """What every trainer is told: one device, no files, no network, no hub."""
        checkpointing = self.settings.gradient_checkpointing == YES
        return {
            "output_dir": str(self.run.dir),
            "per_device_train_batch_size": 1,
            "gradient_accumulation_steps": 1,
            "max_grad_norm": self.settings.clip,
            "use_cpu": self.spec.device is Device.CPU,
            "bf16": self.spec.device is Device.CUDA,
            "gradient_checkpointing": checkpointing,
            "gradient_checkpointing_kwargs": {"use_reentrant": False},
            "save_strategy": "no",
            "eval_strategy": "no",
            "logging_steps": 1,
            "report_to": "none",
            "disable_tqdm": True,
            "remove_unused_columns": False,
            "dataloader_pin_memory": False,
            "seed": self.spec.seed,
        }

    def optimizers(self, steps: int) -> tuple[Any, Any]:
        """AdamW, and the schedule of a run of so many steps."""
        settings = self.settings
        schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: rate_factor(settings, step, steps)
        )
        return self.optimizer, schedule

    def tokenizer(self) -> Any:
        """The tokenizer in the form that a trainer asks for; it encodes nothing."""
        return transformers.PreTrainedTokenizerFast(
            tokenizer_file=str(self.folder / base_folder.TOKENIZER),
            **self.sequences.model.template.tokens,
        )

    def _settle(self) -> GenerativeHyperparameters:
        settled = generative_settings.settle(
            cast(GenerativeHyperparameters, self.spec.hyperparameters),
            objective=self.spec.objective,
            tuning=self.spec.tuning,
            rows=len(self.sequences.train),
            max_length=self.sequences.max_length,
        )
        return settle_checkpointing(settled, self.model, self.spec)


def fine_tune(spec: TrainSpec, run: Run, make: MakeTrainer) -> Trained:
    """Train, or go on from the newest checkpoint. Raises RunError."""
    setup = Setup(spec, run)
    trainer, work = make(setup)
    trainer.begin(run, work, setup.optimizer)
    trainer.run_to_end()
    run.heartbeat.check_fence()
    run.reporter.state(Phase.SAVING)
    causal.overwrite(setup.model, trainer.best)
    fill = partial(causal.save, setup.model, setup.folder)
    sequences = setup.sequences
    return Trained(
        artifact=write_artifact(run.dir, _card(spec, sequences), fill),
        best=lowest(trainer.at.history),
        history=trainer.at.history,
        stopped_early=trainer.stopped_early,
        rows={
            "train": len(sequences.train),
            "dev": len(sequences.dev),
            "domain_windows": len(sequences.domain),
        },
        truncated=sequences.left_out,
        settled=setup.settings.as_dict(),
    )


def _card(spec: TrainSpec, sequences: Sequences) -> Card:
    assert spec.base_model is not None  # noqa: S101  (the spec is checked)
    shape = base_folder.read_shape(read_papers(sequences.folder))
    language = Language(
        spec.objective,
        spec.tuning,
        sequences.max_length,
        spec.base_model.weights_sha256,
        sha256_of(sequences.folder / base_folder.TOKENIZER),
        shape.template_sha256,
    )
    return Card(spec.objective.lower(), spec.labels, language=language)


def _optimizer(model: Any, settings: GenerativeHyperparameters) -> Any:
    """AdamW; norms and biases, of one dimension, are not pulled towards zero."""
    learned = causal.trained(model).values()
    groups: list[dict[str, Any]] = [
        {"params": [p for p in learned if p.ndim > 1]},
        {"params": [p for p in learned if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=cast(float, settings.lr),
        weight_decay=settings.weight_decay,
        fused=True,
    )
