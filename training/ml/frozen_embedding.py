"""The frozen-embedding baseline, which is also where a fine-tune begins.

A logistic regression on the vectors of an encoder that is not trained. `prepare` and
`fit_frozen` are used by both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from training.domain.hyperparameters import BaselineHyperparameters, Hyperparameters
from training.domain.job_spec import BaselineMethod, BaseModelFiles, TrainSpec
from training.domain.run_files import Phase
from training.ml.artifacts import Card, encoding_of, save_head
from training.ml.base_model import text_limits, verify_base_model
from training.ml.callbacks import Run
from training.ml.data import (
    Tokens,
    load_tokenizer,
    settle_max_length,
    token_lengths,
    tokenize,
)
from training.ml.embedding import embed, load_encoder, set_up_torch
from training.ml.fitting import fit_head
from training.ml.heads import Doubles, LinearHead
from training.ml.results import Fitted
from training.ml.splits import Splits, read_splits


@dataclass(frozen=True)
class Prepared:
    """Tokens of both splits and the encoder that will read them."""

    splits: Splits
    train: Tokens
    dev: Tokens
    max_length: int
    base: BaseModelFiles
    encoder: Any


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
    set_up_torch(spec.threads)
    encoder = load_encoder(folder, base.architecture)
    return Prepared(splits, train, dev, max_length, base, encoder)


def fit_frozen(
    prepared: Prepared, spec: TrainSpec, run: Run
) -> tuple[LinearHead, float, Doubles]:
    """Logistic regression on frozen embeddings: the head, its C, its scores on DEV.

    The scores have shape (n, k).
    """
    splits = prepared.splits
    train = embed(prepared.encoder, prepared.train, run)
    dev = embed(prepared.encoder, prepared.dev, run)
    head, c = fit_head(
        (train, splits.train.labels),
        (dev, splits.dev.labels),
        splits.weights,
        cast(Hyperparameters | BaselineHyperparameters, spec.hyperparameters).c,
    )
    return head, c, head.scores(dev)


def fit(spec: TrainSpec, run: Run) -> Fitted:
    """The baseline itself. Raises RunError."""
    prepared = prepare(spec, run)
    head, c, dev_scores = fit_frozen(prepared, spec, run)
    card = Card(
        method=BaselineMethod.EMBEDDING_LR,
        labels=spec.labels,
        encoding=encoding_of(prepared.base, prepared.max_length),
    )
    return Fitted(
        prepared.splits,
        card,
        partial(save_head, head=head),
        dev_scores,
        settled={"max_length": prepared.max_length, "c": c},
        truncated={
            "train": prepared.train.truncated,
            "dev": prepared.dev.truncated,
        },
    )
