"""Import 100,000 tickets of 800 bytes, sanitized, on SQLite; print rate and memory.

Run as ``python benchmarks/import.py [--rows N] [--helpers N]``. The file goes through
the real command in a process of its own, with a database of its own. Beside it stands
what storing the same rows raw costs, with no sanitizing at all: one ``bulk_create``.
The target is 2,000 tickets a second on two cores, with memory that does not grow.
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
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = 2000
PROSE = (
    "after the change window users on floor two report slow access and drops the "
    "uplink shows errors we replaced the optic and moved traffic to the backup path "
    "no alarm in monitoring please check duplex mismatch spanning tree recalculated "
    "wireless clients reassociate often dhcp scope nearly full bgp session flapped"
)
WORDS = PROSE.split()


def ticket(n: int, rng: random.Random) -> dict[str, str]:
    """A ticket of about 800 bytes with addresses, a mail and, often, a secret."""
    a, b, c = rng.randrange(1, 255), rng.randrange(255), rng.randrange(1, 255)
    lines = [
        f"%LINK-3-UPDOWN: Interface GigabitEthernet1/0/{n % 48}, changed state to down",
        f"sw-{n % 900:03d}#ping 203.0.{a}.{c} source 10.{a}.{b}.{c}",
        f"arp {a:02x}{b:02x}.{c:02x}aa.{n % 65536:04x} learned on Vlan{n % 4000}",
        f"asked user{n}@customer{n % 50}.example to test",
    ]
    if n % 3 == 0:
        lines.append(f"username admin{n % 9} password Pw{rng.randrange(10**8)}x!")
    if n % 10 == 0:
        lines.append(f"snmp-server community Comm{rng.randrange(10**6)} RO")
    text = "\n".join(lines)
    while len(text) < 720:
        text += " " + rng.choice(WORDS)
    return {
        "number": f"INC{n:07d}",
        "short_description": f"Interface down on sw-{n % 900:03d} port {n % 48}",
        "description": text,
        "opened_at": f"2026-{1 + n % 12:02d}-{1 + n % 28:02d} {n % 24:02d}:00:00",
        "category": ("wan", "wireless", "routing", "firewall")[n % 4],
    }


def write_file(path: Path, rows: int) -> float:
    """Write the tickets; return bytes a ticket."""
    rng = random.Random(1)
    with path.open("w", encoding="utf-8") as lines:
        for n in range(rows):
            lines.write(json.dumps(ticket(n, rng)) + "\n")
    return path.stat().st_size / rows


def manage(environment: dict[str, str], *args: str) -> None:
    command = [sys.executable, "manage.py", *args]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=sys.stderr)


def private_mib(pid: int) -> float:
    """Private memory of a process and its children, in MiB.

    The database file is mapped into memory too, up to 128 MiB; that is the page cache
    and not counted.
    """
    total, waiting = 0, [pid]
    while waiting:
        current = waiting.pop()
        try:
            status = Path(f"/proc/{current}/status").read_text()
            for task in Path(f"/proc/{current}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(status.split("RssAnon:")[1].split()[0])
    return total / 1024


def run_import(
    environment: dict[str, str], path: Path, options: list[str], marks: list[int]
) -> tuple[dict[str, Any], float, dict[int, float]]:
    """Import through the command; return its counts, seconds and memory at `marks`."""
    command = [sys.executable, "manage.py", "import_records", str(path)]
    command += ["--project", "bench", "--preset", "servicenow", "--json", *options]
    memory: dict[int, float] = {}
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        watcher = threading.Thread(target=_watch, args=(process, marks, memory))
        watcher.start()
        out = process.stdout.read() if process.stdout else ""
        watcher.join()
    if process.returncode:
        raise SystemExit(f"the import failed: {out}")
    return json.loads(out), time.perf_counter() - started, memory


def _watch(
    process: subprocess.Popen[str], marks: list[int], memory: dict[int, float]
) -> None:
    """Note the memory when the progress first passes a mark."""
    for line in process.stderr or ():
        sys.stderr.write(line)
        if not line.startswith("rows: "):
            continue
        done = int(line.split()[1].split("/")[0].replace(",", ""))
        for mark in marks:
            if done >= mark and mark not in memory:
                memory[mark] = private_mib(process.pid)


def store_raw(environment: dict[str, str], path: Path) -> float:
    """Store the same rows with one bulk_create a chunk; return the seconds."""
    script = (
        "import json, sys, time, itertools, django\n"
        "django.setup()\n"
        "from annotation.models import Project, Record\n"
        "project = Project.objects.get(slug='raw')\n"
        "started = time.perf_counter()\n"
        "lines = open(sys.argv[1], encoding='utf-8')\n"
        "while chunk := list(itertools.islice(lines, 500)):\n"
        "    rows = [json.loads(line) for line in chunk]\n"
        "    Record.objects.bulk_create([Record(project=project,\n"
        "        external_id=r['number'], title=r['short_description'],\n"
        "        body=r['description'], category=r['category']) for r in rows])\n"
        "print(time.perf_counter() - started)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        cwd=ROOT,
        env={**environment, "DJANGO_SETTINGS_MODULE": "netft_site.settings"},
        text=True,
        check=True,
        stdout=subprocess.PIPE,
    )
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--helpers", type=int, default=None)
    given = parser.parse_args()
    marks = [given.rows // 10, given.rows // 2, given.rows]
    options = [] if given.helpers is None else ["--helpers", str(given.helpers)]
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{home / 'bench.sqlite3'}",
            "NETFT_DATA_DIR": str(home / "var"),
        }
        size = write_file(home / "tickets.jsonl", given.rows)
        manage(environment, "migrate", "--verbosity", "0")
        manage(environment, "create_project", "bench")
        manage(environment, "create_project", "raw")
        counts, seconds, memory = run_import(
            environment, home / "tickets.jsonl", options, marks
        )
        raw = store_raw(environment, home / "tickets.jsonl")
    report(given.rows, size, counts, seconds, memory, raw)


def report(
    rows: int,
    size: float,
    counts: dict[str, Any],
    seconds: float,
    memory: dict[int, float],
    raw: float,
) -> None:
    took = counts["seconds"]
    rate = rows / took["import"]
    verdict = "met" if rate >= TARGET else "missed"
    print(f"rows            {rows:,} of {size:.0f} bytes")
    print(f"imported        {counts['imported']:,}, held {counts['held']:,}")
    print(f"sanitized       {rate:,.0f}/s ({took['import']:.1f} s)")
    print(f"near copies     {took['near_copies']:.1f} s more, after the import")
    print(f"whole command   {seconds:.1f} s, with start-up")
    print(f"raw bulk_create {rows / raw:,.0f}/s ({raw:.1f} s, nothing sanitized)")
    print(f"target          {TARGET:,}/s: {verdict}")
    for mark, mib in sorted(memory.items()):
        print(
            f"memory          {mib:,.0f} MiB private at {mark:,} rows, helpers included"
        )


if __name__ == "__main__":
    main()
