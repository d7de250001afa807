"""Near copies in steps, as a worker takes them: how long one is, and what it needs.

Run as ``python benchmarks/near_copy_steps.py [--tickets N] [--database URL]``. The
tickets of `near_copies` are stored as records and marked: at first, with nothing new,
with one text changed and with signatures of another version. Then the search for leaks
goes over them as the written lines of a dataset. A step must end within 20 s.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
NAME = "netft_near_copies"
PART = 2000


def take_steps(title: str, step: Callable[[], bool]) -> None:
    """Take every step; print how many, and their processor and wall time."""
    taken, is_last = [], False
    while not is_last:
        begun, worked = time.perf_counter(), time.process_time()
        is_last = step()
        taken.append((time.process_time() - worked, time.perf_counter() - begun))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{title:>22} | {len(taken):5} | {sum(worked for worked, _ in taken):9.1f} | "
        f"{max(taken)[0]:7.1f} | {max(wall for _, wall in taken):12.1f} | {peak:8.0f}",
        flush=True,
    )


def store(texts: list[str]) -> int:
    """Make a project with a record for each text; return its id."""
    from django.utils import timezone

    from annotation.domain.duplicates import fingerprint
    from annotation.models import Project, Record
    from netft_site.base.bulk_insert import insert_many

    project = Project.objects.create(slug="bench", name="Bench", key_id="local")
    now = timezone.now()
    for start in range(0, len(texts), PART):
        rows = [
            {
                "project_id": project.pk,
                "external_id": f"INC{number:07d}",
                "body": text,
                "fingerprint": fingerprint(text),
                "lot": number,
                "created_at": now,
            }
            for number, text in enumerate(texts[start : start + PART], start)
        ]
        insert_many(Record, rows)
    return project.pk


def mark(project_id: int) -> None:
    """Mark near copies in the situations that there are."""
    from annotation.models import Record
    from annotation.services import marking, signatures

    def step() -> bool:
        return marking.advance(project_id=project_id).is_last

    take_steps("first marking", step)
    take_steps("nothing new", step)
    newest = Record.objects.latest("pk")
    text = {"body": f"{newest.body} and more", "fingerprint": "f" * 64}
    Record.objects.filter(pk=newest.pk).update(**text)
    take_steps("one text changed", step)
    signatures.VERSION = "0.other"
    Record.objects.update(near_duplicate_of=None)
    take_steps("another version", step)


def search(texts: list[str]) -> None:
    """Search for leaks among texts as parts of a dataset; every other one is TEST."""
    from annotation.models import Project
    from training.domain.rows import Row, encode_line, frozen_form
    from training.models import Dataset
    from training.services.datasets import folders, leakage

    dataset = Dataset(project=Project(slug="bench"), name="bench", version=1)
    folders.building_folder(dataset).mkdir(parents=True)
    splits = ("TRAIN", "TEST")
    for start in range(0, len(texts), PART):
        for which, split in enumerate(splits):
            numbers = range(start + which, min(start + PART, len(texts)), len(splits))
            rows = [Row(f"INC{n:07d}", texts[n], "low", split) for n in numbers]
            lines = b"".join(encode_line(frozen_form(row)) for row in rows)
            folders.part_path(dataset, start, split).write_bytes(lines)

    def step() -> bool:
        leakage.search(dataset)
        return leakage.is_searched(dataset)

    take_steps("search for leaks", step)
    print(f"{len(leakage.read_found(dataset))} pairs cross splits")


def work(tickets: int) -> None:
    """Everything, in this process."""
    import django

    django.setup()
    from near_copies import corpus

    texts, _ = corpus(tickets)
    project_id = store(texts)
    print("what | steps | processor s | longest step, processor s | wall s | peak MiB")
    mark(project_id)
    search(texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--database", help="a PostgreSQL URL; SQLite without it")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netft_site.settings")
    if args.inside:
        work(args.tickets)
        return
    from desk_house import drop_database, fresh_database

    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NETFT_DATA_DIR": folder}
        environment["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
        if args.database:
            environment["DATABASE_URL"] = fresh_database(args.database, NAME)
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        inside = [sys.executable, __file__, "--inside", "--tickets", str(args.tickets)]
        subprocess.run(inside, cwd=ROOT, env=environment, check=True)
        if args.database:
            drop_database(args.database, NAME)


if __name__ == "__main__":
    main()
