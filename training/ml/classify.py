"""A classification fine-tune: LoRA on an encoder under a linear head.

The head starts as the logistic regression on the frozen embeddings, so before the
first step the model *is* that baseline, and it is among the candidates for the best
checkpoint: a fine-tune that does not help on DEV leaves the baseline as its result.
"""

from __future__ import annotations

from training.domain import run_files
from training.domain.job_spec import TrainSpec, work_sha256
from training.domain.run_files import Phase, Trained
from training.ml import checkpoints
from training.ml.artifacts import LORA, Card, encoding_of, write_artifact
from training.ml.callbacks import Run
from training.ml.fitting import judge
from training.ml.frozen_embedding import Prepared, fit_frozen, prepare
from training.ml.loop import Loop


def train_classifier(spec: TrainSpec, run: Run) -> Trained:
    """Train, or go on from the newest checkpoint. Raises RunError."""
    prepared = prepare(spec, run)
    loop = _start(prepared, spec, run)
    loop.run_to_end()
    run.heartbeat.check_fence()
    run.reporter.state(Phase.SAVING)
    card = Card(LORA, spec.labels, encoding_of(prepared.base, prepared.max_length))
    return Trained(
        artifact=write_artifact(run.dir, card, loop.best_model().save),
        best=loop.at.best,
        history=loop.at.history,
        stopped_early=loop.stopped_early,
        rows={"train": len(prepared.train.ids), "dev": len(prepared.dev.ids)},
        truncated={
            "train": prepared.train.truncated,
            "dev": prepared.dev.truncated,
        },
        settled={**loop.settings.as_dict(), "c": loop.at.c},
    )


def _start(prepared: Prepared, spec: TrainSpec, run: Run) -> Loop:
    found, skipped = checkpoints.newest_valid(
        run.dir / run_files.CHECKPOINTS, work_sha256(spec)
    )
    for name in skipped:
        run.reporter.log(f"Checkpoint {name} is not usable.", level="warning")
    if found:
        loop = Loop(prepared, spec, run)
        loop.restore(found)
        return loop
    # The encoder must embed before the loop wraps it in LoRA.
    head, c, dev_scores = fit_frozen(prepared, spec, run)
    loop = Loop(prepared, spec, run)
    loop.begin(head, c, judge(dev_scores, prepared.splits.dev.labels))
    return loop
