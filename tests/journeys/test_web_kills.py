"""Killing the web process at any moment loses no answer and doubles none.

A real gunicorn is killed with its workers, again and again, while an engineer labels.
What she was told is saved must be there; what broke off is there whole or not at all.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.houses import (
    ROOT,
    database,
    founded,
    manage,
    shell,
    tickets_file,
)

pytestmark = pytest.mark.slow
TICKETS = 140
KILLS = 5
DESK = "/admin/annotation/review/desk/noc/"
SEAT = re.compile(r'name="claim" value="(\d+)"')
CURRENT = "FROM annotation_review WHERE is_current AND status = 'SUBMITTED'"
SEATS = "SELECT count(*) FROM annotation_claim"
ENROL = """
from django.contrib.auth.models import User
from annotation.models import Project
from annotation.services import people
user = User.objects.create_user("carol", password="let-carol-in", is_staff=True)
reviewer = people.become_reviewer(user=user, grade="JUNIOR")
people.enrol(project=Project.objects.get(), reviewer=reviewer)
"""


@pytest.fixture
def house(tmp_path: Path) -> dict[str, str]:
    """The environment of a console with one project, its tickets and one engineer."""
    rows = ({"id": f"T{n}", "title": f"Link {n} is down"} for n in range(TICKETS))
    house = founded(tmp_path)
    tickets = tickets_file(tmp_path, rows)
    manage(house, "import_records", str(tickets), "--project", "noc")
    shell(house, ENROL)
    return house


class Console:
    """Gunicorn in a process group of its own, on one port for good."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._bind = "{}:{}".format(*free.getsockname())
        self.url = f"http://{self._bind}"

    def start(self) -> None:
        web = ["-m", "gunicorn", "netft_site.wsgi", "--bind", self._bind]
        self._process = subprocess.Popen(
            [sys.executable, *web, "--workers", "2", "--threads", "2"],
            cwd=ROOT,
            env=self._environment,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        """Kill master and workers at once, as a power cut would."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def console(house: dict[str, str]) -> Iterator[Console]:
    console = Console(house)
    console.start()
    yield console
    console.kill()


class Carol(threading.Thread):
    """Labels whatever the desk serves, and tries again when the line breaks."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._browser = httpx.Client(base_url=url, timeout=30)
        self.told_saved: list[int] = []
        self.broken_off = 0

    def run(self) -> None:
        page = self._ask("GET", "/admin/login/")
        account = {"username": "carol", "password": "let-carol-in"}
        self._send("/admin/login/", page, account)
        while seat := SEAT.search((page := self._next_page()).text):
            claim = int(seat[1])
            answer = {"action": "submit", "claim": str(claim), "severity": "low"}
            if self._send(DESK, page, answer, again=False):
                self.told_saved.append(claim)

    def _next_page(self) -> httpx.Response:
        """The ticket on the desk, or the next one, or the page that says none is."""
        page = self._ask("GET", DESK)
        if SEAT.search(page.text) is None:
            self._send(DESK, page, {"action": "start"})
            page = self._ask("GET", DESK)
        return page

    def _send(
        self, path: str, page: httpx.Response, form: dict[str, str], again: bool = True
    ) -> bool:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
        form = {**form, "csrfmiddlewaretoken": token}
        answer = self._ask("POST", path, form, again=again)
        return answer is not None and answer.status_code == 302

    def _ask(self, method, path, form=None, again=True) -> httpx.Response | None:
        while True:
            try:
                return self._browser.request(method, path, data=form)
            except httpx.ConnectError:
                time.sleep(0.05)
            except httpx.TransportError:
                self.broken_off += 1
                if not again:
                    return None


def test_answers_survive_kills_of_the_web_process(house, console):
    rng = random.Random(11)
    carol = Carol(console.url)
    carol.start()

    for kill in range(1, KILLS + 1):
        _wait_for(carol, answers=kill * TICKETS // (KILLS + 2))
        time.sleep(rng.uniform(0, 0.05))
        console.kill()
        console.start()
    carol.join(timeout=120)

    assert not carol.is_alive()
    assert carol.broken_off >= 1, "no kill met a request, so nothing was shown"
    reviews, records, claims, seats_without_review, open_seats = _stored(house)
    assert reviews == records == TICKETS
    assert set(carol.told_saved) <= claims
    assert len(claims) == TICKETS
    assert seats_without_review == 0
    assert open_seats == 0


def _wait_for(carol: Carol, answers: int) -> None:
    until = time.monotonic() + 60
    while len(carol.told_saved) < answers:
        assert carol.is_alive(), "Carol stopped labeling"
        assert time.monotonic() < until, "Carol is stuck"
        time.sleep(0.005)


def _stored(house: dict[str, str]) -> tuple[int, int, set[int], int, int]:
    with database(house) as stored:

        def one(query: str) -> int:
            return stored.execute(query).fetchone()[0]

        done = stored.execute("SELECT id FROM annotation_claim WHERE state = 'DONE'")
        return (
            one(f"SELECT count(*) {CURRENT}"),
            one(f"SELECT count(DISTINCT record_id) {CURRENT}"),
            {row[0] for row in done},
            one(
                f"{SEATS} WHERE state = 'DONE' AND record_id NOT IN "
                f"(SELECT record_id {CURRENT})"
            ),
            one(f"{SEATS} WHERE state = 'OPEN'"),
        )
