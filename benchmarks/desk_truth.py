"""Does the database hold what the label desk promises, and what its server said?"""

from __future__ import annotations

from collections import Counter
from typing import Any

import psycopg

STORED = """
    SELECT count(*) FROM annotation_review WHERE is_current AND status = 'SUBMITTED'
"""
RULES = {
    "reviewers with two answers to a record": """
        SELECT count(*) FROM (
            SELECT 1 FROM annotation_review WHERE is_current AND status = 'SUBMITTED'
            GROUP BY record_id, reviewer_id HAVING count(*) > 1) AS twice""",
    "records with more answers than wanted": """
        SELECT count(*) FROM (
            SELECT 1 FROM annotation_review WHERE is_current AND status = 'SUBMITTED'
            GROUP BY record_id HAVING count(*) > %(overlap)s) AS many""",
    "slots taken twice": """
        SELECT count(*) FROM (
            SELECT 1 FROM annotation_claim WHERE state IN ('OPEN', 'DONE')
            GROUP BY record_id, slot HAVING count(*) > 1) AS shared""",
    "seats used without an answer": """
        SELECT count(*) FROM annotation_claim AS c WHERE state = 'DONE'
        AND NOT EXISTS (
            SELECT 1 FROM annotation_review AS r
            WHERE r.record_id = c.record_id AND r.reviewer_id = c.reviewer_id)""",
    "overwritten answers": """
        SELECT count(*) FROM annotation_review WHERE NOT is_current""",
    "settled records still served": """
        SELECT count(*) FROM annotation_claim AS c
        JOIN annotation_record AS r ON r.id = c.record_id
        WHERE c.state = 'OPEN' AND r.state <> 'OPEN'""",
}


def answers_stored(database: str) -> int:
    """Count the answers that stand."""
    with psycopg.connect(database) as stored:
        return _one(stored, STORED)


def truth(
    database: str,
    overlap: int,
    seen: dict[str, Any] | None = None,
    records: int | None = None,
) -> None:
    """Print what was found for each rule.

    ``seen`` is what the reviewers were told, ``records`` how many wanted ``overlap``
    answers each by the end. Raises SystemExit if a rule is broken.
    """
    with psycopg.connect(database) as stored:
        wrong = {
            what: _one(stored, query, overlap=overlap) for what, query in RULES.items()
        }
        count = _one(stored, STORED)
        if seen is not None:
            ids = {row[0] for row in stored.execute("SELECT id FROM annotation_review")}
            wrong |= _told(seen, ids, count)
    if records is not None:
        wrong["answers still wanted"] = records * overlap - count
    for what, number in wrong.items():
        print(f"  {what}: {number}", flush=True)
    if any(wrong.values()):
        raise SystemExit("the database does not say what the server said")


def _told(seen: dict[str, Any], ids: set[int], count: int) -> dict[str, int]:
    """Every 2xx has one review; a review without a 2xx came from a broken line."""
    said = [answer["review"] for answer in seen["told"]]
    broken = sum(n for what, n in seen["trouble"].items() if what == "status 0")
    other = sum(n for what, n in seen["trouble"].items() if what != "status 0")
    print(f"  answers stored: {count}, told: {len(said)}, lines broken: {broken}")
    return {
        "told and not stored": len(set(said) - ids),
        "told twice as new": len(said) - len(set(said)),
        "stored, not told, and no line broke": max(0, count - len(said) - broken),
        "records served again from another seat": _again(seen["served"]),
        "answers of the server that were no 2xx": other,
    }


def _again(served: list[list[Any]]) -> int:
    seats = Counter((who, record) for who, record, _ in set(map(tuple, served)))
    return sum(1 for number in seats.values() if number > 1)


def _one(stored: psycopg.Connection[Any], query: str, **values: int) -> int:
    row = stored.execute(query, values or None).fetchone()
    return int(row[0]) if row else 0
