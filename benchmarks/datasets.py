"""Build and export datasets of many records; print times, rates and memory.

Run as ``python benchmarks/datasets.py [--records N] [--database postgres://...]``. A
project of settled tickets, 800 characters each, as the importer leaves them, goes
through the real steps: near copies, plan, chunks, search for leaks, freeze, then an
export of every row, checked as always. `again` exports in a second format after a
secret became known, `gated` in a third one after the sanitizer learnt a name. With
``--wide N`` a frozen dataset of N rows, written by the benchmark itself, is exported as
well. Each station runs in a process of its own, whose memory is compared with that of
an idle one. Beside the wall time stands the processor's (of the database only where it
runs in the process). The limits and what peers needed for 100,000 rows stand beside the
figures. The words of the tickets all look made up: the dearest case for the comparison
with known secrets.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from datasets_house import fill, fill_wide

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
NAME = "netft_datasets"
STATIONS = ("fill", "mark", "build", "export", "again", "gated")
WIDE = ("fill_wide", "export_wide")
LIMITS = {"build": "60 s at 100,000", "export": "20,000 rows/s, 200 MiB over idle"}
LIMITS["export_wide"] = LIMITS["export"]
PEERS = "Label Studio 914 rows/s and 1.1 GB, doccano 8,000 and 1.1 GB, Potato 11,000"


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
    return _export("bench", "openai_chat")


def again(_: int) -> int:
    """Learn a secret, then write every row as Alpaca."""
    from annotation.models import KnownSecret, Project

    project = Project.objects.get(slug="bench")
    KnownSecret.objects.create(project=project, token="ZCRED_AAAAAAAAAAAAA")  # noqa: S106
    return _export("bench", "alpaca")


def gated(_: int) -> int:
    """Let the sanitizer learn something, then write every row as ShareGPT."""
    from annotation.models import Project
    from annotation.services import knowledge

    knowledge.bump(Project.objects.get(slug="bench"))
    return _export("bench", "sharegpt")


def export_wide(_: int) -> int:
    """Write every row of the wide dataset as OpenAI chat; return how many."""
    return _export("wide", "openai_chat")


def _export(name: str, format_name: str) -> int:
    from django.utils import timezone

    from training.models import Dataset
    from training.services.datasets import exporting

    started = exporting.start(
        dataset=Dataset.objects.get(name=name),
        format_name=format_name,
        in_background=False,
    )
    return exporting.run_to_end(export_id=started.pk, clock=timezone.now).rows_written


def idle(_: int) -> int:
    """Load what the others load."""
    from training.services.datasets import building, exporting

    return len((building.__name__, exporting.__name__))


DOORS = {
    one.__name__: one
    for one in (idle, fill, mark, build, export, again, gated, fill_wide, export_wide)
}


def station(name: str, records: int) -> None:
    """Run one station in this process; print its figures."""
    import django

    django.setup()
    begun, worked = time.perf_counter(), time.process_time()
    rows = DOORS[name](records)
    seconds = time.perf_counter() - begun
    busy = time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "busy": busy, "mib": peak}))


def run(name: str, records: int, environment: dict[str, str]) -> dict[str, float]:
    """Run one station in a process of its own."""
    command = [sys.executable, __file__, "--station", name, "--records", str(records)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE
    )
    return dict(json.loads(done.stdout))


def measure(plan: list[tuple[str, int]], environment: dict[str, str]) -> None:
    """Run stations one after the other and print a line for each."""
    print("station | seconds | processor, s | rows/s | MiB over idle | limit")
    base = run("idle", 0, environment)["mib"]
    for name, records in plan:
        seen = run(name, records, environment)
        rate = f"{seen['rows'] / seen['seconds']:,.0f}" if seen["rows"] else "-"
        print(
            f"{name:>11} | {seen['seconds']:7.1f} | {seen['busy']:7.1f} | {rate:>7} | "
            f"{seen['mib'] - base:8.0f} | {LIMITS.get(name, '-')}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--wide", type=int, default=0, help="rows of a frozen dataset")
    parser.add_argument("--database", help="a PostgreSQL URL; SQLite without it")
    parser.add_argument("--station", choices=DOORS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netft_site.settings")
    if args.station:
        station(args.station, args.records)
        return
    from desk_house import drop_database, fresh_database

    plan = [(name, args.records) for name in STATIONS if args.records]
    plan += [(name, args.wide) for name in WIDE if args.wide]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NETFT_DATA_DIR": folder}
        environment["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
        if args.database:
            environment["DATABASE_URL"] = fresh_database(args.database, NAME)
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        print("load before:", *(f"{load:.1f}" for load in os.getloadavg()))
        measure(plan, environment)
        print("load after:", *(f"{load:.1f}" for load in os.getloadavg()))
        print(f"peers, export of 100,000: {PEERS}")
        if args.database:
            drop_database(args.database, NAME)


if __name__ == "__main__":
    main()
