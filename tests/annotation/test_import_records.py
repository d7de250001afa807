"""Files into records: counts, duplicates, holds, rejects, repeats and refusals."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.utils import timezone

from annotation.models import ImportBatch, Involvement, Record, Sanitization
from annotation.services import importing, projects, purging
from annotation.services.preparing import blob_name
from annotation.services.vault import VaultRefused, vault_of
from netft_site.base.refusals import Refused
from tests.factories import ReviewerFactory, UserFactory

pytestmark = pytest.mark.django_db

PEM_BEGIN = "-----BEGIN RSA PRIVATE KEY-----"


def run(project, content: str, name: str = "tickets.csv", **how) -> ImportBatch:
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(content.encode()),
        file_name=name,
        source="COMMAND",
    )
    batch = importing.start(batch=batch, now=timezone.now(), in_background=False, **how)
    return importing.run_to_end(batch_id=batch.pk, clock=timezone.now)


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    return batch.imported, batch.duplicate, batch.held, batch.rejected


def spools() -> list[Path]:
    return list(Path(django_settings.DATA_DIR).glob("spool/*"))


def held_text() -> str:
    """Text that the sanitizer cannot read, so it holds it."""
    return "undecodable \ufffd bytes"


def test_a_file_becomes_sanitized_records(project):
    content = (
        "number,short_description,description,opened_at,category\n"
        'INC1,Link down,"Switch 203.0.113.7, password cisco4711",2024-01-31 10:00,wan\n'
    )

    batch = run(project, content)

    record = Record.objects.get()
    assert counts(batch) == (1, 0, 0, 0)
    assert batch.status == "DONE"
    assert (record.external_id, record.title, record.category) == (
        "INC1",
        "Link down",
        "wan",
    )
    assert "cisco4711" not in record.body
    assert "203.0.113.7" not in record.body
    assert record.reviews_wanted == project.reviews_wanted
    assert len(record.fingerprint) == 64
    for start, end, *_ in record.sanitization.spans["body"]:
        assert record.body[start:end]


def test_the_raw_text_is_kept_encrypted_for_its_time(project):
    run(project, "id,text\n1,password cisco4711\n")

    kept = Sanitization.objects.get()
    vault = vault_of(project.key_id)
    raw = vault.open(kept.raw_ciphertext, about=blob_name(project.pk, "1"))
    assert b"cisco4711" in raw
    assert b"cisco4711" not in bytes(kept.raw_ciphertext)
    assert kept.expires_at - timezone.now() < timedelta(days=30)
    with pytest.raises(VaultRefused):
        vault.open(kept.raw_ciphertext, about=blob_name(project.pk, "2"))


def test_expired_raw_text_is_purged_and_held_text_is_not(project):
    run(project, f"id,text\n1,link down\n2,{held_text()}\n")
    later = timezone.now() + timedelta(days=31)

    purged = purging.purge_expired_raw(now=later)

    assert purged == 1
    assert purging.purge_expired_raw(now=later) == 0
    left = Sanitization.objects.exclude(raw_ciphertext=None)
    assert list(left.values_list("record__external_id", flat=True)) == ["2"]


def test_the_same_file_again_adds_nothing(project):
    content = f"id,text\n1,link down\n2,link up\n3,{held_text()}\n4,\n"

    first = run(project, content)
    second = run(project, content)

    assert counts(first) == (2, 0, 1, 1)
    assert counts(second) == (0, 3, 0, 1)
    assert Record.objects.count() == 3


def test_rows_without_an_id_get_one_from_their_text(project):
    content = "title,text\nLink,down\nLink,down\nLink,up\n"

    first = run(project, content)
    second = run(project, content)

    assert counts(first) == (2, 1, 0, 0)
    assert counts(second) == (0, 3, 0, 0)
    assert all(r.external_id.startswith("id-") for r in Record.objects.all())


def test_the_same_text_under_another_id_is_a_duplicate(project):
    batch = run(project, "id,text\n1,Link  down\n2,link down\n3,other\n")
    again = run(project, "id,text\n9,LINK DOWN\n")

    assert counts(batch) == (2, 1, 0, 0)
    assert counts(again) == (0, 1, 0, 0)


def test_a_known_id_with_another_text_is_rejected_and_changes_nothing(project):
    run(project, "id,text\n1,link down\n")

    batch = run(project, "id,text\n1,link up\n2,new\n2,newer\n")

    assert counts(batch) == (1, 0, 0, 2)
    assert Record.objects.get(external_id="1").body == "link down"
    rows = list(csv.DictReader(io.StringIO(Path(batch.rejects_path).read_text())))
    assert [(row["row"], row["column"]) for row in rows] == [
        ("2", "external_id"),
        ("4", "external_id"),
    ]


def test_a_held_row_has_no_text_and_keeps_its_raw_form_without_expiry(project):
    run(project, f'id,title,text,category\n1,secret title,"{held_text()}",wan\n')

    record = Record.objects.get()
    assert record.state == "HELD"
    assert (record.title, record.body, record.thread, record.category) == (
        "",
        "",
        [],
        "",
    )
    assert record.sanitization.state == "HELD"
    assert record.sanitization.reason
    assert record.sanitization.expires_at is None
    assert record.sanitization.raw_ciphertext


def test_rejects_name_row_column_and_reason_and_no_cell(project):
    content = "id,text,opened\n1,fine,\n2,canary-text,canary-date\n3,,2024-01-01\n"

    batch = run(project, content)

    written = Path(batch.rejects_path).read_text()
    assert written == (
        "row,column,reason\n"
        "3,opened_at,not a date\n"
        "4,body,no text: title and body are blank\n"
    )


def test_every_text_door_of_a_row_passes_the_sanitizer(project):
    secret = "community s3cr3tComm"
    row = {
        "id": "jane.doe@example.org",
        "title": secret,
        "text": f"snmp-server {secret}",
        "thread": [{"text": f"snmp-server {secret} RO", "author": "Jane Doe"}],
        "resolution": f"snmp-server {secret}",
        "site": "rack of jane.doe@example.org",
        "category": "mail jane.doe@example.org",
        "vendor": "10.9.8.7 via jane.doe@example.org",
        "incident_key": "jane.doe@example.org",
        "attributes": {"note": "ask jane.doe@example.org", "password": "Winter2024!"},
    }

    batch = run(project, json.dumps([row]), "a.json")

    assert counts(batch) == (1, 0, 0, 0)
    record = Record.objects.get()
    stored = json.dumps(
        [str(getattr(record, f.attname)) for f in Record._meta.concrete_fields]
    )
    for secret in ("s3cr3tComm", "jane.doe", "Winter2024", "Jane Doe"):
        assert secret not in stored
    assert record.external_id == record.incident_key


def test_a_secret_named_in_the_body_is_also_found_bare_in_the_thread(project):
    row = {
        "text": "the enable password is Xk8#qLm2vB for sw1",
        "thread": ["tried Xk8#qLm2vB twice"],
    }

    run(project, json.dumps([row]), "a.json")

    record = Record.objects.get()
    assert "Xk8#qLm2vB" not in record.body
    assert "Xk8#qLm2vB" not in record.thread[0]["text"]


def test_a_long_title_moves_into_the_body_whole(project):
    title = "link down " * 60

    run(project, f"id,title,text\n1,{title},body text\n")

    record = Record.objects.get()
    assert len(record.title) == 500
    assert record.title.endswith("…")
    assert record.body == f"{title.strip()}\n\nbody text"


def test_who_worked_a_ticket_is_noted_and_not_stored_in_text(project):
    user = UserFactory(username="bob", first_name="Bob", last_name="Stone")
    bob = ReviewerFactory(user=user, name="Bob S.")
    content = "id,text,assigned_to,resolved_by\n1,down,bob stone,BOB\n2,up,Nobody,\n"

    run(project, content)

    assert list(Involvement.objects.values_list("record__external_id", "reviewer")) == [
        ("1", bob.pk)
    ]


@pytest.mark.django_db(transaction=True)
def test_an_import_goes_on_from_its_cursor_chunk_by_chunk(project):
    content = "id,text\n" + "".join(f"{n},text number {n}\n" for n in range(1200))
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(content.encode()),
        file_name="a.csv",
        source="UPLOAD",
    )
    importing.start(batch=batch, now=timezone.now(), in_background=False)

    cursors = []
    while not (
        batch := importing.run_chunk(batch_id=batch.pk, now=timezone.now())
    ).is_finished:
        cursors.append((batch.cursor, Record.objects.count()))

    assert cursors == [(500, 500), (1000, 1000), (1200, 1200)]
    assert counts(batch) == (1200, 0, 0, 0)
    assert spools() == []


def test_a_second_runner_of_the_same_chunk_counts_nothing_twice(project):
    content = "id,text\n1,one\n2,two\n"
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(content.encode()),
        file_name="a.csv",
        source="UPLOAD",
    )
    batch = importing.start(batch=batch, now=timezone.now(), in_background=False)
    from annotation.services.importing import running

    prepare = running.at_once(running._preparer(batch))
    mine = next(running._chunks(batch, prepare, ahead=1))
    theirs = next(running._chunks(batch, prepare, ahead=1))

    assert running._commit(batch.pk, mine, timezone.now()) is True
    assert running._commit(batch.pk, theirs, timezone.now()) is False
    batch.refresh_from_db()
    assert (batch.cursor, batch.imported) == (2, 2)


def test_a_damaged_spool_fails_the_import_in_words(project):
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(b"id,text\n1,one\n"),
        file_name="a.csv",
        source="UPLOAD",
    )
    importing.start(batch=batch, now=timezone.now(), in_background=False)
    path = Path(batch.spool_path)
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)

    batch = importing.run_chunk(batch_id=batch.pk, now=timezone.now())

    assert batch.status == "FAILED"
    assert "damaged" in batch.refusal


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.csv", "empty_file"),
        (b"id,text\n", "a.csv", "empty_file"),
        (b"id,colour\n1,red\n", "a.csv", "missing_column"),
        (b"id,text\n1,K\xf6ln\n", "a.csv", "wrong_encoding"),
        (b"id,text\n1,x\n", "a.pdf", "unknown_format"),
        (b"id,text\n" + b"1," + b"x" * (9 << 20), "a.csv", "line_too_long"),
        (b"{}{", "a.jsonl", "no_rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_changes_nothing(
    project, content, name, code, tmp_path
):
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(Refused) as caught:
        call_command("import_records", path, project="noc", stderr=io.StringIO())

    assert caught.value.code == code
    assert not ImportBatch.objects.exists()
    assert not Record.objects.exists()
    assert spools() == []


def test_a_file_without_a_header_never_shows_its_first_row(project):
    content = "INC1,the enable password is Xk8#qLm2vB,10.1.2.3\n1,2,3\n"
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(content.encode()),
        file_name="a.csv",
        source="COMMAND",
    )

    with pytest.raises(Refused) as missing:
        importing.start(batch=batch, now=timezone.now())
    with pytest.raises(Refused) as unsafe:
        importing.start(
            batch=batch,
            now=timezone.now(),
            asked={"body": ["the enable password is Xk8#qLm2vB"]},
        )

    assert missing.value.code == "missing_column"
    assert "INC1, (column 2)" in missing.value.message
    assert unsafe.value.code == "unsafe_column"
    for refusal in (missing, unsafe):
        assert "Xk8#qLm2vB" not in refusal.value.message


def test_the_name_of_a_file_is_sanitized_too(project):
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(b"id,text\n1,x\n"),
        file_name="for jane.doe@example.org.csv",
        source="UPLOAD",
    )

    assert "jane.doe" not in batch.file_name


def test_rows_that_come_by_call_answer_one_by_one(project):
    rows = [
        {"external_id": "A", "title": "down"},
        {"external_id": "B"},
        {"external_id": "C", "body": held_text()},
        {"external_id": "A", "title": "down"},
    ]

    first = importing.add(project=project, rows=rows, now=timezone.now(), as_batch=True)
    second = importing.add(project=project, rows=rows, now=timezone.now())

    assert [one.status for one in first] == [
        "imported",
        "rejected",
        "held",
        "duplicate",
    ]
    assert [one.status for one in second] == [
        "duplicate",
        "rejected",
        "duplicate",
        "duplicate",
    ]
    assert first[0].record_id == first[3].record_id == second[0].record_id
    batch = ImportBatch.objects.get()
    assert counts(batch) == (1, 1, 1, 1)
    assert batch.source == "API"


def test_a_project_is_created_with_its_lead(db):
    user = UserFactory()

    project = projects.create(
        slug="noc", levels=["p1", "p2", "p3"], reviews_wanted=3, user=user
    )

    assert project.scale.keys == ("p1", "p2", "p3")
    assert project.key_id == django_settings.DEFAULT_KEY_ID
    assert project.memberships.get().role == "LEAD"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"slug": "Has Space"}, "bad_slug"),
        ({"slug": "noc"}, "project_exists"),
        ({"slug": "x", "levels": ["one"]}, "bad_levels"),
        ({"slug": "x", "levels": ["a", "a"]}, "bad_levels"),
        ({"slug": "x", "levels": list("abcdefghij")}, "bad_levels"),
        ({"slug": "x", "reviews_wanted": 0}, "bad_reviews_wanted"),
    ],
)
def test_a_project_that_makes_no_sense_is_refused(project, wish, code):
    with pytest.raises(Refused) as caught:
        projects.create(**wish)

    assert caught.value.code == code
