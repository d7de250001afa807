"""Out-of-sample probabilities for every label of a dataset, and the doubts they raise.

Five models learn from four fifths of the examples each and judge the fifth that they
never saw. Groups (an incident, near copies) stay in one fold: a model that has seen a
ticket's twin repeats the twin's label, right or wrong. Which labels are doubted is
decided in `training.domain.label_errors`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from netft_site.base.files import sha256_of, write_atomic
from training.domain import run_files
from training.domain.job_spec import QualitySpec
from training.domain.label_errors import (
    FOLDS,
    LabelErrors,
    agreement,
    assign_folds,
    find_label_errors,
    judged_labels,
)
from training.domain.label_results import LabelDoubt, LabelFacts
from training.domain.run_files import FileDigest, Phase
from training.domain.strict_json import dump
from training.ml.callbacks import Run
from training.ml.data import Example, Integers, read_examples
from training.ml.heads import Doubles
from training.ml.outcomes import BadInput

CLASSIFIER = "TF-IDF of words and word pairs, logistic regression"
# Weak enough not to learn wrong labels by heart.
_C = 3.0
_FEATURES = 20_000
_MAX_ITERATIONS = 300


def check_labels(spec: QualitySpec, run: Run) -> tuple[LabelFacts, FileDigest]:
    """Write doubts.jsonl; return how the labels were judged, and the file.

    Raises BadInput where a file cannot be used or there is too little to judge by.
    """
    examples, not_judged = _read(spec, run)
    judged = {e.label for e in examples}
    labels = [label for label in spec.labels if label in judged]
    given = np.array([labels.index(e.label) for e in examples], dtype=np.int64)
    run.reporter.state(Phase.CHECKING)
    shares = _out_of_sample(examples, given, len(labels), spec.seed, run)
    found = find_label_errors(given, shares)
    run.heartbeat.check_fence()
    path = run.dir / run_files.DOUBTS
    write_atomic(path, "".join(_lines(found, examples, labels)))
    groups = [e.group for e in examples]
    rng = np.random.default_rng(spec.seed)
    facts = LabelFacts(
        classifier=CLASSIFIER,
        folds=FOLDS,
        groups=len(set(groups)),
        examples={label: int((given == i).sum()) for i, label in enumerate(labels)},
        not_judged=not_judged,
        accuracy=agreement(shares.argmax(axis=1) == given, groups, rng).as_dict(),
        thresholds=dict(zip(labels, map(float, found.thresholds), strict=True)),
        noise=found.noise,
        doubted=len(found.doubts),
    )
    return facts, FileDigest(path.name, sha256_of(path))


def _read(spec: QualitySpec, run: Run) -> tuple[list[Example], dict[str, int]]:
    """The examples of labels that can be judged, and how many the others have."""
    run.reporter.state(Phase.VERIFYING)
    examples = [
        *read_examples(run.path(spec.train.path), spec.train, spec.labels, "TRAIN"),
        *read_examples(run.path(spec.dev.path), spec.dev, spec.labels, "DEV"),
    ]
    judged, not_judged = judged_labels(
        [e.label for e in examples], [e.group for e in examples]
    )
    if len(judged) < 2:
        raise BadInput(
            "too_few_examples",
            f"Fewer than two labels have examples in {FOLDS} incidents.",
            "Label more tickets first.",
        )
    return [e for e in examples if e.label in judged], dict(not_judged)


def _out_of_sample(
    examples: Sequence[Example], given: Integers, k: int, seed: int, run: Run
) -> Doubles:
    """Probabilities of every label by models that never saw the example, (n, k)."""
    groups = [e.group for e in examples]
    folds = assign_folds([e.label for e in examples], groups, FOLDS, seed)
    texts = np.array([e.text for e in examples], dtype=object)
    shares = np.zeros((len(examples), k))
    for fold in range(FOLDS):
        run.stop.check()
        seen, unseen = folds != fold, folds == fold
        shares[unseen] = _fit_and_judge(texts[seen], given[seen], texts[unseen], k)
        run.reporter.progress(fold + 1, FOLDS, "folds")
    return shares


def _fit_and_judge(
    texts: Sequence[str], labels: Integers, others: Sequence[str], k: int
) -> Doubles:
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), min_df=2, max_features=_FEATURES, sublinear_tf=True
    )
    try:
        seen = vectorizer.fit_transform(texts)
    except ValueError as error:
        raise BadInput(
            "no_vocabulary", "No word occurs in two texts.", "Label more tickets."
        ) from error
    model = LogisticRegression(C=_C, max_iter=_MAX_ITERATIONS)
    with warnings.catch_warnings():
        # A little short of the optimum ranks as well.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(seen, labels)
    shares = np.zeros((len(others), k))
    shares[:, model.classes_] = model.predict_proba(vectorizer.transform(others))
    return shares


def _lines(
    found: LabelErrors, examples: Sequence[Example], labels: Sequence[str]
) -> list[str]:
    return [
        dump(
            LabelDoubt(
                id=examples[doubt.at].id,
                split=examples[doubt.at].split,
                given=labels[doubt.given],
                suggested=labels[doubt.suggested],
                confidence=round(doubt.confidence, 6),
                suggested_probability=round(doubt.suggested_probability, 6),
            )
        )
        + "\n"
        for doubt in found.doubts
    ]
