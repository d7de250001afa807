"""Generated tickets some of whose labels are wrong, and which."""

from __future__ import annotations

import random

_COMMON = [f"word{number}" for number in range(400)]


def mislabelled(
    count: int, *, classes: int, flips: float, seed: int = 1
) -> tuple[list[dict], set[str]]:
    """Rows that a linear model can mostly tell apart, and the ids of wrong labels."""
    rng = random.Random(seed)
    names = [f"class{number}" for number in range(classes)]
    rows, wrong = [], set()
    for number in range(count):
        true = number % classes
        words = [f"t{true}x{rng.randrange(25)}" for _ in range(rng.randint(3, 8))]
        words += rng.sample(_COMMON, 8)
        if rng.random() < 0.3:
            words.append(f"t{rng.randrange(classes)}x{rng.randrange(25)}")
        label = true
        if rng.random() < flips:
            label = rng.choice([other for other in range(classes) if other != true])
            wrong.add(f"t{number}")
        rng.shuffle(words)
        text = " ".join(words)
        rows.append({"id": f"t{number}", "text": text, "label": names[label]})
    return rows, wrong
