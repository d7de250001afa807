"""Ask for every list page of labeling at 100,000 records, and say what each one costs.

Run as ``python benchmarks/pages.py --database postgres://...`` (the user must be
allowed to create databases) or with ``--sqlite``. The pages are asked for through
Django's test client, in one process: once cold, five times warm. Beside the number of
queries stand the wall time, the processor time of Python, and the time in the database.
On PostgreSQL that last one is its own: each query of the page is run again under
EXPLAIN ANALYZE; ``waited`` is how long the request waited for it, by the clock, with
the plans that a connection keeps and, on a shared machine, with the neighbours. On
SQLite, which works in the same process, the database's time is the processor time
within the driver. The limit is 100 ms for Python's processor and the longer of those
two times together.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desk_house import drop_database, fresh_database

ROOT = Path(__file__).resolve().parent.parent
NAME = "netft_pages"
LIMIT_MS = 100.0
MOST_QUERIES = 25
TIMES = 5
P = "/admin/annotation"
API = "/api/v1/projects/bench"


@dataclass(frozen=True)
class Ask:
    """A page and who asks for it; search words never travel in an address."""

    name: str
    who: str
    address: str
    words: str = ""

    def by(self, client: Any) -> Callable[[], Any]:
        """Return what asks for the page, its words being kept already."""
        if not self.words:
            return lambda: client.get(self.address)
        body = {"words": self.words}
        if self.address.startswith(API):
            wanted = {"filter": body}
            return lambda: client.post(self.address, wanted, "application/json")
        found = client.post(self.address, body)["Location"]
        return lambda: client.get(found)


def pages(lead: int) -> Iterator[Ask]:
    """Every list page, for those who may see it."""
    find = f"{P}/record/search/bench/"
    for who in ("lead", "senior", "r1"):
        yield Ask("dashboard", who, "/admin/")
        yield Ask("records", who, f"{P}/record/")
        yield Ask("records: search", who, f"{P}/record/?q=rack100")
        yield Ask("find: nothing asked", who, find)
        yield Ask("find: a rare word", who, find, "rack100")
        yield Ask("find: a common word", who, find, "uplink")
        yield Ask("find: common minus rare", who, find, "uplink -rack100")
        yield Ask("find: common minus common", who, find, "users -uplink")
        yield Ask("find: phrase of common", who, find, '"floor two"')
        yield Ask("find: category, vendor", who, f"{find}?category=wan&vendor=cisco")
        yield Ask("find: by id", who, f"{find}?external_id=INC00991")
        yield Ask("progress", who, f"{P}/review/progress/bench/")
        yield Ask("guidelines", who, f"{P}/guidelines/of/bench/")
        yield Ask("API: records", who, f"{API}/records/")
        yield Ask("API: search", who, f"{API}/records/search/", "uplink")
    for who in ("lead", "senior"):
        yield Ask("adjudication", who, f"{P}/verdict/adjudicate/bench/")
        yield Ask("API: waiting", who, f"{API}/adjudication/")
        yield Ask("disagreements", who, f"{P}/verdict/disagreements/bench/")
    yield from _of_the_lead(find, lead)
    yield Ask("own quality", "r3", f"{P}/reviewer/{lead + 5}/quality/bench/")
    yield Ask("desk: with a seat", "r1", f"{P}/review/desk/bench/")
    yield Ask("desk: empty", "r8", f"{P}/review/desk/bench/")
    yield Ask("API: desk", "r8", f"{API}/desk/")


def _of_the_lead(find: str, lead: int) -> Iterator[Ask]:
    who = "lead"
    yield Ask("records: settled", who, f"{P}/record/?state__exact=SETTLED")
    yield Ask("records: deep", who, f"{P}/record/?p=90")
    yield Ask("find: level", who, f"{find}?level=critical")
    yield Ask("find: two reviews", who, f"{find}?reviews_from=2&reviews_to=2")
    yield Ask("find: nobody has 9 reviews", who, f"{find}?reviews_from=9")
    yield Ask("find: why it waits", who, f"{find}?because=contested")
    yield Ask("reviews", who, f"{P}/review/")
    yield Ask("reviews: a year", who, f"{P}/review/?submitted_at__year=2026")
    yield Ask("reviews: filtered", who, f"{P}/review/?severity=critical")
    yield Ask("reviews: search", who, f"{P}/review/?q=INC0099")
    yield Ask("reviews: a reviewer", who, f"{P}/review/?q=r3")
    yield Ask("verdicts", who, f"{P}/verdict/")
    yield Ask("verdicts: filtered", who, f"{P}/verdict/?method__exact=ADJUDICATED")
    yield Ask("verdicts: search", who, f"{P}/verdict/?q=INC0099")
    yield Ask("gold", who, f"{P}/gold/")
    yield Ask("gold: choose", who, f"{P}/gold/add/bench/")
    yield Ask(
        "gold: choose by both",
        who,
        f"{P}/gold/add/bench/?severity=critical&category=wan",
    )
    yield Ask("bulk acts", who, f"{P}/bulkact/")
    yield Ask("API: bulk acts", who, f"{API}/bulk-acts/")
    yield Ask("API: re-reviews", who, f"{API}/rereviews/")
    yield Ask("team quality", who, f"{P}/reviewer/quality/bench/")
    yield Ask("quality of one", who, f"{P}/reviewer/{lead + 5}/quality/bench/")
    yield Ask("API: quality", who, f"{API}/reviewers/{lead + 5}/quality/")
    yield Ask("API: progress", who, f"{API}/progress/")
    yield Ask("API: disagreements", who, f"{API}/disagreements/")
    yield Ask("sanitizing queue", who, f"{P}/record/sanitizing/bench/")
    yield Ask("imports", who, f"{P}/importbatch/")
    yield Ask("reviewers", who, f"{P}/reviewer/")


@dataclass
class Seen:
    """What a request asked the database, how long the driver worked and waited."""

    queries: list[tuple[str, Any]] = field(default_factory=list)
    driver_ms: float = 0.0
    waited_ms: float = 0.0

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, *rest: Any
    ) -> Any:
        self.queries.append((sql, params))
        begun, used = time.perf_counter(), time.process_time()
        try:
            return execute(sql, params, *rest)
        finally:
            self.driver_ms += (time.process_time() - used) * 1e3
            self.waited_ms += (time.perf_counter() - begun) * 1e3


@dataclass(frozen=True)
class Cost:
    """What one page costs; ``cold`` is the first request's wall time."""

    queries: int
    cold: float
    wall: float
    processor: float
    database: float
    waited: float
    slowest: str

    @property
    def charged(self) -> float:
        """What the limit is held against."""
        return self.processor + max(self.database, self.waited)


