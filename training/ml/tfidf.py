"""The TF-IDF baseline: words and word sequences under a logistic regression."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import cast

from safetensors.numpy import load_file
from sklearn.feature_extraction.text import TfidfVectorizer

from netft_site.base.files import write_atomic
from training.domain.hyperparameters import BaselineHyperparameters
from training.domain.job_spec import BaselineMethod, TrainSpec
from training.domain.run_files import Phase
from training.domain.strict_json import dump, parse_object
from training.ml.artifacts import Card, head_arrays, save_arrays
from training.ml.callbacks import Run
from training.ml.fitting import fit_head
from training.ml.heads import LinearHead
from training.ml.outcomes import BadInput
from training.ml.results import Fitted
from training.ml.splits import read_splits

_VOCABULARY = "vocabulary.json"
_WEIGHTS = "tfidf.safetensors"


def fit(spec: TrainSpec, run: Run) -> Fitted:
    """Learn the words of TRAIN, then their weights. Raises BadInput."""
    settings = cast(BaselineHyperparameters, spec.hyperparameters)
    splits = read_splits(spec, run)
    run.reporter.state(Phase.TRAINING)
    vectorizer = _fit_vectorizer(splits.train.texts, settings)
    train = vectorizer.transform(splits.train.texts)
    dev = vectorizer.transform(splits.dev.texts)
    head, c = fit_head(
        (train, splits.train.labels),
        (dev, splits.dev.labels),
        splits.weights,
        settings.c,
    )
    card = Card(BaselineMethod.TFIDF_LR, spec.labels, ngrams=settings.ngrams)
    fill = partial(_save, vectorizer=vectorizer, head=head)
    return Fitted(splits, card, fill, head.scores(dev), {"c": c})


def load_tfidf(folder: Path, card: Card) -> tuple[TfidfVectorizer, LinearHead]:
    """Rebuild what `fit` left in an artifact."""
    words = parse_object((folder / _VOCABULARY).read_bytes())["words"]
    arrays = load_file(folder / _WEIGHTS)
    vectorizer = TfidfVectorizer(
        ngram_range=(1, card.ngrams), sublinear_tf=True, vocabulary=words
    )
    vectorizer.idf_ = arrays["idf"]
    return vectorizer, LinearHead(arrays["weight"], arrays["bias"])


def _fit_vectorizer(
    texts: list[str], settings: BaselineHyperparameters
) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(
        ngram_range=(1, settings.ngrams),
        min_df=settings.min_df,
        max_features=settings.max_features,
        sublinear_tf=True,
    )
    try:
        # Copies of a ticket are more rows to learn from, not more texts.
        return vectorizer.fit(list(dict.fromkeys(texts)))
    except ValueError as error:
        raise BadInput(
            "no_vocabulary",
            f"No word occurs in {settings.min_df} texts of TRAIN.",
            "Lower min_df or label more tickets.",
        ) from error


def _save(folder: Path, vectorizer: TfidfVectorizer, head: LinearHead) -> None:
    words = [str(word) for word in vectorizer.get_feature_names_out()]
    write_atomic(folder / _VOCABULARY, dump({"words": words}) + "\n")
    save_arrays(folder / _WEIGHTS, {"idf": vectorizer.idf_, **head_arrays(head)})
