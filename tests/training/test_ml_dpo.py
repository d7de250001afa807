"""Preference training: it starts at ln 2, the margin grows, the reference stays."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.training import generative_runs, tiny_models
from tests.training.generative_runs import answers, settings, spec_of
from tests.training.ml_runs import events, step_losses, this_process
from training.domain import run_files
from training.domain.job_spec import Artifact, Objective, Tuning
from training.domain.run_files import EventKind
from training.ml import dpo
from training.ml.artifacts import open_artifact
from training.ml.dpo import train_dpo
from training.ml.generative import Setup
from training.ml.outcomes import BadInput

FAMILIES = list(tiny_models.CHATS)


@pytest.fixture(scope="module", params=FAMILIES)
def base(request, tmp_path_factory):
    return generative_runs.base(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def qwen(tmp_path_factory):
    return generative_runs.base(tmp_path_factory.mktemp("qwen"))


def pair_spec(folder, model, **changes):
    return spec_of(folder, model, objective=Objective.DPO, **changes)


def margins(folder) -> dict[int, float]:
    return {
        event.data["step"]: event.data["values"]["margin"]
        for event in events(folder, EventKind.METRIC)
        if "margin" in event.data["values"]
    }


def test_the_loss_falls_from_ln_2_and_the_margin_grows_from_0(base, tmp_path):
    spec = pair_spec(tmp_path, base, hyperparameters=settings(lr=1e-3))

    trained = train_dpo(spec, this_process(tmp_path))

    losses, grown = step_losses(tmp_path), margins(tmp_path)
    assert losses[1] == pytest.approx(math.log(2), abs=1e-6)
    assert grown[1] == pytest.approx(0.0, abs=1e-6)
    assert losses[6] < losses[3] < math.log(2)
    assert grown[6] > grown[3] > 0
    assert trained.history[0].dev_loss == pytest.approx(math.log(2), abs=1e-6)
    assert trained.best.dev_loss < trained.history[0].dev_loss


def test_all_weights_learn_against_a_copy_that_does_not(qwen, tmp_path):
    spec = pair_spec(
        tmp_path, qwen, tuning=Tuning.FULL, hyperparameters=settings(lr=1e-3)
    )
    setup = Setup(spec, this_process(tmp_path))
    trainer, work = dpo.make_trainer(setup)
    before = {n: p.clone() for n, p in trainer.ref_model.named_parameters()}
    trainer.begin(setup.run, work, setup.optimizer)

    trainer.run_to_end()

    after = dict(trainer.ref_model.named_parameters())
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert step_losses(tmp_path)[1] == pytest.approx(math.log(2), abs=1e-6)
    assert margins(tmp_path)[6] > 0


def test_only_the_two_answers_count(base, tmp_path):
    setup = Setup(pair_spec(tmp_path, base), this_process(tmp_path))
    _, work = dpo.make_trainer(setup)
    model = setup.sequences.model

    batch = work.batch(np.array([2, 3]))

    learned = [
        model.tokenizer.decode(ids[mask.bool()].tolist(), skip_special_tokens=True)
        for ids, mask in zip(batch["input_ids"], batch["completion_mask"], strict=True)
    ]
    worse = "Wait and see what becomes of it."
    assert learned == ["Call t2.", "Call t3.", worse, worse]


def test_a_step_in_many_parts_is_the_step_in_one(qwen, tmp_path):
    found = {}
    for budget in (64, 8192):
        folder = tmp_path / str(budget)
        folder.mkdir()
        chosen = settings(token_budget=budget)
        spec = pair_spec(folder, qwen, hyperparameters=chosen)
        train_dpo(spec, this_process(folder))
        found[budget] = step_losses(folder)

    assert found[64] == pytest.approx(found[8192], abs=1e-4)


def test_the_card_says_how_it_was_trained(qwen, tmp_path):
    spec = pair_spec(tmp_path, qwen)

    trained = train_dpo(spec, this_process(tmp_path))

    artifact = Artifact(run_files.ARTIFACT, trained.artifact.sha256)
    card = open_artifact(tmp_path / run_files.ARTIFACT, artifact, spec.labels)
    assert (card.method, card.language.tuning) == ("dpo", "LORA")


def test_without_preferences_there_is_nothing_to_train_on(qwen, tmp_path):
    spec = pair_spec(tmp_path, qwen, train=answers(12))

    with pytest.raises(BadInput) as refusal:
        train_dpo(spec, this_process(tmp_path))

    assert refusal.value.code == "split_empty"
