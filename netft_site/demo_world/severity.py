"""True severity: an ITIL priority matrix with some honest noise.

Impact and urgency run from 1 (most) to 3 (least). The level follows from their sum, as
in the ITIL priority matrix with its two lowest priorities joined, except where the
people on shift knew something that no ticket says.
"""

from __future__ import annotations

from random import Random

# (impact, urgency) -> share of tickets; gives about 10/25/40/25 % from critical to low
JOINT = {
    (1, 1): 0.11,
    (1, 2): 0.14,
    (2, 1): 0.11,
    (1, 3): 0.05,
    (2, 2): 0.30,
    (3, 1): 0.04,
    (2, 3): 0.06,
    (3, 2): 0.06,
    (3, 3): 0.13,
}
UNSEEN_REASON = 0.04
LOWEST = 3


def draw_impact_and_urgency(rng: Random) -> tuple[int, int]:
    """Draw an (impact, urgency) pair from the joint distribution."""
    pairs = list(JOINT)
    return rng.choices(pairs, weights=list(JOINT.values()))[0]


def priority(impact: int, urgency: int) -> int:
    """Return the matrix level: 0 critical, 1 high, 2 medium, 3 low."""
    return min(impact + urgency - 2, LOWEST)


def true_severity(rng: Random, impact: int, urgency: int) -> int:
    """Return the matrix level, moved by one where something unsaid mattered."""
    level = priority(impact, urgency)
    if rng.random() >= UNSEEN_REASON:
        return level
    return min(max(level + rng.choice((-1, 1)), 0), LOWEST)


def misreport(rng: Random, value: int) -> int:
    """Return what the service desk typed for a true impact or urgency of 1 to 3."""
    if rng.random() < 0.65:
        return value
    return min(max(value + rng.choice((-1, 1)), 1), 3)
