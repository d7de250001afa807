"""A job loads the heavy libraries that it needs and no other: each costs seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.training.ml_runs import (
    ENCODER,
    LABELS,
    ROOT,
    baseline_spec,
    classify_spec,
    result,
    tickets,
    write_rows,
    write_run,
)
from training.domain import run_files
from training.domain.hyperparameters import Hyperparameters
from training.domain.job_spec import Artifact, BaselineMethod, PredictSpec

pytestmark = pytest.mark.slow

TUNED = "lora"
# What training and what prediction load, by method.
NEEDED = {
    BaselineMethod.MAJORITY: ({"sklearn"}, set()),
    BaselineMethod.TFIDF_LR: ({"sklearn"}, {"sklearn"}),
    BaselineMethod.EMBEDDING_LR: (
        {"sklearn", "torch", "transformers"},
        {"torch", "transformers"},
    ),
    TUNED: (
        {"peft", "sklearn", "torch", "transformers"},
        {"peft", "torch", "transformers"},
    ),
}
# Does the job, then tells what it loaded and how torch was told to compute.
PROGRAM = """
import json, sys
from training.ml.run import main
code = main(sys.argv[1:])
heavy = ("datasets", "peft", "sklearn", "torch", "transformers", "trl")
loaded = [name for name in heavy if name in sys.modules]
torch = sys.modules.get("torch")
settled = torch and [
    torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
]
print(json.dumps([code, loaded, settled]))
"""


def run_and_look(folder):
    """Do the job in a process of its own: what was loaded, how torch computed."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    code, loaded, settled = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    return set(loaded), settled


def train_spec(folder, method):
    if method == TUNED:
        settings = Hyperparameters(epochs=1, batch=16)
        return classify_spec(folder, hyperparameters=settings)
    return baseline_spec(folder, method)


def predict_spec(folder, trained, *, base_model):
    artifact = Artifact(
        str(trained / run_files.ARTIFACT), result(trained).artifact.sha256
    )
    return PredictSpec(
        labels=LABELS,
        items=write_rows(folder, "items.jsonl", tickets(6, seed=2, prefix="d")),
        artifact=artifact,
        base_model=base_model,
        batch=4,
        threads=1,
    )


@pytest.mark.parametrize("method", NEEDED)
def test_a_job_loads_only_what_its_method_needs(tmp_path, method):
    training, prediction = tmp_path / "training", tmp_path / "prediction"
    training.mkdir()
    prediction.mkdir()
    to_train, to_predict = NEEDED[method]
    base_model = ENCODER if "torch" in to_predict else None

    write_run(training, train_spec(training, method))
    loaded, settled = run_and_look(training)
    write_run(prediction, predict_spec(prediction, training, base_model=base_model))
    loaded_again, settled_again = run_and_look(prediction)

    assert loaded == to_train
    assert loaded_again == to_predict
    assert settled == ([1, True] if "torch" in to_train else None)
    assert settled_again == ([1, True] if "torch" in to_predict else None)


def test_a_refused_job_loads_nothing_heavy(tmp_path):
    (tmp_path / run_files.SPEC).write_text("{}")
    program = (
        "import sys; from training.ml.run import main; main(sys.argv[1:]);"
        "sys.exit(any(m in sys.modules for m in ('sklearn', 'torch', 'scipy')))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, check=False
    )

    assert (tmp_path / run_files.ERROR).exists()
    assert done.returncode == 0
