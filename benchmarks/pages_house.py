"""A labeling project of the size that the pages are measured at.

`fill` writes records, their answers and verdicts, seats, gold, acts and what the
sanitizer noted, in the shares of a project that is mostly done: 80 % settled, 2 %
contested, the rest open. Everything is drawn with one seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from desk_house import CATEGORIES, WORDS

SLUG = "bench"
LEVELS = ("critical", "high", "medium", "low")
LEVEL_WEIGHTS = (5, 15, 40, 40)
VENDORS = ("arista", "cisco", "juniper", "nokia")
CAUSES = ("optic", "config", "power", "provider")
PEOPLE = ("lead", "senior", *(f"r{number}" for number in range(10)))
ROLES = {"lead": "LEAD", "senior": "SENIOR"}
GRADES = {"lead": "PRINCIPAL", "senior": "SENIOR"}
GOLD, ACTS, CHUNK = 200, 50, 5_000


@dataclass
class Drawn:
    """What the rows of a project are drawn from."""

    rng: random.Random
    now: datetime
    project: int
    people: list[Any]
    versions: list[int]

    def level(self) -> str:
        return self.rng.choices(LEVELS, LEVEL_WEIGHTS)[0]

    def near(self, level: str) -> str:
        """Mostly the level itself, sometimes one beside it."""
        place = LEVELS.index(level)
        if self.rng.random() < 0.8:
            return level
        return LEVELS[min(max(place + self.rng.choice((-1, 1)), 0), len(LEVELS) - 1)]


def fill(records: int) -> None:
    """Make the project; a tenth of the seats at the newest are still held."""
    from django.contrib.auth.models import User
    from django.db import transaction

    from annotation.models import Guidelines, Membership, Project, Reviewer

    now = datetime.now(UTC)
    with transaction.atomic():
        project = Project.objects.create(
            slug=SLUG, name="Bench", key_id="k1", reviews_wanted=3,
            root_causes=list(CAUSES),
        )  # fmt: skip
        people = []
        for name in PEOPLE:
            user = User.objects.create(username=name, is_staff=True)
            role, grade = ROLES.get(name, "REVIEWER"), GRADES.get(name, "ENGINEER")
            people.append(Reviewer.objects.create(user=user, name=name, grade=grade))
            Membership.objects.create(user=user, project=project, role=role)
        versions = [
            Guidelines.objects.create(
                project=project, version=number, markdown="Call the worst level first."
            ).pk
            for number in (1, 2)
        ]
        drawn = Drawn(random.Random(7), now, project.pk, people, versions)
        states = _records(drawn, records)
        _answers(drawn, states)
        _others(drawn, states)


def _in_chunks(model: Any, rows: Iterable[dict[str, Any]]) -> None:
    from netft_site.base.bulk_insert import insert_many

    held: list[dict[str, Any]] = []
    for row in rows:
        held.append(row)
        if len(held) == CHUNK:
            insert_many(model, held)
            held = []
    insert_many(model, held)


def _records(drawn: Drawn, count: int) -> dict[int, str]:
    """Write the records; return each one's state by its number, oldest first."""
    from annotation.models import Record

    rng = drawn.rng
    shares = {"SETTLED": 80, "CONTESTED": 2, "OPEN": 17.5, "EXCLUDED": 0.5}
    drawn_states = rng.choices(list(shares), list(shares.values()), k=count)
    _in_chunks(
        Record,
        (
            {
                "project_id": drawn.project,
                "external_id": f"INC{n:07d}",
                "title": f"Interface down on port {n % 48} of rack{n // 500}",
                "body": " ".join(rng.choices(WORDS, k=110)),
                "category": rng.choice(CATEGORIES),
                "vendor": rng.choice(VENDORS),
                "opened_at": drawn.now - timedelta(minutes=5 * (count - n)),
                "incident_key": f"P{n // 4}" if n % 20 == 0 else "",
                "priority": rng.choice((0, 0, 0, 10, 30)),
                "state": state,
                "decided_at": None if state == "OPEN" else drawn.now,
                "reviews_wanted": 3,
                "lot": rng.getrandbits(31),
                "created_at": drawn.now,
            }
            for n, state in enumerate(drawn_states)
        ),
    )
    found = Record.objects.order_by("pk").values_list("pk", "state")
    return dict(found.iterator())


def _answers(drawn: Drawn, states: dict[int, str]) -> None:
    from annotation.models import Review, Verdict

    truth = {pk: drawn.level() for pk in states}
    _in_chunks(Review, _reviews(drawn, states, truth))
    _in_chunks(Verdict, _verdicts(drawn, states, truth))


def _reviews(
    drawn: Drawn, states: dict[int, str], truth: dict[int, str]
) -> Iterator[dict[str, Any]]:
    rng, total = drawn.rng, len(states)
    for place, (pk, state) in enumerate(states.items()):
        number = rng.choice((0, 1, 2, 2)) if state == "OPEN" else 3
        number += state == "SETTLED" and rng.random() < 0.3
        # Answers come in the order of the records, over some half a year.
        at = drawn.now - timedelta(minutes=(total - place) * 260_000 / total)
        for one, who in enumerate(rng.sample(drawn.people, number)):
            yield _review(drawn, pk, who, truth[pk], at + timedelta(minutes=one))
        if state == "SETTLED" and rng.random() < 0.02:
            again = at + timedelta(days=15)
            if again < drawn.now:
                yield _review(drawn, pk, who, truth[pk], again, purpose="REPEAT")


