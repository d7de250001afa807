"""A title that announces a secret, and a body that begins with it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotation.models import Record
from annotation.services import importing
from annotation.services.leak_gate import LeakGate
from tests.factories import VerdictFactory
from tests.training.built import build, read
from tests.training.worlds import settle_many

pytestmark = pytest.mark.django_db
TITLES = [
    "Password",
    "The new password is:",
    "Wi-Fi passphrase",
    "PSK",
    "neighbor 10.0.0.1 password",
    "enable secret 5",
    "username bob secret 0",
    "tacacs-server key",
    "snmp-server community",
    "api_key=",
    f"{'Words that say nothing. ' * 12}The new password is:",
]


def test_no_value_that_a_title_announces_enters_a_dataset(project):
    settle_many(project, 60)
    values = [f"Qw{n}tUv{n * 7}X3z9Lm" for n in range(len(TITLES))]
    importing.add(
        project=project,
        rows=[
            {"title": title, "body": f"{value}\nsince this morning nobody can log in"}
            for title, value in zip(TITLES, values, strict=True)
        ],
        now=timezone.now(),
        user=None,
        as_batch=False,
    )
    imported = list(Record.objects.filter(state="OPEN"))
    for record in imported:
        VerdictFactory(record=record)
    Record.objects.filter(state="OPEN").update(state="SETTLED")
    leaking = LeakGate(project).check([record.text for record in imported])
    assert leaking

    dataset = build(project)

    texts = [
        row["text"]
        for split in ("TRAIN", "DEV", "CALIBRATION", "TEST")
        for row in read(dataset, split)
    ]
    wrong = {imported[finding.row].text for finding in leaking}
    assert not wrong & set(texts)
    assert dataset.manifest["left_out"]["unsafe"] >= len(wrong)
