"""What `datasets.py` measures: settled records, and a wide frozen dataset.

Everything is drawn from one fixed seed: equal sizes give equal rows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

LEVELS = ("critical", "high", "medium", "low")
CATEGORIES = ("wan", "wireless", "routing", "firewall", "switching")
SEED = 7
SECRETS = 1_000
WORDS = 58
_CHUNK = 5_000


def fill(records: int) -> int:
    """Make the project, its settled records and what the importer leaves of them."""
    from annotation.models import KnownSecret, Record, Sanitization, Verdict
    from annotation.services.vault import keyring_of
    from netft_site.base.bulk_insert import insert_many

    now = datetime.now(UTC)
    project = _project()
    rng = random.Random(SEED)
    for start in range(0, records, _CHUNK):
        numbers = range(start, min(start + _CHUNK, records))
        insert_many(Record, [_record(project.pk, n, rng, now) for n in numbers])
    keys = list(Record.objects.order_by("id").values_list("id", flat=True))
    for start in range(0, records, _CHUNK):
        some = keys[start : start + _CHUNK]
        verdicts = [_verdict(pk, n, now) for n, pk in enumerate(some, start)]
        insert_many(Verdict, verdicts)
        insert_many(Sanitization, [_sanitization(project, pk) for pk in some])
    keyring = keyring_of(project.key_id)
    secrets = [keyring.token("cred", f"Qz{n}!secret") for n in range(SECRETS)]
    KnownSecret.objects.bulk_create(
        KnownSecret(project=project, token=token) for token in secrets
    )
    return records


def fill_wide(rows: int) -> int:
    """Write a frozen dataset of so many rows as a freeze leaves it; return them."""
    from annotation.services.leak_standing import standing_of
    from netft_site.base.files import HashingWriter
    from training.domain.manifest import SplitFile, content, content_sha256
    from training.domain.recipe import Recipe, Split
    from training.models import Dataset
    from training.services.datasets import folders, gating

    project = _project()
    dataset = Dataset(project=project, name="wide", version=1, recipe={})
    folder = folders.frozen_folder(dataset)
    folder.mkdir(parents=True)
    files = {}
    for split in Split:
        count = rows if split is Split.TRAIN else 0
        name = folders.split_file(split)
        with (folder / name).open("wb") as stream:
            writer = HashingWriter(stream)
            for line in _lines(count):
                writer.write(line)
        files[split] = SplitFile(name, count, count, writer.size, writer.sha256)
    hashed = content(Recipe.parse({}), project.scale.keys, files)
    dataset.manifest = {
        **hashed,
        "scale": project.scale.rows(),
        gating.CHECKED: standing_of(project).as_json(),
    }
    dataset.status, dataset.sha256 = Dataset.Status.FROZEN, content_sha256(hashed)
    dataset.path, dataset.frozen_at = folders.relative(folder), datetime.now(UTC)
    dataset.save()
    return rows


def _project() -> Any:
    from django.conf import settings

    from annotation.models import Project

    key = next(iter(settings.PSEUDONYM_KEYS))
    given = {"name": "Bench", "key_id": key}
    return Project.objects.get_or_create(slug="bench", defaults=given)[0]


def _words(rng: random.Random) -> str:
    return " ".join(
        f"{rng.choice(CATEGORIES)}{rng.randrange(10**6)}" for _ in range(WORDS)
    )


def _record(project: int, n: int, rng: random.Random, now: Any) -> dict[str, Any]:
    from annotation.domain.duplicates import fingerprint

    title, body = f"Ticket {n}", _words(rng)
    return {
        "project_id": project,
        "external_id": f"INC{n:07d}",
        "title": title,
        "body": body,
        "category": CATEGORIES[n % len(CATEGORIES)],
        "fingerprint": fingerprint(f"{title}\n\n{body}"),
        "state": "SETTLED",
        "lot": rng.getrandbits(31),
        "created_at": now,
    }


def _sanitization(project: Any, record: int) -> dict[str, Any]:
    from annotation.domain.sanitize import RULESET

    return {
        "record_id": record,
        "ruleset": RULESET,
        "knowledge": project.knowledge_version,
        "key_id": project.key_id,
        "spans": {},
        "tripwires": {},
        "state": "CLEAN",
        "raw_hmac": f"{record:064x}",
    }


def _verdict(record: int, n: int, now: Any) -> dict[str, Any]:
    return {
        "record_id": record,
        "severity": LEVELS[n % 4],
        "method": "UNANIMOUS",
        "grade": ("JUNIOR", "ENGINEER", "SENIOR")[n % 3],
        "reviews_count": 2,
        "created_at": now,
    }


def _lines(rows: int) -> Iterator[bytes]:
    """Rows as they are frozen; texts of one thousand repeat under other ids."""
    from training.domain.formats import Row, encode_line
    from training.domain.rows import frozen_form

    rng = random.Random(SEED)
    texts = [_words(rng) for _ in range(1_000)]
    for n in range(rows):
        row = Row(
            id=f"INC{n:07d}",
            text=f"Ticket {n}\n\n{texts[n % len(texts)]}",
            label=LEVELS[n % 4],
            split="TRAIN",
            category=CATEGORIES[n % len(CATEGORIES)],
            group=f"g-{n:020x}",
            method="UNANIMOUS",
            grade="SENIOR",
            gold="UNANIMOUS",
            reviews=2,
        )
        yield encode_line(frozen_form(row))
