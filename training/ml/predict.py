"""Severity and probabilities for a file of tickets, by any artifact.

The artifact and the base model are verified first; a model that would read texts
otherwise than in its training is refused. The answers appear as one file by rename, in
the order of the items, or not at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from netft_site.base.files import sha256_of, write_atomic
from training.domain import run_files
from training.domain.job_spec import BaselineMethod, PredictSpec
from training.domain.run_files import FileDigest, Phase, Prediction
from training.domain.strict_json import dump
from training.ml.artifacts import LORA, Card, check_encoding, load_head, open_artifact
from training.ml.base_model import verify_base_model
from training.ml.callbacks import Run
from training.ml.data import (
    Integers,
    Items,
    length_batches,
    load_tokenizer,
    read_items,
    tokenize,
)
from training.ml.heads import Doubles, probabilities

# Scores of the rows with these numbers, shape (rows, k).
Scorer = Callable[[Integers], Doubles]


def predict(spec: PredictSpec, run: Run) -> tuple[FileDigest, int, int]:
    """Write predictions.jsonl; returns it, its rows and how many texts were cut."""
    run.reporter.state(Phase.VERIFYING)
    items = read_items(run.path(spec.items.path), spec.items)
    scorer, lengths, truncated = _any_scorer(spec, items, run)
    run.reporter.state(Phase.PREDICTING)
    lines: list[str] = [""] * len(items.ids)
    done, start = 0, time.perf_counter()
    for rows in length_batches(lengths, spec.batch):
        run.stop.check()
        for i, prediction in zip(rows, _answer(rows, items, spec, scorer), strict=True):
            lines[i] = dump(prediction) + "\n"
        done += len(rows)
        eta = (time.perf_counter() - start) / done * (len(lines) - done)
        run.reporter.progress(done, len(lines), "texts", eta_seconds=eta)
    run.heartbeat.check_fence()
    path = run.dir / run_files.PREDICTIONS
    write_atomic(path, "".join(lines))
    return FileDigest(path.name, sha256_of(path)), len(lines), truncated


def _answer(
    rows: Integers, items: Items, spec: PredictSpec, scorer: Scorer
) -> list[Prediction]:
    start = time.perf_counter()
    shares = probabilities(scorer(rows))
    each = round((time.perf_counter() - start) / len(rows) * 1e3, 3)
    return [
        Prediction(
            id=items.ids[row],
            label=spec.labels[int(share.argmax())],
            probabilities=dict(zip(spec.labels, map(float, share), strict=True)),
            latency_ms=each,
        )
        for row, share in zip(rows, shares, strict=True)
    ]


def _any_scorer(
    spec: PredictSpec, items: Items, run: Run
) -> tuple[Scorer, Integers, int]:
    """`_scorer` of an artifact, or of a base that is asked as it is."""
    card = None
    if spec.artifact is not None:
        folder = run.path(spec.artifact.path)
        card = open_artifact(folder, spec.artifact, spec.labels)
        if card.language is None:
            return _scorer(folder, card, spec, items, run)
    run.reporter.state(Phase.LOADING)
    from training.ml.writing import writer_scores

    return writer_scores(card, spec, items, run)


def _scorer(
    folder: Path, card: Card, spec: PredictSpec, items: Items, run: Run
) -> tuple[Scorer, Integers, int]:
    """How to score rows, the rows' lengths for batching, and how many texts are cut."""
    characters = np.array([len(text) for text in items.texts], dtype=np.int64)
    # The libraries of a method take seconds to import, so only its own are.
    if card.method == BaselineMethod.MAJORITY:
        from training.ml.majority import majority_scores

        return (lambda rows: majority_scores(card, len(rows))), characters, 0
    if card.method == BaselineMethod.TFIDF_LR:
        from training.ml.tfidf import load_tfidf

        vectorizer, head = load_tfidf(folder, card)

        def by_words(rows: Integers) -> Doubles:
            return head.scores(vectorizer.transform([items.texts[i] for i in rows]))

        return by_words, characters, 0
    return _encoder_scorer(folder, card, spec, items, run)


def _encoder_scorer(
    folder: Path, card: Card, spec: PredictSpec, items: Items, run: Run
) -> tuple[Scorer, Integers, int]:
    base, encoding = check_encoding(card, spec.base_model)
    source = verify_base_model(base)
    run.reporter.state(Phase.LOADING)
    # Only now: a refusal above should not wait for torch.
    from training.ml.embedding import embed_batch, load_encoder, pad_batch, set_up_torch

    set_up_torch(spec.threads)
    encoder, head = load_encoder(source, base.architecture), load_head(folder)
    if card.method == LORA:
        from training.ml.lora import merge_adapter

        encoder = merge_adapter(encoder, folder)
    tokens = tokenize(load_tokenizer(source), items.texts, encoding.max_length)

    def by_encoder(rows: Integers) -> Doubles:
        return head.scores(embed_batch(encoder, *pad_batch(tokens, rows)))

    return by_encoder, tokens.lengths, tokens.truncated
