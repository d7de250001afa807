"""Who stands in a comparison: names, order, and the questions that matter most.

Baselines come first, from the plainest to the base model, then tuned models from the
oldest to the newest. Nothing here looks at an answer: what is compared is settled
before any figure is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netft_site.base.refusals import Refused
from training.models import ModelVersion, TrainingRun

MOST_MODELS = 8
_BASELINES = ("majority", "tfidf_lr", "embedding_lr")
_KINDS = {
    "majority": "majority class",
    "tfidf_lr": "TF-IDF + LR",
    "embedding_lr": "base model (frozen embedding + LR)",
}
_LABELS = {
    "majority": "Majority class",
    "tfidf_lr": "TF-IDF + LR",
    "embedding_lr": "Base model",
}
_IN_A_SENTENCE = ("the majority class", "TF-IDF + LR", "the base model")

# What is asked in words, and the pair (a, b) that answers it.
Question = tuple[str, str, str]


def kind_of(model: ModelVersion) -> str:
    """Name a model's kind as people say it."""
    run = model.run
    if run is None:
        return "untuned"
    if run.objective != TrainingRun.Objective.BASELINE:
        return f"tuned ({run.get_tuning_display()})"
    return _KINDS.get(run.method, run.method)


def describe(model: ModelVersion) -> dict[str, Any]:
    """Say what a model is, in words and in facts."""
    run = model.run
    return {
        "kind": kind_of(model),
        "base_model": model.base_model.name,
        "trained_on": str(run.dataset) if run else None,
        "artifact_sha256": model.artifact_sha256,
    }


def labels_of(models: Sequence[ModelVersion]) -> dict[str, str]:
    """Give each model, by its name, the shortest label that tells it from the others.

    What it is, else what it is and what it was trained on, else its name.
    """
    what = {model.name: _label(model) for model in models}
    trained = {model.name: f"{_label(model)} on {_data_of(model)}" for model in models}
    return {
        name: next(
            (form[name] for form in (what, trained) if _is_alone(form, name)), name
        )
        for name in what
    }


def in_order(models: Sequence[ModelVersion]) -> tuple[ModelVersion, ...]:
    """Put the models in order, each once."""
    return tuple(sorted({model.pk: model for model in models}.values(), key=_rank))


def choose(models: Sequence[ModelVersion]) -> tuple[ModelVersion, ...]:
    """Check a choice of models and put it in order.

    Raises Refused: ``no_models``, ``too_many_models``.
    """
    chosen = in_order(models)
    if not chosen:
        raise Refused("no_models", "Name at least one model to report on.")
    if len(chosen) > MOST_MODELS:
        raise Refused(
            "too_many_models",
            f"At most {MOST_MODELS} models stand side by side; choose among them.",
        )
    return chosen


def usual_choice(models: Sequence[ModelVersion]) -> list[ModelVersion]:
    """The newest baseline of every kind, and the newest tuned models."""
    baselines = {_rank(model)[0]: model for model in in_order(models)}
    baselines.pop(len(_BASELINES), None)
    tuned = [model for model in in_order(models) if _rank(model)[0] == len(_BASELINES)]
    places = MOST_MODELS - len(baselines)
    return [*baselines.values(), *tuned[-places:]]


def questions(models: Sequence[ModelVersion]) -> list[Question]:
    """The pairs to read first: the newest tuned model against what was there before."""
    ordered = in_order(models)
    bases = [m for m in ordered if _rank(m)[0] < len(_BASELINES)]
    tuned = [m for m in ordered if _rank(m)[0] == len(_BASELINES)]
    asked = []
    if bases and tuned:
        base, newest = bases[-1], tuned[-1]
        words = f"Tuned model against {_IN_A_SENTENCE[_rank(base)[0]]}"
        asked.append((words, base.name, newest.name))
    if len(tuned) > 1:
        words = "Tuned model against the one before"
        asked.append((words, tuned[-2].name, tuned[-1].name))
    return asked


def _rank(model: ModelVersion) -> tuple[int, int]:
    run = model.run
    if run is not None and run.method in _BASELINES:
        return _BASELINES.index(run.method), model.pk
    return len(_BASELINES), model.pk


def _label(model: ModelVersion) -> str:
    run = model.run
    if run is None:
        return "Untuned"
    if run.objective != TrainingRun.Objective.BASELINE:
        return "Tuned"
    return _LABELS.get(run.method, run.method)


def _data_of(model: ModelVersion) -> str:
    return str(model.run.dataset) if model.run else model.name


def _is_alone(labels: dict[str, str], name: str) -> bool:
    return list(labels.values()).count(labels[name]) == 1
