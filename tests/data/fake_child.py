"""A stand-in for the training process, for tests of its supervision.

Called as `fake_child.py BEHAVIOUR RUN_DIR`. It keeps to the protocol of
training.domain.run_files but imports nothing of the project, so a fault there cannot
hide here. It computes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

BEHAVIOUR, RUN_DIR = sys.argv[1], Path(sys.argv[2])
SPEC = json.loads((RUN_DIR / "spec.json").read_text())
OWN = {"attempt": SPEC["attempt"], "fence": SPEC["fence"]}
SEQ = iter(range(1, 10**9))
TERMINATED = []


def put(name: str, payload: object) -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    temporary = RUN_DIR / f".{name}.{os.getpid()}"
    temporary.write_text(text)
    temporary.replace(RUN_DIR / name)


def event(kind: str, **data: object) -> None:
    line = {"seq": next(SEQ), "attempt": OWN["attempt"], "time": time.time()}
    with (RUN_DIR / "events.jsonl").open("a") as stream:
        stream.write(json.dumps({**line, "kind": kind, "data": data}) + "\n")


def beat() -> None:
    started = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    put(
        "heartbeat",
        {"pid": os.getpid(), "started": int(started), "time": time.time(), **OWN},
    )


def leave_if_fenced_out() -> None:
    if int((RUN_DIR / "fence").read_text()) != OWN["fence"]:
        sys.exit(75)


def error(exit_class: str, code: int) -> None:
    put(
        "error.json",
        {
            **OWN,
            "exit_class": exit_class,
            "code": "told_to",
            "message": "As the test wished.",
            "advice": "Wish for something else.",
            "has_checkpoint": False,
        },
    )
    sys.exit(code)


def finish() -> None:
    folder = RUN_DIR / "artifact"
    folder.mkdir(exist_ok=True)
    (folder / "model.json").write_text(json.dumps({"seed": SPEC["seed"]}))
    files = {"model.json": sha256(folder / "model.json")}
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "files": files}))
    history = [
        epoch(0, None, 0.9, 0.5),
        epoch(1, 0.8, 0.7, 0.6),
        epoch(2, 0.5, 0.6, 0.7),
    ]
    put(
        "result.json",
        {
            **OWN,
            "artifact": {
                "path": "artifact",
                "sha256": sha256(folder / "manifest.json"),
            },
            "best": history[-1],
            "history": history,
            "stopped_early": False,
            "rows": {"train": 8, "dev": 4},
            "truncated": {"train": 0, "dev": 0},
            "settled": {"epochs": 2},
            "seconds": 1.5,
            "libraries": {"torch": "0"},
        },
    )


def epoch(number: int, train_loss: float | None, dev_loss: float, f1: float) -> dict:
    return {
        "epoch": number,
        "step": 10 * number,
        "train_loss": train_loss,
        "dev_loss": dev_loss,
        "dev_accuracy": f1,
        "dev_macro_f1": f1,
    }


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def train(until: Path) -> None:
    """Beat and report until the test says go, or somebody asks to stop."""
    signal.signal(signal.SIGTERM, lambda *_: TERMINATED.append(True))
    event("state", phase="training")
    for step in range(1, 10**6):
        leave_if_fenced_out()
        beat()
        event("progress", done=min(step, 20), total=20, unit="steps", eta_seconds=3)
        event("metric", step=step, values={"loss": 1 / step, "dev_macro_f1": 0.5})
        if TERMINATED:
            event("checkpoint", step=step, epoch=1, name="000001")
            error("CANCELLED", 143)
        if until.exists():
            return
        time.sleep(0.05)


with (RUN_DIR / "starts").open("a") as starts:
    starts.write(f"{OWN['fence']}\n")

if BEHAVIOUR == "finish":
    beat()
    event("log", level="info", message="8 rows to learn from, 4 to choose by.")
    event("state", phase="training")
    event("metric", step=1, values={"loss": 0.5})
    event("state", phase="done")
    finish()
elif BEHAVIOUR == "train":
    train(RUN_DIR / "go")
    finish()
elif BEHAVIOUR == "refuse":
    beat()
    error("DATA", 65)
elif BEHAVIOUR == "out_of_memory":
    beat()
    error("HOST_OOM", 72)
elif BEHAVIOUR == "crash":
    beat()
    sys.exit(70)
elif BEHAVIOUR == "die":
    beat()
    os.kill(os.getpid(), signal.SIGKILL)
elif BEHAVIOUR == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    beat()
    time.sleep(600)
elif BEHAVIOUR == "mute":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        leave_if_fenced_out()
        time.sleep(0.05)
elif BEHAVIOUR == "garbage":
    beat()
    with (RUN_DIR / "events.jsonl").open("ab") as stream:
        stream.write(b'\xff\x00 not json\n{"seq": 1}\n')
    event("metric", step=-1, values={"loss": 1.0})
    event("metric", step=1, values={"loss": "high", "x" * 99: 1.0, "true": True})
    event("progress", done=5, total=0, unit="steps", eta_seconds=None)
    event("progress", done=5, total=4, unit="parsecs", eta_seconds=-1)
    event("state", phase="dancing")
    put("result.json", '{"attempt": NaN')
elif BEHAVIOUR == "damage":
    beat()
    finish()
    (RUN_DIR / "artifact" / "model.json").write_text("{}")
else:
    sys.exit(f"unknown behaviour {BEHAVIOUR}")
