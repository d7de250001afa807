"""How fast texts are sanitized, beside netconan on the same lines and our limits.

    python benchmarks/sanitize.py [--tickets 10000] [--corpus FILE.jsonl]

Invented configurations and tickets, or the texts of a JSONL file for the first rows.
Netconan anonymizes passwords and addresses (`-a -p`); it reads line by line, so the
one-line JSON is left out for it: its time grows with the square of a line's length.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from annotation.domain.sanitize import Keyring, Sanitizer  # noqa: E402

KEY = bytes(range(32))
WORDS = tuple(
    """
    link interface port switch users site down slow after change reload
    errors drops the a and of to on for with please check session flaps
    since this morning optic
    """.split()  # noqa: SIM905  (words are read more easily so)
)
INTERFACE = """interface GigabitEthernet1/0/{n}
 description uplink to dist-sw{n} port {n}
 ip address 10.{n}.{m}.1 255.255.255.0
 ip helper-address 10.9.8.7
 ip access-group FROM-USERS in
 standby {n} priority 110
 no shutdown
!
"""
HEADER = """hostname bench-rtr{n:02d}
enable secret 5 $1$ab{n:02d}$0123456789abcdefghijkl
username netops privilege 15 secret 0 Fake{n}Pazz!
snmp-server community fk{n}ro RO
snmp-server location Rack {n}, Hall 2
tacacs-server host 10.9.9.{n} key 7 0822455D0A16{n:02d}
router bgp 64{n:03d}
 neighbor 203.0.113.{n} remote-as 65{n:03d}
