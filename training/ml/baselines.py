"""What a tuned model has to beat: majority, TF-IDF and frozen embeddings.

Each is trained on the same rows as the fine-tune, is given its best penalty on DEV and
leaves an artifact of its own.
"""

from __future__ import annotations

from training.domain.job_spec import BaselineMethod, TrainSpec
from training.domain.run_files import EpochRecord, Phase, Trained
from training.ml.artifacts import write_artifact
from training.ml.callbacks import Run
from training.ml.fitting import judge
from training.ml.results import Fitted


def train_baseline(spec: TrainSpec, run: Run) -> Trained:
    """Train the baseline that the spec names. Raises RunError."""
    fitted = _fit(spec, run)
    splits = fitted.splits
    scores = judge(fitted.dev_scores, splits.dev.labels)
    record = EpochRecord(0, 0, None, scores.loss, scores.accuracy, scores.macro_f1)
    run.stop.check()
    run.heartbeat.check_fence()
    run.reporter.state(Phase.SAVING)
    return Trained(
        artifact=write_artifact(run.dir, fitted.card, fitted.fill),
        best=record,
        history=(record,),
        stopped_early=False,
        rows={"train": len(splits.train.ids), "dev": len(splits.dev.ids)},
        truncated=fitted.truncated,
        settled={**spec.hyperparameters.as_dict(), **fitted.settled},
    )


def _fit(spec: TrainSpec, run: Run) -> Fitted:
    # The libraries of a method take seconds to import, so only its own are.
    if spec.method is BaselineMethod.MAJORITY:
        from training.ml import majority

        return majority.fit(spec, run)
    if spec.method is BaselineMethod.TFIDF_LR:
        from training.ml import tfidf

        return tfidf.fit(spec, run)
    from training.ml import frozen_embedding

    return frozen_embedding.fit(spec, run)
