"""Near copies among generated tickets: precision, recall, time and memory, by a seed.

Run as ``python benchmarks/near_copies.py [--tickets N]``. A quarter of the tickets are
copies: an exact copy, one with 4 % of its words edited, one quoted in a reply, one
with its sentences in another order. The limits stand beside the figures: 0.95 for
precision and for recall, 100,000 tickets in three minutes, 1.5 GB with the tickets.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
SEED = 2026
KINDS = ("exact", "edited", "quoted", "reordered")
EDITED_SHARE = 0.04
_SUBJECTS = (
    "access switch", "core router", "firewall cluster", "wireless controller",
    "branch uplink", "voice gateway", "dhcp relay", "load balancer", "vpn headend",
)  # fmt: skip
_EVENTS = (
    "drops frames on one port", "lost its neighbour", "reports a failed fan",
    "runs out of memory", "rejects new sessions", "answers slowly since the change",
    "shows rising errors", "fails over every hour", "no longer learns addresses",
)  # fmt: skip
_WORDS = (
    "since", "after", "maintenance", "window", "optic", "module", "replaced", "moved",
    "traffic", "backup", "path", "users", "floor", "site", "alarm", "monitoring",
    "checked", "cabling", "duplex", "mtu", "policy", "route", "reload", "support",
)  # fmt: skip


def ticket(rng: random.Random, number: int) -> list[str]:
    """The sentences of a ticket that resembles no other."""
    sentences = [f"{rng.choice(_SUBJECTS)} {rng.choice(_EVENTS)} case {number}"]
    for _ in range(rng.randint(5, 9)):
        words = [
            f"{rng.choice(_WORDS)}{rng.randrange(10_000)}"
            if rng.random() < 0.4
            else rng.choice(_WORDS)
            for _ in range(rng.randint(6, 12))
        ]
        sentences.append(" ".join(words))
    return sentences


def copy_of(rng: random.Random, kind: str, sentences: list[str]) -> str:
    """A near copy of one kind."""
    if kind == "edited":
        words = ". ".join(sentences).split(" ")
        for place in rng.sample(
            range(len(words)), max(1, round(len(words) * EDITED_SHARE))
        ):
            words[place] = rng.choice(_WORDS)
        return " ".join(words)
    if kind == "quoted":
        quoted = "\n".join(f"> {line}" for line in sentences)
        return f"Any news on this one?\n{quoted}"
    if kind == "reordered":
        return ". ".join(rng.sample(sentences, len(sentences)))
    return ". ".join(sentences)


def corpus(count: int) -> tuple[list[str], dict[frozenset[int], str]]:
    """Return texts, and the kind of each pair that was made."""
    rng = random.Random(SEED)
    texts: list[str] = []
    pairs: dict[frozenset[int], str] = {}
    while len(texts) < count:
        sentences = ticket(rng, len(texts))
        texts.append(". ".join(sentences))
        if rng.random() < 1 / 3 and len(texts) < count:
            kind = KINDS[len(pairs) % len(KINDS)]
            pairs[frozenset((len(texts) - 1, len(texts)))] = kind
            texts.append(copy_of(rng, kind, sentences))
    return texts, pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    args = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netft_site.settings")
    from annotation.domain.duplicates import near_duplicates

    texts, made = corpus(args.tickets)
    begun, worked = time.perf_counter(), time.process_time()
    found = {frozenset((pair.a, pair.b)) for pair in near_duplicates(texts)}
    seconds, worked = time.perf_counter() - begun, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    right = found & set(made)
    print(f"{len(texts)} tickets, {len(made)} pairs made, {seconds:.1f} s (limit 180)")
    print(f"{worked:.1f} s of processor time, {peak:.0f} MiB at the peak (limit 1,430)")
    print(f"precision {len(right) / len(found):.4f} (at least 0.95)")
    print(f"recall    {len(right) / len(made):.4f} (at least 0.95)")
    for kind in KINDS:
        of_kind = {pair for pair, name in made.items() if name == kind}
        print(f"  {kind}: {len(of_kind & found) / len(of_kind):.4f} of {len(of_kind)}")


if __name__ == "__main__":
    main()
