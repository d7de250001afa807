"""Load the label desk over HTTP on PostgreSQL: speed at two sizes, then kills.

Run as ``python benchmarks/desk_load.py --database postgres://... [--seconds N]``; the
user must be allowed to create databases. The load generator (locust) runs on the same
machine. A label is an answer and the record that comes next. The limits stand beside
the figures: one reviewer under 40 ms at the 95th percentile, eight reviewers at least
80 labels a second, and no more than 1.5 times slower at 100,000 records than at 1,000.
Last, fifty reviewers label 2,000 records, three answers each, while web workers are
killed; then the database is compared with all that the server said.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from desk_house import Console, drop_database, fresh_database
from desk_truth import answers_stored, truth

ROOT = Path(__file__).resolve().parent.parent
USERS = ROOT / "benchmarks" / "desk_users.py"
NAME = "netft_desk_load"
SIZES = (1_000, 100_000)
OVERLAP = 3
MOST_A_SECOND = 200.0
ANSWERS_A_KILL = 5


def manage(environment: dict[str, str], *command: str) -> str:
    """Run a script of the project; return what it printed."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return done.stdout


class House:
    """A fresh database with records and reviewers, and the console before it."""

    def __init__(self, url: str, records: int, reviewers: int) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.database = fresh_database(url, NAME)
        self._server = url
        self.environment = {
            **os.environ,
            "DATABASE_URL": self.database,
            "NETFT_DATA_DIR": self._folder.name,
            "NETFT_HTTPS": "False",
        }
        manage(self.environment, "manage.py", "migrate", "--verbosity", "0")
        sizes = [str(records), str(reviewers), str(OVERLAP)]
        printed = manage(self.environment, "benchmarks/desk_house.py", *sizes)
        self.tokens = printed.split()
        self._used = 0
        self.console = Console(self.environment)

    def __enter__(self) -> House:
        self.console.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.console.stop()
        drop_database(self._server, NAME)
        self._folder.cleanup()

    def load(self, users: int, seconds: float, *more: str) -> dict[str, Any]:
        """Let fresh reviewers label for a while; return what they saw."""
        mine = self.tokens[self._used : self._used + users]
        self._used += users
        with tempfile.NamedTemporaryFile("w", suffix=".tokens") as file:
            file.write("\n".join(mine))
            file.flush()
            where = ["--host", self.console.url, "--tokens", file.name]
            size = ["--users", str(users), "--seconds", str(seconds)]
            return json.loads(
                manage(self.environment, str(USERS), *where, *size, *more)
            )


def measured(seen: dict[str, Any]) -> tuple[float, float, float]:
    """Return the median and the 95th percentile in ms, and labels a second."""
    seconds = sorted(seen["seconds"])
    if not seconds:
        raise SystemExit(f"no label was taken: {seen['trouble']}")
    middle, high = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.95)]
    return middle * 1e3, high * 1e3, len(seconds) / seen["wall"]


def speed(url: str, seconds: float) -> None:
    """Print a table of speed by size, number of reviewers and number of calls."""
    print("records | reviewers | calls | p50 ms | p95 ms | labels/s | trouble")
    found: dict[tuple[int, int, str], tuple[float, float, float]] = {}
    for records, runs in houses():
        with House(url, records, reviewers=40) as house:
            house.load(2, 1)  # warm
            for users, calls in runs:
                # Nobody may come to the end of the records within a run.
                lasting = min(seconds, records * min(users, OVERLAP) / MOST_A_SECOND)
                more = ["--at-once"] if calls == "one" else []
                seen = house.load(users, lasting, *more)
                row = found[records, users, calls] = measured(seen)
                print(
                    f"{records:>7} | {users:>9} | {calls:>5} | {row[0]:6.1f} | "
                    f"{row[1]:6.1f} | {row[2]:8.1f} | {seen['trouble'] or '-'}",
                    flush=True,
                )
            truth(house.database, OVERLAP)
    judge(found)


def houses() -> Iterator[tuple[int, list[tuple[int, str]]]]:
    """Yield sizes with their runs: a small house would run out of records over all."""
    small, big = SIZES
    runs = [(users, calls) for users in (1, 8) for calls in ("one", "two")]
    for run in runs:
        yield small, [run]
    yield big, runs


def judge(found: dict[tuple[int, int, str], tuple[float, float, float]]) -> None:
    """Print each limit beside what was found."""
    small, big = SIZES
    for calls in ("one", "two"):
        one, eight = found[big, 1, calls][1], found[big, 8, calls][2]
        print(f"{calls} call(s): one reviewer p95 {one:.1f} ms (limit 40)")
        print(f"{calls} call(s): eight reviewers {eight:.1f} labels/s (at least 80)")
        for users in (1, 8):
            ratio = found[big, users, calls][0] / found[small, users, calls][0]
            print(f"{calls} call(s): {users} reviewers, 100,000 : 1,000 = {ratio:.2f}")


def kills(url: str, records: int, reviewers: int, every: float) -> None:
    """Label everything while workers die; compare the database with what was told."""
    rng = random.Random(5)
    done = threading.Event()
    count = 0
    with House(url, records, reviewers) as house:

        def hunt() -> None:
            nonlocal count
            stored = 0
            while not done.wait(rng.uniform(every / 2, every * 1.5)):
                # On a slow machine a worker would die before it has come up, for ever.
                now = answers_stored(house.database)
                if now - stored >= ANSWERS_A_KILL:
                    house.console.kill_worker(rng)
                    stored = now
                    count += 1

        hunter = threading.Thread(target=hunt)
        hunter.start()
        begun = time.monotonic()
        seen = house.load(
            reviewers,
            600,
            "--double",
            "0.05",
            "--settle",
            "60",
        )
        done.set()
        hunter.join()
        print(
            f"{reviewers} reviewers, {records} records, overlap {OVERLAP}, "
            f"{count} workers killed, {time.monotonic() - begun:.0f} s: "
            f"{len(seen['told'])} answers told stored; {seen['trouble']}"
        )
        truth(house.database, OVERLAP, seen, records)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True, help="a PostgreSQL URL")
    parser.add_argument("--seconds", type=float, default=15, help="a run, each")
    parser.add_argument("--only", choices=("speed", "kills"))
    parser.add_argument("--records", type=int, default=2000, help="for the kills")
    parser.add_argument("--reviewers", type=int, default=50, help="for the kills")
    parser.add_argument("--kill-every", type=float, default=5.0, help="seconds")
    args = parser.parse_args()
    if args.only != "kills":
        speed(args.database, args.seconds)
    if args.only != "speed":
        kills(args.database, args.records, args.reviewers, args.kill_every)


if __name__ == "__main__":
    main()
