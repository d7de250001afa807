"""What a tuned model has to beat: majority, TF-IDF and frozen embeddings.

Each is trained on the same rows as the fine-tune, is given its best penalty on DEV and
leaves an artifact of its own. The frozen-embedding baseline is also where a fine-tune
begins, so `prepare` and `fit_frozen` are used by both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors.torch import load_file
from sklearn.feature_extraction.text import TfidfVectorizer

from netft_site.base.files import write_atomic
from training.domain.hyperparameters import BaselineHyperparameters
from training.domain.job_spec import BaselineMethod, BaseModelFiles, TrainSpec
from training.domain.run_files import EpochRecord, FileDigest, Phase
from training.domain.strict_json import dump, parse_object
from training.ml.artifacts import (
    Card,
    encoding_of,
    head_tensors,
    save_head,
    save_tensors,
    write_artifact,
)
from training.ml.callbacks import Run
from training.ml.data import (
    Rows,
    Tokens,
    load_tokenizer,
    read_rows,
    refuse_overlap,
    settle_max_length,
    token_lengths,
    tokenize,
)
from training.ml.embedding import embed, load_encoder, text_limits, verify_base_model
from training.ml.heads import (
    DevScores,
    Doubles,
    LinearHead,
    class_weights,
    fit_head,
    judge,
)
from training.ml.outcomes import BadInput

_VOCABULARY = "vocabulary.json"
_TFIDF = "tfidf.safetensors"
# Keeps the log of an absent label finite.
_SHARE_FLOOR = 1e-9


@dataclass(frozen=True)
class Trained:
    """What a training leaves, before the run adds attempt, time and versions."""

    artifact: FileDigest
    best: EpochRecord
    history: tuple[EpochRecord, ...]
    stopped_early: bool
    rows: dict[str, int]
    truncated: dict[str, int]
    settled: dict[str, Any]


@dataclass(frozen=True)
class Splits:
    """TRAIN and DEV with the weight of each class."""

    train: Rows
    dev: Rows
    weights: Doubles


@dataclass(frozen=True)
class Prepared:
    """Tokens of both splits and the encoder that will read them."""

    splits: Splits
    train: Tokens
    dev: Tokens
    max_length: int
    base: BaseModelFiles
    encoder: Any


def train_baseline(spec: TrainSpec, run: Run) -> Trained:
    """Train the baseline that the spec names. Raises RunError."""
    methods = {
        BaselineMethod.MAJORITY: _train_majority,
        BaselineMethod.TFIDF_LR: _train_tfidf,
        BaselineMethod.EMBEDDING_LR: _train_embedding,
    }
    return methods[cast(BaselineMethod, spec.method)](spec, run)


def read_splits(spec: TrainSpec, run: Run) -> Splits:
    """Both splits, verified. Warns of labels that TRAIN never shows."""
    run.reporter.state(Phase.VERIFYING)
    train = read_rows(run.path(spec.train.path), spec.train, spec.labels, "TRAIN")
    dev = read_rows(run.path(spec.dev.path), spec.dev, spec.labels, "DEV")
    refuse_overlap(train, dev)
    counts = np.bincount(train.labels, minlength=len(spec.labels))
    absent = [label for label, n in zip(spec.labels, counts, strict=True) if n == 0]
    if absent:
        names = ", ".join(absent)
        run.reporter.log(f"No row of TRAIN has the label {names}.", level="warning")
    weights = class_weights(counts, spec.hyperparameters.class_weights)
    return Splits(train, dev, weights)


def prepare(spec: TrainSpec, run: Run) -> Prepared:
    """Verify the base model, read and tokenize both splits, load the encoder."""
    splits = read_splits(spec, run)
    # The spec has checked that its objective has what it needs.
    base = cast(BaseModelFiles, spec.base_model)
    folder = verify_base_model(base)
    run.reporter.state(Phase.LOADING)
    tokenizer = load_tokenizer(folder)
    lengths = token_lengths(tokenizer, splits.train.texts)
    given = spec.hyperparameters.max_length
    max_length = settle_max_length(given, lengths, *text_limits(folder))
    train = tokenize(tokenizer, splits.train.texts, max_length)
    dev = tokenize(tokenizer, splits.dev.texts, max_length)
    run.reporter.log(
        f"{len(train.ids)} rows to learn from, {len(dev.ids)} to choose by, read up to "
        f"{max_length} tokens; cut: {train.truncated} and {dev.truncated}."
    )
    encoder = load_encoder(folder)
    return Prepared(splits, train, dev, max_length, base, encoder)


def fit_frozen(
    prepared: Prepared, spec: TrainSpec, run: Run
) -> tuple[LinearHead, float, DevScores]:
    """Logistic regression on frozen embeddings: the head, its C, its scores on DEV."""
    splits = prepared.splits
    train = embed(prepared.encoder, prepared.train, run)
    dev = embed(prepared.encoder, prepared.dev, run)
    head, c = fit_head(
        (train, splits.train.labels),
        (dev, splits.dev.labels),
        splits.weights,
        spec.hyperparameters.c,
    )
    return head, c, judge(head.scores(dev), splits.dev.labels)


def _train_embedding(spec: TrainSpec, run: Run) -> Trained:
    prepared = prepare(spec, run)
    head, c, scores = fit_frozen(prepared, spec, run)
    card = Card(
        method=BaselineMethod.EMBEDDING_LR,
        labels=spec.labels,
        encoding=encoding_of(prepared.base, prepared.max_length),
    )
    artifact = _save(run, card, lambda folder: save_head(folder, head))
    truncated = {"train": prepared.train.truncated, "dev": prepared.dev.truncated}
    settled = {"max_length": prepared.max_length, "c": c}
    return _trained(spec, prepared.splits, artifact, scores, settled, truncated)


def _train_tfidf(spec: TrainSpec, run: Run) -> Trained:
    splits, settings = read_splits(spec, run), _settings(spec)
    run.reporter.state(Phase.TRAINING)
    vectorizer = TfidfVectorizer(
        ngram_range=(1, settings.ngrams),
        min_df=settings.min_df,
        max_features=settings.max_features,
        sublinear_tf=True,
    )
    try:
        # Copies of a ticket are more rows to learn from, not more texts.
        vectorizer.fit(list(dict.fromkeys(splits.train.texts)))
    except ValueError as error:
        raise BadInput(
            "no_vocabulary",
            f"No word occurs in {settings.min_df} texts of TRAIN.",
            "Lower min_df or label more tickets.",
        ) from error
    train = vectorizer.transform(splits.train.texts)
    dev = vectorizer.transform(splits.dev.texts)
    head, c = fit_head(
        (train, splits.train.labels),
        (dev, splits.dev.labels),
        splits.weights,
        settings.c,
    )
    card = Card(BaselineMethod.TFIDF_LR, spec.labels, ngrams=settings.ngrams)
    artifact = _save(run, card, lambda folder: _save_tfidf(folder, vectorizer, head))
    scores = judge(head.scores(dev), splits.dev.labels)
    return _trained(spec, splits, artifact, scores, {"c": c}, {"train": 0, "dev": 0})


def _train_majority(spec: TrainSpec, run: Run) -> Trained:
    splits = read_splits(spec, run)
    counts = np.bincount(splits.train.labels, minlength=len(spec.labels))
    shares = counts / counts.sum()
    card = Card(
        BaselineMethod.MAJORITY, spec.labels, shares=tuple(float(s) for s in shares)
    )
    artifact = _save(run, card, lambda folder: None)
    scores = judge(majority_scores(card, len(splits.dev.ids)), splits.dev.labels)
    return _trained(spec, splits, artifact, scores, {}, {"train": 0, "dev": 0})


def majority_scores(card: Card, rows: int) -> Doubles:
    """The log share of each label in TRAIN for every row, shape (rows, k).

    Of equally frequent labels the more severe one is answered.
    """
    shares = np.array(card.shares)
    logs = np.log(np.maximum(shares, _SHARE_FLOOR))
    return np.tile(logs, (rows, 1))


def load_tfidf(folder: Path, card: Card) -> tuple[TfidfVectorizer, LinearHead]:
    """Rebuild what _train_tfidf saved."""
    words = parse_object((folder / _VOCABULARY).read_bytes())["words"]
    tensors = {k: t.numpy() for k, t in load_file(folder / _TFIDF).items()}
    vectorizer = TfidfVectorizer(
        ngram_range=(1, card.ngrams), sublinear_tf=True, vocabulary=words
    )
    vectorizer.idf_ = tensors["idf"]
    return vectorizer, LinearHead(tensors["weight"], tensors["bias"])


def _save_tfidf(folder: Path, vectorizer: TfidfVectorizer, head: LinearHead) -> None:
    words = [str(word) for word in vectorizer.get_feature_names_out()]
    write_atomic(folder / _VOCABULARY, dump({"words": words}) + "\n")
    idf = {"idf": torch.from_numpy(vectorizer.idf_)}
    save_tensors(folder / _TFIDF, {**idf, **head_tensors(head)})


def _save(run: Run, card: Card, fill: Any) -> FileDigest:
    run.stop.check()
    run.heartbeat.check_fence()
    run.reporter.state(Phase.SAVING)
    return write_artifact(run.dir, card, fill)


def _settings(spec: TrainSpec) -> BaselineHyperparameters:
    return cast(BaselineHyperparameters, spec.hyperparameters)


def _trained(
    spec: TrainSpec,
    splits: Splits,
    artifact: FileDigest,
    scores: DevScores,
    settled: dict[str, Any],
    truncated: dict[str, int],
) -> Trained:
    record = EpochRecord(0, 0, None, scores.loss, scores.accuracy, scores.macro_f1)
    return Trained(
        artifact=artifact,
        best=record,
        history=(record,),
        stopped_early=False,
        rows={"train": len(splits.train.ids), "dev": len(splits.dev.ids)},
        truncated=truncated,
        settled={**spec.hyperparameters.as_dict(), **settled},
    )
