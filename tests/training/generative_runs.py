"""Run directories for tests of training that writes: tiny models, a few rows."""

from __future__ import annotations

from pathlib import Path

from tests.training import tiny_models
from tests.training.ml_runs import LABELS, write_rows
from training.domain.generative_settings import GenerativeHyperparameters
from training.domain.job_spec import (
    Architecture,
    BaseModelFiles,
    Objective,
    TrainSpec,
    Tuning,
)
from training.domain.wording import Wording
from training.services.base_folders import read_facts

WORDING = Wording(
    tuple({"key": label, "label": label, "meaning": ""} for label in LABELS),
    (),
    {"severity": "1", "preference": "1", "domain_text": "1", "question_answer": "1"},
)
_FAULTS = ("core router down", "uplink flapping", "please rename port")


def base(folder: Path, family: str = "qwen2", **more) -> BaseModelFiles:
    """A tiny causal model as a spec names it."""
    tiny_models.chat_model(folder, family, **more)
    facts = read_facts(folder)
    return BaseModelFiles(
        str(folder),
        facts.weights_sha256,
        Architecture.CAUSAL,
        facts.shape.template_sha256,
    )


def answers(count: int, *, prefix: str = "t", split: str = "TRAIN") -> list[dict]:
    """Tickets with their level: short, of different lengths, each its own."""
    rows = []
    for number in range(count):
        place = number % len(LABELS)
        words = " and again" * (number % 4)
        text = f"{_FAULTS[place]} at {prefix}{number}{words}"
        rows.append(
            {"id": f"{prefix}{number}", "text": text, "label": LABELS[place],
             "split": split}
        )  # fmt: skip
    return rows


def pairs(count: int, *, prefix: str = "t", split: str = "TRAIN") -> list[dict]:
    """Tickets with a better and a worse answer."""
    return [
        {**row, "task": "preference", "label": "", "answer": f"Call {row['id']}.",
         "rejected": "Wait and see what becomes of it."}
        for row in answers(count, prefix=prefix, split=split)
    ]  # fmt: skip


def spec_of(folder: Path, model: BaseModelFiles, **changes) -> TrainSpec:
    """A run over 12 rows in 6 steps, with its data in `folder`; `train` and `dev` are
    rows.
    """
    pairwise = changes.get("objective") is Objective.DPO
    rows = pairs if pairwise else answers
    train = changes.pop("train", None) or rows(12)
    dev = changes.pop("dev", None) or rows(5, prefix="d", split="DEV")
    values = {
        "seed": 3,
        "labels": LABELS,
        "train": write_rows(folder, "train.jsonl", train),
        "dev": write_rows(folder, "dev.jsonl", dev),
        "objective": Objective.SFT,
        "tuning": Tuning.LORA,
        "base_model": model,
        "hyperparameters": settings(),
        "wording": WORDING,
        "threads": 1,
        "checkpoint_steps": 2,
    }
    return TrainSpec(**{**values, **changes})


def settings(**changes) -> GenerativeHyperparameters:
    """Small settings, without anything that hides a difference."""
    values = {
        "epochs": 2, "batch": 4, "lr": 1e-2, "patience": 50, "evaluations": 1,
        "token_budget": 512,
    }  # fmt: skip
    return GenerativeHyperparameters(**{**values, **changes})
