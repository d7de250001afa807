"""Supervised fine-tuning: what is learned, that packing changes nothing, and ends."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import peft
import pytest
import torch
import transformers

from tests.training import generative_runs, tiny_models
from tests.training.generative_runs import answers, settings, spec_of
from tests.training.ml_runs import events, step_losses, this_process
from training.domain import run_files
from training.domain.job_spec import Artifact, Device, Tuning
from training.domain.run_files import EventKind
from training.ml import causal, sft
from training.ml.artifacts import open_artifact
from training.ml.generative import Setup
from training.ml.outcomes import BadInput, Diverged
from training.ml.sequences import prepare
from training.ml.sft import train_sft

FAMILIES = list(tiny_models.CHATS)


@pytest.fixture(scope="module", params=FAMILIES)
def base(request, tmp_path_factory):
    return generative_runs.base(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def qwen(tmp_path_factory):
    return generative_runs.base(tmp_path_factory.mktemp("qwen"))


def logs(folder) -> list[str]:
    return [event.data["message"] for event in events(folder, EventKind.LOG)]


def started(folder, model, **changes):
    """A trainer that has looked at DEV once and has taken no step."""
    setup = Setup(spec_of(folder, model, **changes), this_process(folder))
    trainer, work = sft.make_trainer(setup)
    trainer.begin(setup.run, work, setup.optimizer)
    return setup, trainer, work


def test_labels_are_exactly_the_answers_and_their_ends(base, tmp_path):
    setup, _, work = started(tmp_path, base)
    model = setup.sequences.model

    batch = work.batch(np.arange(len(setup.sequences.train)))

    learned = batch["input_ids"][batch["labels"] != -100].tolist()
    wanted = [encoded.answer_ids for (encoded,) in setup.sequences.train]
    assert learned == [id for ids in wanted for id in ids]
    assert {ids[-1] for ids in wanted} <= model.stops
    levels = [row["label"] for row in answers(12)]
    texts = [model.tokenizer.decode(ids[:-1]) for ids in wanted]
    assert texts == [f"Severity: {level}" for level in levels]


def test_packed_rows_have_the_loss_that_they_have_alone(base, tmp_path):
    _, trainer, work = started(tmp_path, base)
    rows = range(len(work.tokens))
    packed = work.batch(np.array(rows))

    with torch.no_grad():
        together = trainer.compute_loss(trainer.model.eval(), packed).item()
        alone = [work.batch(np.array([row])) for row in rows]
        losses = [trainer.compute_loss(trainer.model, dict(one)) for one in alone]

    weights = [trainer.items(one) for one in alone]
    mean = np.average([loss.item() for loss in losses], weights=weights)
    assert packed["input_ids"].shape == (1, work.tokens.sum())
    assert together == pytest.approx(mean, abs=1e-3)


def test_a_packed_row_never_sees_another(base, tmp_path):
    _, trainer, work = started(tmp_path, base)
    model = trainer.model.eval()

    def scores(rows):
        batch = work.batch(np.array(rows))
        with torch.no_grad():
            return model(**batch, fused_lm_head=True).log_probs[0]

    after_one, after_another = scores([0, 5]), scores([3, 5])

    own = int(work.tokens[5]) - 1
    assert torch.equal(scores([0, 5])[-own:], after_one[-own:])
    assert torch.allclose(after_one[-own:], after_another[-own:], atol=1e-5)


def test_packed_and_padded_runs_learn_the_same(qwen, tmp_path):
    found = {}
    for packing in ("yes", "no"):
        folder = tmp_path / packing
        folder.mkdir()
        chosen = settings(packing=packing, dropout=0.0, token_budget=400)
        spec = spec_of(folder, qwen, hyperparameters=chosen)
        train_sft(spec, this_process(folder))
        found[packing] = step_losses(folder)

    assert len(found["yes"]) == 6
    assert found["yes"] == pytest.approx(found["no"], abs=1e-3)


def test_a_step_in_many_parts_is_the_step_in_one(qwen, tmp_path):
    found = {}
    for budget in (64, 8192):
        folder = tmp_path / str(budget)
        folder.mkdir()
        chosen = settings(dropout=0.0, token_budget=budget)
        spec = spec_of(folder, qwen, hyperparameters=chosen)
        train_sft(spec, this_process(folder))
        found[budget] = step_losses(folder)

    assert found[64] == pytest.approx(found[8192], abs=1e-4)


def test_activations_computed_twice_give_the_same_losses(qwen, tmp_path):
    found = {}
    for wanted in ("yes", "no"):
        folder = tmp_path / wanted
        folder.mkdir()
        chosen = settings(gradient_checkpointing=wanted)
        spec = spec_of(folder, qwen, hyperparameters=chosen)
        train_sft(spec, this_process(folder))
        found[wanted] = step_losses(folder)

    assert found["yes"] == pytest.approx(found["no"], abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("tuning", [Tuning.LORA, Tuning.FULL])
def test_thirty_rows_are_learned_by_heart_and_each_answer_stops(tmp_path, tuning):
    model = generative_runs.base(tmp_path / "base")
    chosen = settings(epochs=15, dropout=0.0, batch=10, r=64, alpha=64)
    spec = spec_of(
        tmp_path,
        model,
        tuning=tuning,
        hyperparameters=chosen,
        train=answers(30),
        checkpoint_steps=1000,
    )

    train_sft(spec, this_process(tmp_path))

    tuned = loaded(tmp_path, Path(model.path), tuning)
    sequences = prepare(spec, this_process(tmp_path))
    for (encoded,) in sequences.train:
        assert written(tuned, encoded.prompt_ids, sequences.model.stops) == list(
            encoded.answer_ids
        )


def loaded(folder, base: Path, tuning):
    """The tuned model from its artifact."""
    artifact = folder / run_files.ARTIFACT
    if tuning is Tuning.FULL:
        return causal.load_causal(artifact, tuning, Device.CPU)
    model = causal.load_causal(base, tuning, Device.CPU)
    return peft.PeftModel.from_pretrained(model, artifact).eval()


def written(model, prompt, stops):
    """The tokens that the model writes, the one it stops at among them."""
    out = model.generate(
        input_ids=torch.tensor([prompt]),
        max_new_tokens=60,
        do_sample=False,
        eos_token_id=sorted(stops),
        pad_token_id=0,
    )
    return out[0, len(prompt) :].tolist()


def test_a_saved_adapter_gives_the_outputs_of_the_trained_model(base, tmp_path):
    spec = spec_of(tmp_path, base)
    setup = Setup(spec, this_process(tmp_path))
    trainer, work = sft.make_trainer(setup)
    trainer.begin(setup.run, work, setup.optimizer)
    trainer.run_to_end()
    saved = tmp_path / "saved"
    saved.mkdir()
    causal.save(setup.model, setup.folder, saved)
    ids = torch.tensor([setup.sequences.dev[0][0].ids.tolist()])

    again = peft.PeftModel.from_pretrained(
        causal.load_causal(Path(base.path), Tuning.LORA, Device.CPU),
        saved,
    ).eval()

    with torch.no_grad():
        before = setup.model.eval()(input_ids=ids).logits
        assert torch.allclose(again(input_ids=ids).logits, before, atol=1e-6)
        with setup.model.disable_adapter():
            untuned = setup.model(input_ids=ids).logits
        assert not torch.allclose(before, untuned, atol=1e-3)


def test_a_whole_model_is_saved_in_a_form_that_can_be_a_base(qwen, tmp_path):
    spec = spec_of(tmp_path, qwen, tuning=Tuning.FULL)

    train_sft(spec, this_process(tmp_path))

    folder = tmp_path / run_files.ARTIFACT
    again = transformers.AutoModelForCausalLM.from_pretrained(folder)
    facts = generative_runs.read_facts(folder)
    assert facts.shape.template_sha256 == qwen.template_sha256
    assert facts.weights_sha256 != qwen.weights_sha256
    assert again.num_parameters() > 0


def test_a_base_whose_way_of_generating_cannot_be_saved_is_no_trouble(tmp_path):
    odd = {"eos_token_id": 2, "do_sample": False, "temperature": 0.6}
    model = generative_runs.base(tmp_path / "base", generation=odd)
    spec = spec_of(tmp_path, model, tuning=Tuning.FULL)

    train_sft(spec, this_process(tmp_path))

    saved = tmp_path / run_files.ARTIFACT / "generation_config.json"
    assert json.loads(saved.read_text()) == odd


def test_the_best_look_at_dev_is_kept_and_the_card_locks_the_template(qwen, tmp_path):
    spec = spec_of(tmp_path, qwen, hyperparameters=settings(epochs=3))

    trained = train_sft(spec, this_process(tmp_path))

    artifact = Artifact(run_files.ARTIFACT, trained.artifact.sha256)
    card = open_artifact(tmp_path / run_files.ARTIFACT, artifact, spec.labels)
    assert trained.best.dev_loss == min(r.dev_loss for r in trained.history)
    assert [record.step for record in trained.history] == [0, 3, 6, 9]
    assert card.language.template_sha256 == qwen.template_sha256
    assert card.language.weights_sha256 == qwen.weights_sha256


def test_figures_go_out_as_events(qwen, tmp_path):
    train_sft(spec_of(tmp_path, qwen), this_process(tmp_path))

    names = {
        name
        for event in events(tmp_path, EventKind.METRIC)
        for name in event.data["values"]
    }
    assert {"loss", "learning_rate", "grad_norm", "tokens_per_second"} <= names
    assert {"dev_loss", "train_loss", "memory_mb", "dev_token_accuracy"} <= names
    assert len(step_losses(tmp_path)) == 6


def test_nothing_is_written_beside_what_the_protocol_names(qwen, tmp_path):
    before = {path.name for path in tmp_path.iterdir()}

    train_sft(spec_of(tmp_path, qwen), this_process(tmp_path))

    made = {path.name for path in tmp_path.iterdir()} - before
    assert made <= {"train.jsonl", "dev.jsonl", "events.jsonl", "checkpoints",
                    "artifact"}  # fmt: skip


def test_training_stops_when_dev_gains_nothing_for_as_long_as_patience(qwen, tmp_path):
    chosen = settings(epochs=9, lr=1e-7, patience=2)

    trained = train_sft(
        spec_of(tmp_path, qwen, hyperparameters=chosen), this_process(tmp_path)
    )

    assert trained.stopped_early
    assert len(trained.history) == 3


def test_rows_beyond_the_limit_are_left_out_and_counted(qwen, tmp_path):
    rows = answers(12)
    rows[4]["text"] += " and again" * 30
    spec = spec_of(tmp_path, qwen, train=rows, hyperparameters=settings(max_length=140))

    trained = train_sft(spec, this_process(tmp_path))

    assert trained.truncated == {"train": 1, "dev": 0}
    assert trained.rows["train"] == 11
    assert "Rows of TRAIN longer than 140 tokens are left out: 1." in logs(tmp_path)


def test_domain_text_is_trained_first_and_only_where_wanted(qwen, tmp_path):
    text = {"id": "D1", "text": "Uplinks are redundant. " * 40, "label": "",
            "split": "TRAIN", "task": "domain_text"}  # fmt: skip
    rows = [*answers(12), text]
    plans = {}
    for wanted in ("first", "none"):
        chosen = settings(domain_text=wanted, max_length=140)
        changes = {"train": rows, "hyperparameters": chosen}
        _, trainer, work = started(tmp_path, qwen, **changes)
        plans[wanted] = [step.epoch for step in work.plan.steps]
        first = work.batch(work.plan.steps[0].parts[0])
        # All but the first token of each window, which follows nothing.
        learned = (first["labels"] != -100).sum() == (first["position_ids"] > 0).sum()
        assert learned == (wanted == "first")
        trainer.run_to_end()

    assert plans["first"] == [0, 0, 1, 1, 1, 2, 2, 2]
    assert plans["none"] == [1, 1, 1, 2, 2, 2]


def test_a_loss_that_is_no_number_ends_the_run_in_words(qwen, tmp_path):
    _, trainer, _ = started(tmp_path, qwen)
    with torch.no_grad():
        next(iter(causal.trained(trainer.model).values())).fill_(math.nan)

    with pytest.raises(Diverged) as end:
        trainer.run_to_end()

    assert end.value.code == "loss_not_finite"
    assert "step 1" in end.value.message


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"template": tiny_models.CHATML}, "nothing_trained"),
        (
            {"tokenizer_config": {"eos_token": "<|endoftext|>"},
             "generation": {"eos_token_id": 0}},
            "no_end_of_turn_trained",
        ),
    ],
)  # fmt: skip
def test_rows_that_would_teach_a_mistake_refuse_the_run(tmp_path, more, code):
    model = generative_runs.base(tmp_path / "base", **more)

    with pytest.raises(BadInput) as refusal:
        train_sft(spec_of(tmp_path, model), this_process(tmp_path))

    assert refusal.value.code in {code, "answer_moved"}
    assert "12 rows" in refusal.value.message
    assert "router" not in refusal.value.message


def test_a_template_that_changed_since_it_was_registered_is_refused(tmp_path):
    model = generative_runs.base(tmp_path / "base")
    spec = spec_of(tmp_path, model)
    (tmp_path / "base" / "chat_template.jinja").write_text(tiny_models.QWEN + " ")

    with pytest.raises(BadInput) as refusal:
        train_sft(spec, this_process(tmp_path))

    assert refusal.value.code == "template_changed"


def test_four_bits_are_refused_where_they_cannot_run(qwen, tmp_path):
    spec = spec_of(tmp_path, qwen, tuning=Tuning.QLORA)

    with pytest.raises(BadInput) as refusal:
        train_sft(spec, this_process(tmp_path))

    assert refusal.value.code == "quantization_unavailable"
    assert "lora" in refusal.value.advice


def test_four_bits_train():
    reason = "weights of four bits need bitsandbytes and a GPU"
    pytest.importorskip("bitsandbytes", reason=reason)
    if not torch.cuda.is_available():
        pytest.skip(reason)


def test_a_ticket_in_both_splits_is_refused(qwen, tmp_path):
    dev = answers(3, split="DEV")

    with pytest.raises(BadInput) as refusal:
        train_sft(spec_of(tmp_path, qwen, dev=dev), this_process(tmp_path))

    assert refusal.value.code == "splits_overlap"


def test_the_spec_of_a_run_is_read_back(qwen, tmp_path):
    from training.domain.job_spec import read_spec, write_spec

    spec = spec_of(tmp_path, qwen)

    assert read_spec(write_spec(spec)) == spec
    assert json.loads(write_spec(spec))["wording"]["versions"]["severity"] == "1"
