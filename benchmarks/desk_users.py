"""Reviewers at the label desk, as locust drives them; prints one JSON object.

Run by ``benchmarks/desk_load.py`` and by the journey test. Every reviewer has a token,
asks for the next record, answers it and goes on without a pause. All that the server
said is kept: what it claimed to have stored is compared with the database afterwards.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import gevent
from locust import FastHttpUser, events, task
from locust.env import Environment

LEVELS = ("critical", "high", "medium", "low")


class Desk(FastHttpUser):
    """One reviewer; ``told`` and ``seconds`` are shared by all of them."""

    wait_time = staticmethod(lambda: 0)
    connection_timeout = network_timeout = 20.0
    tokens: ClassVar[list[str]] = []
    told: ClassVar[list[dict[str, Any]]] = []
    served: ClassVar[list[tuple[str, int, int]]] = []
    seconds: ClassVar[list[float]] = []
    trouble: ClassVar[dict[str, int]] = {}
    at_once = False
    double = 0.0
    settle = 5.0
    last_served = 0.0

    def on_start(self) -> None:
        self.token = self.tokens.pop()
        self.headers = {"Authorization": f"Bearer {self.token}"}
        self.path = "/api/v1/projects/bench/desk/"
        self.seat: dict[str, Any] | None = None
        self.random = random.Random(self.token)

    @task
    def label(self) -> None:
        """Take a seat if none is held, answer, and note how long both took."""
        begun = time.perf_counter()
        seat = self.seat or self._next()
        if seat is None:
            self._rest()
            return
        type(self).last_served = begun
        self.seat = None
        answer = {
            "claim": seat["claim"],
            "severity": self.random.choice(LEVELS),
            "seconds_spent": 3,
            "next": self.at_once,
        }
        replied = self._send("answers/", answer)
        if replied is None:
            return
        self.seconds.append(time.perf_counter() - begun)
        self.told.append({"review": replied["review"], "claim": seat["claim"]})
        if self.at_once and replied.get("seat"):
            self.seat = self._noted(replied["seat"])
        if self.random.random() < self.double:
            self._again(answer, replied)

    def _rest(self) -> None:
        """Wait for something to do; when nobody has had anything for long, end."""
        if time.perf_counter() - self.last_served > self.settle:
            self.environment.runner.quit()
        gevent.sleep(0.05)

    def _next(self) -> dict[str, Any] | None:
        replied = self._send("next/", {})
        if not replied or not replied["seat"]:
            return None
        return self._noted(replied["seat"])

    def _noted(self, seat: dict[str, Any]) -> dict[str, Any]:
        self.served.append((self.token[-6:], seat["record"]["id"], seat["claim"]))
        return seat

    def _again(self, answer: dict[str, Any], replied: dict[str, Any]) -> None:
        """Send an answer twice, as an impatient hand does."""
        twice = self._send("answers/", {**answer, "next": False})
        if twice is not None and twice["review"] != replied["review"]:
            self._note("a double submit made another review")

    def _send(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        with self.client.post(
            self.path + path, json=body, headers=self.headers, catch_response=True
        ) as reply:
            if reply.status_code in (200, 201):
                reply.success()
                return dict(reply.json())
            reply.success()
            self._note(f"status {reply.status_code}")
            if reply.status_code == 0:
                gevent.sleep(0.05)
            return None

    def _note(self, what: str) -> None:
        self.trouble[what] = self.trouble.get(what, 0) + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", required=True)
    parser.add_argument("--tokens", type=Path, required=True)
    parser.add_argument("--users", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--settle", type=float, default=5, help="idle seconds to end")
    parser.add_argument("--at-once", action="store_true", help="one call for both")
    parser.add_argument("--double", type=float, default=0.0, help="share sent twice")
    args = parser.parse_args()
    logging.disable(logging.INFO)
    Desk.tokens = args.tokens.read_text().split()[: args.users]
    Desk.at_once, Desk.double, Desk.settle = args.at_once, args.double, args.settle
    Desk.last_served = time.perf_counter()
    environment = Environment(user_classes=[Desk], events=events, host=args.host)
    runner = environment.create_local_runner()
    begun = time.perf_counter()
    runner.start(args.users, spawn_rate=args.users)
    gevent.spawn_later(args.seconds, runner.quit)
    runner.greenlet.join()
    wall = time.perf_counter() - begun
    json.dump(
        {
            "wall": wall,
            "seconds": Desk.seconds,
            "told": Desk.told,
            "served": Desk.served,
            "trouble": Desk.trouble,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
