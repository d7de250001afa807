"""Which of some texts are most like another one, by the words that set them apart.

Cosine between bags of words weighted by inverse document frequency (Sparck Jones,
1972) among the candidates. Meant for a few hundred short texts at once; finding near
copies among all records is what `annotation.domain.duplicates` does.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

_WORD = re.compile(r"[^\W\d_][\w/-]{2,}")


def most_similar(
    text: str, candidates: Mapping[int, str], most: int = 5, at_least: float = 0.1
) -> list[tuple[int, float]]:
    """Return ids of the most similar candidates with their cosine, best first.

    Those below ``at_least`` are left out. A text without words is like none.

    >>> most_similar("uplink down", {1: "uplink down again", 2: "printer jam"})[0][0]
    1
    """
    bags = {pk: _bag(one) for pk, one in candidates.items()}
    weights = _idf([*bags.values(), _bag(text)])
    wanted = _weighted(_bag(text), weights)
    scored = [(pk, _dot(wanted, _weighted(bag, weights))) for pk, bag in bags.items()]
    found = [(pk, score) for pk, score in scored if score >= at_least]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:most]


def _bag(text: str) -> Counter[str]:
    return Counter(word.casefold() for word in _WORD.findall(text))


def _idf(bags: Sequence[Counter[str]]) -> dict[str, float]:
    seen = Counter(word for bag in bags for word in bag)
    return {word: math.log((1 + len(bags)) / n) for word, n in seen.items()}


def _weighted(bag: Counter[str], weights: Mapping[str, float]) -> dict[str, float]:
    """Return a bag as a vector of length one; empty if nothing weighs anything."""
    raw = {word: (1 + math.log(n)) * weights[word] for word, n in bag.items()}
    length = math.sqrt(sum(value * value for value in raw.values()))
    return {word: value / length for word, value in raw.items()} if length else {}


def _dot(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return sum(value * other.get(word, 0.0) for word, value in one.items())
