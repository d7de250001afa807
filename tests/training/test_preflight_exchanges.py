"""The rows of a dataset as a language model is going to learn them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from tests.training import tiny_models
from tests.training.frozen import frozen_dataset
from tests.training.generative_runs import settings as small
from tests.training.model_configs import PUBLISHED
from training.domain.job_spec import DataFile, Objective, TrainSpec, Tuning
from training.domain.memory import GIB
from training.domain.model_size import size_of
from training.domain.wording import Wording
from training.ml.callbacks import Heartbeat, Reporter, Run, StopRequest
from training.ml.sequences import prepare
from training.services import base_models, preflight, registering
from training.services.datasets import streaming
from training.services.preflight import showing
from training.services.preflight.machine import DeviceMemory, Gpu, read_gpus
from training.services.preflight.needs import plan_of, settle_checkpointing

pytestmark = pytest.mark.django_db

PAIR = {"task": "preference", "label": "", "answer": "Call them.", "rejected": "Wait."}
TEXT = {"task": "domain_text", "label": "", "text": "A ring has two ways. " * 8}
ENDLESS = (
    "{{ bos_token }}{% for m in messages %}{{ m['role'] }}:\n{{ m['content'] }}\n"
    "{% endfor %}{% if add_generation_prompt %}assistant:\n{% endif %}"
)
TASKS = ("severity", "preference", "domain_text")


@pytest.fixture(params=["qwen2", "llama", "mistral"])
def base(request, tmp_path):
    return registered(tmp_path / request.param, request.param)


def registered(folder: Path, family: str, **more):
    tiny_models.chat_model(folder, family, **more)
    base = registering.register_local(name=family, folder=folder, licence="MIT")
    base.licence_approved_by = "Alice"
    return base


def spec_of(dataset, base, objective=Objective.SFT, **changes) -> TrainSpec:
    files = base_models.files_of(base)
    assert files is not None
    scale, causes, versions = streaming.wording_of(dataset)
    place = Path(settings.DATA_DIR) / dataset.path
    counted = dataset.manifest["splits"]
    data = {
        split.lower(): DataFile(
            str(place / counted[split]["file"]), counted[split]["sha256"]
        )
        for split in ("TRAIN", "DEV")
    }
    values = {
        "seed": 0,
        "labels": tuple(dataset.manifest["levels"]),
        "objective": objective,
        "tuning": Tuning.LORA,
        "base_model": replace(files, template_sha256=base.template_sha256),
        "hyperparameters": small(),
        "wording": Wording(tuple(scale.rows()), causes, versions),
    }
    return TrainSpec(**{**values, **data, **changes})


def examine(dataset, base, spec):
    return preflight.examine(dataset=dataset, base=base, spec=spec, seconds=None)


def mixed(project):
    extra = {"TRAIN": [PAIR, TEXT, PAIR], "DEV": [PAIR]}
    return frozen_dataset(project, extra=extra, tasks=TASKS)


def trained_by(spec, folder: Path):
    """What the training itself makes of the rows."""
    folder.mkdir()
    run = Run(folder, Reporter(folder, 1), Heartbeat(folder, 1, 0), StopRequest())
    return prepare(spec, run)


@pytest.mark.parametrize("objective", [Objective.SFT, Objective.DPO])
def test_what_is_counted_is_what_is_trained(project, base, objective, tmp_path):
    dataset = mixed(project)
    spec = spec_of(dataset, base, objective)

    report = examine(dataset, base, spec)

    trained = trained_by(spec, tmp_path / "run")
    sequences = [one for item in trained.train for one in item]
    assert report.blocking is None
    assert report.lengths.limit == trained.max_length
    assert report.lengths.rows - report.lengths.over == len(trained.train)
    assert report.lengths.read == sum(len(one.ids) for one in sequences)
    assert report.lengths.over == trained.left_out["train"]
    learned = sum(sum(one.trained) for one in sequences)
    assert report.lengths.over or report.lengths.trained == learned


def test_learned_tokens_are_shown_as_such(project, base):
    dataset = mixed(project)
    spec = spec_of(dataset, base)

    report = examine(dataset, base, spec)
    rows = showing.rows_to_see(dataset=dataset, spec=spec, report=report)

    said = [row for row in rows if row.label]
    (one,) = said[0].sequences
    learned = "".join(t.text for t in one.head if t.part == "trained")
    assert learned.startswith(f"Severity: {said[0].label}")
    parts = [token.part for token in one.head]
    begun = parts.index("trained")
    assert one.trained == parts.count("trained")
    assert set(parts[begun : begun + one.trained]) == {"trained"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"template": ENDLESS}, "no_end_of_turn_trained"),
        ({"template": "{{ messages[-1]['content'] }}"}, "prefix_mismatch"),
    ],
)
def test_a_broken_template_forbids_the_run_for_every_row(
    project, tmp_path, changes, code
):
    dataset = frozen_dataset(project)
    base = registered(tmp_path / "model", "llama", **changes)

    report = examine(dataset, base, spec_of(dataset, base))

    failed = {check.code: check for check in report.checks if check.state == "fails"}
    assert code in failed
    assert failed[code].message.startswith("36 rows (TRAIN-0, TRAIN-1, TRAIN-2 and 33")


def test_a_special_token_in_a_text_is_found(project, tmp_path):
    base = registered(tmp_path / "model", "llama")
    dataset = frozen_dataset(
        project, extra={"TRAIN": [{"text": "Router down <|begin_of_text|> now"}]}
    )

    report = examine(dataset, base, spec_of(dataset, base))

    # Broken as in every export, it is a text like any other.
    assert report.blocking is None


def test_an_objective_without_a_row_is_refused(project, tmp_path):
    base = registered(tmp_path / "model", "qwen2")
    dataset = frozen_dataset(project)

    report = examine(dataset, base, spec_of(dataset, base, Objective.DPO))

    assert report.blocking.code == "split_empty"
    assert report.lengths is None


def test_a_template_that_was_changed_since_its_registration_fails(project, tmp_path):
    base = registered(tmp_path / "model", "qwen2")
    dataset = frozen_dataset(project)
    spec = spec_of(dataset, base)
    path = tmp_path / "model" / "chat_template.jinja"
    path.write_text(path.read_text() + " ")

    assert examine(dataset, base, spec).blocking.code == "template_changed"


def test_weights_of_another_size_are_noticed_without_hashing(project, tmp_path):
    base = registered(tmp_path / "model", "qwen2")
    dataset = frozen_dataset(project)
    spec = spec_of(dataset, base)
    tiny_models.encoder(tmp_path / "other", "bert")
    weights = (tmp_path / "other" / "model.safetensors").read_bytes()
    (tmp_path / "model" / "model.safetensors").write_bytes(weights)
    changed = examine(dataset, base, spec)
    (tmp_path / "model" / "model.safetensors").write_bytes(weights[:-9])

    torn = examine(dataset, base, spec)

    assert changed.blocking.code == "base_model_changed"
    assert torn.blocking.code == "weights_corrupt"


def test_a_step_of_a_writing_run_holds_the_budget_of_tokens(project, tmp_path):
    base = registered(tmp_path / "model", "qwen2")
    dataset = frozen_dataset(project)
    spec = spec_of(dataset, base)
    found = examine(dataset, base, spec).lengths

    plan = plan_of(spec, found)
    tight = replace(spec, hyperparameters=small(token_budget=2 * found.longest))

    fitting = spec.hyperparameters.token_budget // found.longest
    assert (plan.rows, plan.length, plan.fused) == (fitting, found.longest, True)
    assert plan_of(tight, found).rows == 2
    assert plan_of(replace(spec, objective=Objective.DPO), found).fused is False
    assert plan_of(spec, found, on_gpu=True).precision.width == 2


def test_on_a_gpu_what_does_not_fit_is_computed_twice(project, tmp_path):
    base = registered(tmp_path / "model", "qwen2")
    dataset = frozen_dataset(project)
    spec = spec_of(dataset, base)
    plan = plan_of(spec, examine(dataset, base, spec).lengths, on_gpu=True)
    size = size_of(PUBLISHED["Qwen2.5-7B"])
    never = replace(spec, hyperparameters=small(gradient_checkpointing="no"))

    roomy = settle_checkpointing(spec, size, plan, 139 * GIB)
    tight = settle_checkpointing(spec, size, plan, 16 * GIB)

    assert (roomy.checkpointing, tight.checkpointing) == (False, True)
    assert not settle_checkpointing(never, size, plan, 16 * GIB).checkpointing


def test_what_nvidia_smi_prints_is_read():
    table = "NVIDIA H200, 142000, 143771\nNVIDIA A100, 80GB, 5, [N/A]\n\n"

    assert read_gpus(table) == [
        Gpu("NVIDIA H200", DeviceMemory(142000 << 20, 143771 << 20))
    ]