!
"""


def config(number: int) -> str:
    """An invented IOS configuration of about 4 KB."""
    n = number % 90 + 1
    parts = [HEADER.format(n=n)]
    parts += [INTERFACE.format(n=i, m=(n * i) % 250) for i in range(1, 22)]
    return "".join(parts)


def ticket(number: int, size: int = 4096) -> str:
    """An invented ticket: prose, a log line, a command and, at times, a secret."""
    rng = random.Random(number)
    host = f"ber-acc-{number % 300:03d}"
    lines = [f"Users at site {number % 40} report drops on {host}"]
    while sum(map(len, lines)) < size:
        lines.append(" ".join(rng.choices(WORDS, k=rng.randrange(8, 18))) + ".")
        kind = rng.randrange(9)
        if kind == 0:
            lines.append(f"{host}#ping 10.{number % 250}.3.{rng.randrange(250)}")
        elif kind == 1:
            lines.append(f"arp 520a.07aa.{number % 9000:04d} learned on Vlan{kind + 5}")
        elif kind == 2:
            lines.append(
                f"Spoke to user{number}@fake.example, circuit ID FK{number:07d}"
            )
        elif kind == 3 and number % 4 == 0:
            lines.append(f"the password is Fk{number}!pazz now")
    return "\n".join(lines)[:size]


def one_line_json(size: int) -> str:
    """One line of JSON with addresses, keys and counters."""
    rows, length = [], 0
    while length < size:
        n = len(rows)
        row = json.dumps(
            {"host": f"sw-{n}", "ip": f"10.1.{n % 250}.7", "rx": n * 97, "state": "up"}
        )
        rows.append(row)
        length += len(row) + 1
    return ("[" + ",".join(rows) + "]")[:size]


def rate(work: Callable[[str], object], texts: list[str]) -> float:
    """Megabytes a second of processor time."""
    begun = time.process_time()
    for text in texts:
        work(text)
    spent = time.process_time() - begun
    return sum(len(text.encode()) for text in texts) / 1e6 / spent


def netconan() -> Callable[[str], object] | None:
    """Netconan's own passes over a text's lines; None where it is not installed."""
    logging.disable(logging.CRITICAL)
    try:
        from netconan import ip_anonymization, sensitive_item_removal
    except ImportError:
        return None
    rules = sensitive_item_removal.generate_default_sensitive_item_regexes()
    lookup: dict[str, str] = {}
    addresses = ip_anonymization.IpAnonymizer("bench")

    def anonymize(text: str) -> str:
        out = []
        for line in text.split("\n"):
            done = sensitive_item_removal.replace_matching_item(
                rules, line, lookup, "bench"
            )
            out.append(ip_anonymization.anonymize_ip_addr(addresses, done, False))
        return "\n".join(out)

    return anonymize


def sanitize_many(numbers: range) -> int:
    """Sanitize tickets in a worker; returns how many were held."""
    sanitizer = Sanitizer(Keyring(KEY))
    return sum(sanitizer.sanitize(ticket(n)).held for n in numbers)


def percentile(work: Callable[[str], object], texts: list[str]) -> tuple[float, float]:
    """Median and 95th percentile of a text, in milliseconds of wall time."""
    spent = []
    for text in texts:
        begun = time.perf_counter()
        work(text)
        spent.append((time.perf_counter() - begun) * 1e3)
    spent.sort()
    return spent[len(spent) // 2], spent[int(len(spent) * 0.95)]


def peak_of(work: Callable[[str], object], text: str) -> float:
    """Peak memory while a text is sanitized, in sizes of the text."""
    tracemalloc.start()
    work(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / len(text)


def row(what: str, ours: str, peer: str, limit: str) -> None:
    print(f"{what:<42}{ours:>14}{peer:>14}  {limit}", flush=True)


def compare(corpus: list[str], peer: Callable[[str], object] | None) -> None:
    """Rows that netconan can stand in."""
    ours = Sanitizer(Keyring(KEY)).sanitize
    if any(ours(text).held for text in corpus[:20]):
        sys.exit("The sanitizer holds what it should time.")
    theirs = f"{rate(peer, corpus[:60]):.2f} MB/s" if peer else "-"
    row("configurations, a core", f"{rate(ours, corpus):.2f} MB/s", theirs, ">= 1 MB/s")
    tickets = [ticket(n) for n in range(1000)]
    middle, high = percentile(ours, tickets)
    theirs = f"{percentile(peer, tickets[:60])[1]:.1f} ms" if peer else "-"
    row("ticket of 4 KB, 95th percentile", f"{high:.1f} ms", theirs, "< 20 ms")
    row("ticket of 4 KB, median", f"{middle:.1f} ms", "", "")


def report_long_lines() -> None:
    """Time on one line of JSON at three lengths, and memory on the longest."""
    ours = Sanitizer(Keyring(KEY)).sanitize
    for size in (250_000, 500_000, 1_000_000):
        text = one_line_json(size)
        begun = time.perf_counter()
        ours(text)
        spent = time.perf_counter() - begun
        limit = "< 3 s" if size == 1_000_000 else ""
        row(f"one line of JSON, {size / 1e6:.2f} MB", f"{spent:.2f} s", "-", limit)
    text = one_line_json(1_000_000)
    row("memory for it, sizes of the text", f"{peak_of(ours, text):.1f}", "-", "< 10")


def report_workers(count: int, workers: int) -> None:
    begun = time.perf_counter()
    step = -(-count // (workers * 8))
    parts = [range(at, min(at + step, count)) for at in range(0, count, step)]
    with ProcessPoolExecutor(workers) as pool:
        held = sum(pool.map(sanitize_many, parts))
    spent = time.perf_counter() - begun
    what = f"{count:,} tickets of 4 KB, {workers} workers"
    row(what, f"{spent:.1f} s", "-", f"< 60 s ({held} held)")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--corpus", type=Path, help='JSONL with a "text" a line')
    given = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} before the first row")
    print(f"{'':42}{'ours':>14}{'netconan':>14}  limit")
    corpus = [config(n) for n in range(300)]
    if given.corpus:
        corpus = [json.loads(line)["text"] for line in given.corpus.open()]
    compare(corpus, netconan())
    report_long_lines()
    report_workers(given.tickets, given.workers)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process {memory:.0f} MiB")


if __name__ == "__main__":
    main()
