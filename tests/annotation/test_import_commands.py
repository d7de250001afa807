"""The import commands as scripts call them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from annotation.models import ImportBatch, Project, Record, Review
from netft_site.base.refusals import Refused

pytestmark = pytest.mark.django_db


def call(*args, **options) -> dict:
    out = io.StringIO()
    call_command(*args, "--json", stdout=out, stderr=io.StringIO(), **options)
    return json.loads(out.getvalue())


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    path.write_text("nr;words\n1;link down\n2;link up\n3;\n")
    return path


def test_a_project_is_created_once(db):
    made = call("create_project", "noc", "--levels", "p1,p2,p3", "--reviews-wanted", 3)

    assert made["levels"] == ["p1", "p2", "p3"]
    with pytest.raises(Refused) as caught:
        call("create_project", "noc")
    assert caught.value.code == "project_exists"
    assert Project.objects.count() == 1


def test_records_are_imported_with_their_columns_mapped(project, tickets):
    options = ["--map", "external_id=nr", "--map", "body=words", "--kind", "log"]

    done = call(
        "import_records", str(tickets), "--project", "noc", *options,
        "--origin", "synthetic",
    )  # fmt: skip

    batch = ImportBatch.objects.get()
    assert {k: done[k] for k in ("rows", "imported", "duplicate", "held")} == {
        "rows": 3,
        "imported": 2,
        "duplicate": 0,
        "held": 0,
    }
    assert done["rejected"] == 1
    assert Path(done["rejects"]).read_text().count("\n") == 2
    assert done["columns"] == {"external_id": "nr", "body": "words"}
    assert (batch.status, batch.source) == ("DONE", "COMMAND")
    assert set(Record.objects.values_list("kind", "origin")) == {("LOG", "SYNTHETIC")}


def test_helper_processes_prepare_the_same_records(project, tmp_path):
    path = tmp_path / "many.jsonl"
    rows = [{"id": n, "text": f"password cisco{n}x on sw{n}"} for n in range(1100)]
    path.write_text("\n".join(json.dumps(row) for row in rows))

    done = call("import_records", str(path), "--project", "noc", "--helpers", 2)

    assert done["imported"] == 1100
    first = Record.objects.get(external_id="7")
    assert "cisco7x" not in first.body
    assert first.sanitization.raw_ciphertext


@pytest.mark.parametrize(
    "extra",
    [["--map", "nonsense"], ["--map", "colour=words"], ["--preset", "remedy"]],
)
def test_a_wrong_call_is_a_command_error(project, tickets, extra):
    with pytest.raises(CommandError):
        call("import_records", str(tickets), "--project", "noc", *extra)


def test_an_unknown_project_or_file_is_refused(project, tickets):
    with pytest.raises(Refused) as no_project:
        call("import_records", str(tickets), "--project", "nowhere")
    with pytest.raises(Refused) as no_file:
        call("import_records", "gone.csv", "--project", "noc")

    assert (no_project.value.code, no_file.value.code) == ("no_project", "no_file")


def test_reviews_follow_records_from_the_same_file(project, tmp_path):
    path = tmp_path / "labelled.jsonl"
    path.write_text(
        '{"id": "a", "text": "down", "severity4": "high"}\n'
        '{"id": "b", "text": "up", "severity4": "low"}\n'
    )
    call("import_records", str(path), "--project", "noc")

    done = call(
        "import_reviews", str(path), "--project", "noc", "--map", "severity=severity4",
        "--reviewer", "bugzilla", "--as-source", "--create-reviewers",
    )  # fmt: skip

    assert (done["imported"], done["reviewers_created"]) == (2, 1)
    assert set(Review.objects.values_list("reviewer__kind", flat=True)) == {"SOURCE"}


def test_people_read_tables(project, tickets):
    out = io.StringIO()

    call_command(
        "import_records", str(tickets), project="noc", stdout=out,
        map=["external_id=nr", "body=words"], stderr=io.StringIO(),
    )  # fmt: skip

    assert "Import" in out.getvalue()
    assert "rejected" in out.getvalue()