def cost_of(request: Callable[[], Any], is_postgres: bool) -> Cost:
    """Ask for a page and take the medians of the warm requests."""
    from django.db import connection

    walls, processors, drivers, waits, cold = [], [], [], [], 0.0
    for turn in range(TIMES + 1):
        seen = Seen()
        begun, used = time.perf_counter(), time.process_time()
        with connection.execute_wrapper(seen):
            answer = request()
            b"".join(answer) if answer.streaming else answer.content
        wall = (time.perf_counter() - begun) * 1e3
        if answer.status_code != 200:
            raise SystemExit(f"{answer.status_code}: {answer.content[:500]!r}")
        if not turn:
            cold = wall
            continue
        walls.append(wall)
        processors.append((time.process_time() - used) * 1e3)
        drivers.append(seen.driver_ms)
        waits.append(seen.waited_ms)
    processor = statistics.median(processors)
    inside, slowest = explained(seen) if is_postgres else (0.0, "")
    if not is_postgres:
        inside = statistics.median(drivers)
        processor -= inside
    wall, waited = statistics.median(walls), statistics.median(waits)
    return Cost(len(seen.queries), cold, wall, processor, inside, waited, slowest)


def explained(seen: Seen) -> tuple[float, str]:
    """The database's own time for the queries, and the slowest of them."""
    from django.db import connection

    total, worst, slowest = 0.0, 0.0, ""
    for sql, params in seen.queries:
        if not sql.lstrip("(").startswith("SELECT"):
            continue
        best = min(_explain(connection, sql, params) for _ in range(3))
        total += best
        if best > worst:
            worst, slowest = best, sql % tuple(params or ())
    return total, f"{worst:.0f} ms: {slowest}"


