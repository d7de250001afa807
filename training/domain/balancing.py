"""By how much the rows of a level or category are multiplied to balance them."""

from __future__ import annotations

from collections.abc import Mapping

from training.domain.recipe_rows import Balance, BalanceBy, Towards


def factors(
    counts: Mapping[str, int], balance: Balance, production: Mapping[str, float]
) -> dict[str, float]:
    """Return a factor of at least 1 for every level or category that has examples.

    counts: examples by level or category. production: the category shares aimed at
    under `Towards.PRODUCTION`; they need not sum to 1. A category that the mix does not
    name, and one without a name, keeps its rows: nobody said how often it occurs.

    With q the share of the examples and p the share aimed at, both among those that
    are balanced, the factor is ``(p / q) ** strength`` over the least such number, cut
    at the cap: over-sampling only, so the most over-represented keeps factor 1.
    """
    if balance.by is BalanceBy.NOTHING:
        return dict.fromkeys(counts, 1.0)
    aims = _aims(counts, balance, production)
    have = sum(counts[name] for name in aims)
    whole = sum(aims.values())
    wanted = {
        name: (aim / whole * have / counts[name]) ** balance.strength
        for name, aim in aims.items()
    }
    least = min(wanted.values(), default=1.0)
    return {
        name: min(float(balance.cap), wanted[name] / least) if name in wanted else 1.0
        for name in counts
    }


def _aims(
    counts: Mapping[str, int], balance: Balance, production: Mapping[str, float]
) -> dict[str, float]:
    """The share aimed at, of each that is balanced."""
    named = [name for name, count in counts.items() if name and count]
    if balance.towards is Towards.EVEN:
        return dict.fromkeys(named, 1.0)
    return {n: production[n] for n in named if production.get(n, 0) > 0}
