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
_IN_A_SENTENCE = (
    "the majority class", "TF-IDF + LR", "the base model", "its base, untuned",
)  # fmt: skip
# Ranks after the baselines: bases that write, as they are, then what was tuned.
_UNTUNED, _TUNED = len(_BASELINES), len(_BASELINES) + 1

# What is asked in words, and the pair (a, b) that answers it.
Question = tuple[str, str, str]


def kind_of(model: ModelVersion) -> str:
    """Name a model's kind as people say it."""
    run = model.run
    if run is None:
        return "base model, untuned"
    if run.writes:
        return f"tuned to write ({run.get_tuning_display()})"
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
    ordered = in_order(models)
    before = {_kind_of_base(m): m for m in ordered if _rank(m)[0] < _TUNED}
    tuned = [model for model in ordered if _rank(model)[0] == _TUNED]
    places = max(1, MOST_MODELS - len(before))
    return [*list(before.values())[: MOST_MODELS - 1], *tuned[-places:]]


def questions(models: Sequence[ModelVersion]) -> list[Question]:
    """The pairs to read first: the newest tuned model against what was there before."""
    ordered = in_order(models)
    tuned = [m for m in ordered if _rank(m)[0] == _TUNED]
    base = _base_before(ordered, tuned[-1]) if tuned else None
    asked = []
    if base is not None:
        words = f"Tuned model against {_IN_A_SENTENCE[_rank(base)[0]]}"
        asked.append((words, base.name, tuned[-1].name))
    if len(tuned) > 1:
        words = "Tuned model against the one before"
        asked.append((words, tuned[-2].name, tuned[-1].name))
    return asked


def _base_before(
    ordered: Sequence[ModelVersion], tuned: ModelVersion
) -> ModelVersion | None:
    """What a tuned model is held against: its own base, else the best baseline."""
    own = [
        one
        for one in ordered
        if one.run is None and one.base_model_id == tuned.base_model_id
    ]
    baselines = [one for one in ordered if _rank(one)[0] < _UNTUNED]
    return next(iter(own or baselines[-1:]), None)


def _kind_of_base(model: ModelVersion) -> tuple[int, int]:
    """What a later model of the same kind takes the place of."""
    return _rank(model)[0], model.base_model_id if model.run is None else 0


def _rank(model: ModelVersion) -> tuple[int, int]:
    run = model.run
    if run is None:
        return _UNTUNED, model.pk
    known = run.method in _BASELINES
    return _BASELINES.index(run.method) if known else _TUNED, model.pk


def _label(model: ModelVersion) -> str:
    run = model.run
    if run is None:
        return f"{model.base_model.name}, untuned"
    if run.writes:
        return "Tuned to write"
    if run.objective != TrainingRun.Objective.BASELINE:
        return "Tuned"
    return _LABELS.get(run.method, run.method)


def _data_of(model: ModelVersion) -> str:
    return str(model.run.dataset) if model.run else model.name


def _is_alone(labels: dict[str, str], name: str) -> bool:
    return list(labels.values()).count(labels[name]) == 1