def _explain(connection: Any, sql: str, params: Any) -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        (found,) = cursor.fetchone()
    plan = (json.loads(found) if isinstance(found, str) else found)[0]
    return plan["Planning Time"] + plan["Execution Time"]


@contextmanager
def database(args: argparse.Namespace, folder: str) -> Iterator[None]:
    """Point the settings at a database with the project in it."""
    os.environ["NETFT_DATA_DIR"] = folder
    os.environ["NETFT_HTTPS"] = "False"
    os.environ["NETFT_ALLOWED_HOSTS"] = "testserver"
    # Search words pass the sanitizer, which wants a key; this one hides nothing.
    key = base64.b64encode(bytes(range(32))).decode()
    os.environ["NETFT_PSEUDONYM_KEYS"] = f"k1:{key}"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netft_site.settings")
    if args.sqlite:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/pages.sqlite3"
    elif args.again:
        base = args.database.rpartition("/")[0]
        os.environ["DATABASE_URL"] = f"{base}/{NAME}"
    else:
        os.environ["DATABASE_URL"] = fresh_database(args.database, NAME)
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, connections

    call_command("migrate", verbosity=0)
    if not args.again:
        import pages_house

        pages_house.fill(args.records)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE" if args.sqlite else "VACUUM ANALYZE")
    yield
    connections.close_all()
    if not args.sqlite and not args.keep:
        drop_database(args.database, NAME)


def measure(args: argparse.Namespace) -> None:
    """Print a line for every page."""
    from django.contrib.auth.models import User
    from django.test import Client

    from annotation.models import Record, Review, Reviewer

    print(
        f"{Record.objects.count():,} records, {Review.objects.count():,} reviews, load"
    )
    print(f"{os.getloadavg()[0]:.1f}; limits {LIMIT_MS:.0f} ms, {MOST_QUERIES} queries")
    times_of = "cold ms | wall ms | python ms | database ms | waited ms"
    print(f"page | who | queries | {times_of} | over")
    clients = {}
    for ask in pages(Reviewer.objects.get(name="lead").pk):
        if args.only not in f"{ask.name} {ask.who}":
            continue
        if ask.who not in clients:
            clients[ask.who] = Client()
            clients[ask.who].force_login(User.objects.get(username=ask.who))
        cost = cost_of(ask.by(clients[ask.who]), not args.sqlite)
        is_over = cost.charged > LIMIT_MS or cost.queries > MOST_QUERIES
        times = (cost.cold, cost.wall, cost.processor, cost.database, cost.waited)
        cells = [ask.name, ask.who, str(cost.queries), *(f"{ms:.0f}" for ms in times)]
        print(" | ".join([*cells, "OVER" if is_over else "-"]), flush=True)
        if args.slowest and (is_over or args.only):
            print(f"    {cost.slowest}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="a PostgreSQL URL")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite instead")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--only", default="", help="pages with this in their name")
    parser.add_argument("--slowest", action="store_true", help="show slow queries")
    parser.add_argument("--keep", action="store_true", help="leave the database")
    parser.add_argument("--again", action="store_true", help="use the one left")
    args = parser.parse_args()
    if not args.sqlite and not args.database:
        parser.error("name a PostgreSQL database, or say --sqlite")
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as folder, database(args, folder):
        measure(args)


if __name__ == "__main__":
    main()