def _review(
    drawn: Drawn, pk: int, who: Any, level: str, at: datetime, purpose: str = "FIRST"
) -> dict[str, Any]:
    rng = drawn.rng
    return {
        "record_id": pk,
        "reviewer_id": who.pk,
        "grade": who.grade,
        "purpose": purpose,
        "severity": drawn.near(level),
        "root_cause": rng.choice(CAUSES),
        "independent": purpose == "FIRST",
        "sampling": rng.choice(("RANDOM", *["PRIORITY"] * 9)),
        "seconds_spent": rng.randint(10, 200),
        "guidelines_id": drawn.versions[rng.random() < 0.3],
        "submitted_at": at,
    }


def _verdicts(
    drawn: Drawn, states: dict[int, str], truth: dict[int, str]
) -> Iterator[dict[str, Any]]:
    """A tenth of them a senior's, half of the others unanimous."""
    rng = drawn.rng
    senior = drawn.people[1]
    kinds = ("AMBIGUOUS", "GUIDELINE_GAP", "SLIP")
    for pk, state in states.items():
        if state != "SETTLED":
            continue
        method = rng.choices(("ADJUDICATED", "UNANIMOUS", "MAJORITY"), (10, 45, 45))[0]
        decided = method == "ADJUDICATED"
        yield {
            "record_id": pk,
            "severity": truth[pk],
            "root_cause": rng.choice(CAUSES),
            "method": method,
            "grade": "SENIOR" if decided else rng.choice(("ENGINEER", "SENIOR")),
            "reviews_count": 3,
            "reason": "Two sites are cut off." if decided else "",
            "disagreement": rng.choice(kinds) if decided else "",
            "adjudicated_by_id": senior.pk if decided else None,
            "created_at": drawn.now - timedelta(minutes=rng.randint(0, 260_000)),
        }


def _others(drawn: Drawn, states: dict[int, str]) -> None:
    """Gold with answers, seats, acts, and the sanitizer's notes."""
    from annotation.models import Claim, Gold, Review, Sanitization

    rng = drawn.rng
    lead, people = drawn.people[0], drawn.people
    settled = [pk for pk, state in states.items() if state == "SETTLED"]
    still_open = [pk for pk, state in states.items() if state == "OPEN"]
    gold = rng.sample(settled, min(GOLD, len(settled) // 2))
    for pk in gold:
        Gold.objects.create(
            record_id=pk, severity="high", reason="Known.", made_by=lead.user
        )
    _in_chunks(
        Review,
        (
            _review(drawn, pk, who, "high", drawn.now - timedelta(days=3), "GOLD")
            for pk in gold
            for who in people
        ),
    )
    _in_chunks(Claim, _seats(drawn, settled, still_open))
    _in_chunks(
        Sanitization,
        (
            {
                "record_id": pk,
                "ruleset": "bench",
                "key_id": "k1",
                "spans": {"body": [[0, 5, "ip", "ipv4"]]},
                "raw_hmac": f"{pk:064x}",
            }
            for pk in states
        ),
    )
    _acts(drawn, settled)


def _seats(
    drawn: Drawn, settled: list[int], still_open: list[int]
) -> Iterator[dict[str, Any]]:
    """The seats of the newest answers, and one open seat of each of five people."""
    base = {"project_id": drawn.project, "slot": 1, "opened_at": drawn.now}
    until = drawn.now + timedelta(days=30)
    for pk in settled[-20_000:]:
        who = drawn.rng.choice(drawn.people).pk
        seat = {"record_id": pk, "reviewer_id": who, "state": "DONE"}
        yield {**base, **seat, "expires_at": until}
    for pk, who in zip(still_open, drawn.people[2:7], strict=False):
        seat = {"record_id": pk, "reviewer_id": who.pk, "state": "OPEN"}
        yield {**base, **seat, "slot": 3, "expires_at": until}


def _acts(drawn: Drawn, settled: list[int]) -> None:
    from annotation.models import BulkAct, BulkChange

    lead = drawn.people[0].user
    for number in range(ACTS):
        kind = ("EXCLUDE", "REQUEUE", "OVERLAP", "REREVIEW")[number % 4]
        changed = settled[number * 100 : number * 100 + 100]
        act = BulkAct.objects.create(
            project_id=drawn.project, kind=kind, reason="a new rule", by=lead,
            at=drawn.now, count=len(changed), total=len(changed), value=4,
            guidelines_id=drawn.versions[1] if kind == "REREVIEW" else None,
            query={"category": "wan"},
        )  # fmt: skip
        changes = [
            BulkChange(act=act, record_id=pk, before={}, after={}) for pk in changed
        ]
        BulkChange.objects.bulk_create(changes)
