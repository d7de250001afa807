"""What an import removes, what it keeps in cipher and how long, and what it holds."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Record, Sanitization
from annotation.services import importing, purging
from annotation.services.preparing import blob_name
from annotation.services.vault import VaultRefused, vault_of
from tests.annotation.imports import counts, held_text, run

pytestmark = pytest.mark.django_db


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


def test_the_name_of_a_file_is_sanitized_too(project):
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(b"id,text\n1,x\n"),
        file_name="for jane.doe@example.org.csv",
        source="UPLOAD",
    )

    assert "jane.doe" not in batch.file_name


def test_a_secret_in_a_short_column_of_letters_is_removed(project):
    run(
        project,
        "id,text,site,category\n1,down,password is Zebra,wan\n",
    )

    record = Record.objects.get()
    assert "Zebra" not in record.site
