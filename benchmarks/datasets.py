"""Build and export datasets of many records; print times, rates and memory.

Run as ``python benchmarks/datasets.py [--records N] [--database postgres://...]``. A
project of settled tickets, 800 characters each, goes through the real steps: near
copies, plan, chunks, search for leaks, freeze, then an export of every row, checked as
always. Each station runs in a process of its own, whose memory is compared with that of
an idle one. The limits and what peers needed for 100,000 rows stand beside the figures.
"""

from __future__ import annotations

import argparse
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

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
NAME = "netft_datasets"
STATIONS = ("idle", "fill", "mark", "build", "export")
LIMITS = {"build": "60 s at 100,000", "export": "20,000 rows/s, 200 MiB over idle"}
PEERS = "Label Studio 914 rows/s and 1.1 GB, doccano 8,000 and 1.1 GB, Potato 11,000"
LEVELS = ("critical", "high", "medium", "low")
CATEGORIES = ("wan", "wireless", "routing", "firewall", "switching")


def fill(records: int) -> int:
    """Make the project and its settled records; return how many."""
    from datetime import UTC, datetime

    from annotation.models import Project, Record, Verdict
    from netft_site.base.bulk_insert import insert_many

    now = datetime.now(UTC)
    project = Project.objects.create(slug="bench", name="Bench", key_id="local")
    rng = random.Random(7)
    for start in range(0, records, 5000):
        numbers = range(start, min(start + 5000, records))
        insert_many(Record, [_record(project.pk, n, rng, now) for n in numbers])
    keys = Record.objects.order_by("id").values_list("id", flat=True)
    verdicts = [_verdict(pk, n, now) for n, pk in enumerate(keys)]
    for start in range(0, records, 5000):
        insert_many(Verdict, verdicts[start : start + 5000])
    return records


def _record(project: int, n: int, rng: random.Random, now: Any) -> dict[str, Any]:
    words = " ".join(
        f"{rng.choice(CATEGORIES)}{rng.randrange(10**6)}" for _ in range(58)
    )
    return {
        "project_id": project,
        "external_id": f"INC{n:07d}",
        "title": f"Ticket {n}",
        "body": words,
        "category": CATEGORIES[n % len(CATEGORIES)],
        "state": "SETTLED",
        "lot": rng.getrandbits(31),
        "created_at": now,
    }


def _verdict(record: int, n: int, now: Any) -> dict[str, Any]:
    return {
        "record_id": record,
        "severity": LEVELS[n % 4],
        "method": "UNANIMOUS",
        "grade": ("JUNIOR", "ENGINEER", "SENIOR")[n % 3],
        "reviews_count": 2,
        "created_at": now,
    }


def mark(_: int) -> int:
    """Sign the texts and mark near copies."""
    from annotation.models import Project
    from annotation.services import marking

    project = Project.objects.get(slug="bench")
    marking.mark_near_duplicates(project_id=project.pk)
    return 0


def build(_: int) -> int:
    """Build the dataset to the end; return its rows."""
    from django.utils import timezone

    from annotation.models import Project
    from training.services.datasets import building

    recipe = {"gold_rule": "SINGLE_SOURCE"}
    dataset = building.start(
        project=Project.objects.get(slug="bench"),
        name="bench",
        recipe=recipe,
        in_background=False,
    )
    frozen = building.build_to_end(dataset_id=dataset.pk, clock=timezone.now)
    return sum(split["rows"] for split in frozen.manifest["splits"].values())


def export(_: int) -> int:
    """Write every row as OpenAI chat; return how many."""
    from django.utils import timezone

    from training.models import Dataset
    from training.services.datasets import exporting

    started = exporting.start(
        dataset=Dataset.objects.get(name="bench"),
        format_name="openai_chat",
        in_background=False,
    )
    return exporting.run_to_end(export_id=started.pk, clock=timezone.now).rows_written


def idle(_: int) -> int:
    """Load what the others load."""
    from training.services.datasets import building, exporting

    return len((building.__name__, exporting.__name__))


def station(name: str, records: int) -> None:
    """Run one station in this process; print its figures."""
    import django

    django.setup()
    begun = time.perf_counter()
    rows = globals()[name](records)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "mib": peak}))


def run(name: str, records: int, environment: dict[str, str]) -> dict[str, float]:
    """Run one station in a process of its own."""
    command = [sys.executable, __file__, "--station", name, "--records", str(records)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE
    )
    return dict(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--database", help="a PostgreSQL URL; SQLite without it")
    parser.add_argument("--station", choices=STATIONS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netft_site.settings")
    if args.station:
        station(args.station, args.records)
        return
    from desk_house import drop_database, fresh_database

    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NETFT_DATA_DIR": folder}
        environment["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
        if args.database:
            environment["DATABASE_URL"] = fresh_database(args.database, NAME)
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        print("station | seconds | rows/s | peak MiB over idle | limit")
        base = run("idle", args.records, environment)["mib"]
        for name in STATIONS[1:]:
            seen = run(name, args.records, environment)
            rate = f"{seen['rows'] / seen['seconds']:,.0f}" if seen["rows"] else "-"
            print(
                f"{name:>7} | {seen['seconds']:7.1f} | {rate:>7} | "
                f"{seen['mib'] - base:8.0f} | {LIMITS.get(name, '-')}",
                flush=True,
            )
        print(f"peers, export of 100,000: {PEERS}")
        if args.database:
            drop_database(args.database, NAME)


if __name__ == "__main__":
    main()
