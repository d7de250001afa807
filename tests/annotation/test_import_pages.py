"""The pages of an import: who may, what they show, what they never show."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import ColumnMapping, ImportBatch, Record
from annotation.services import importing
from annotation.tasks.importing import run_import
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db
UPLOAD = "/admin/annotation/importbatch/upload/"
TICKETS = (
    "Ticket,Headline,Words,Segment\n"
    "INC1,Link down,ask jane.doe@example.org,gold\n"
    "INC2,Wifi slow,since monday,silver\n"
    "INC3,,,\n"
)


def upload(browser: Client, project, content: str = TICKETS, **more):
    file = SimpleUploadedFile("tickets.csv", content.encode(), "text/csv")
    data = {
        "project": project.pk,
        "file": file,
        "how": "recognise",
        "kind": "TICKET",
        "origin": "REAL",
    }
    return browser.post(UPLOAD, data | more)


def page(name: str, batch: ImportBatch) -> str:
    return reverse(f"admin:annotation_importbatch_{name}", args=[batch.pk])


@pytest.fixture
def received(project):
    return importing.receive(
        project=project,
        stream=io.BytesIO(TICKETS.encode()),
        file_name="tickets.csv",
        source="UPLOAD",
    )


def test_a_file_goes_through_three_pages_into_records(
    browser_of, alice, project, django_capture_on_commit_callbacks
):
    browser = browser_of(alice)

    first = upload(browser, project)
    batch = ImportBatch.objects.get()
    second = browser.get(first["Location"])
    chosen = {"external_id": "0", "title": "1", "body": "2", "kept": ["3"]}
    with django_capture_on_commit_callbacks() as queued:
        third = browser.post(
            page("map", batch),
            {**chosen, "zone": "UTC", "save_as": "our export", "action": "start"},
        )
    run_import(batch.pk)
    last = browser.get(third["Location"])

    assert first.status_code == 302
    assert "jane.doe" not in second.content.decode()
    assert "INC1" in second.content.decode()
    assert len(queued) == 1
    batch.refresh_from_db()
    assert (batch.status, batch.imported, batch.rejected) == ("DONE", 2, 1)
    assert batch.created_by == alice
    record = Record.objects.get(external_id="INC1")
    assert (record.title, record.attributes) == ("Link down", {"segment": "gold"})
    assert "Rows and reasons" in last.content.decode()
    saved = ColumnMapping.objects.get()
    assert saved.name == "our export"
    assert saved.mapping["columns"]["body"] == ["Words"]


def test_a_saved_mapping_reads_the_next_file(browser_of, alice, project):
    saved = ColumnMapping.objects.create(
        project=project,
        name="ours",
        mapping={"columns": {"body": ["Words"], "title": ["Headline"]}},
    )
    browser = browser_of(alice)

    answer = upload(browser, project, how=f"saved:{saved.pk}")
    shown = browser.get(answer["Location"]).content.decode()

    assert "Wifi slow" in shown
    assert "since monday" in shown


def test_looking_at_other_columns_stores_nothing(browser_of, alice, received):
    shown = browser_of(alice).post(
        page("map", received), {"title": "3", "zone": "UTC", "action": "preview"}
    )

    assert shown.status_code == 200
    assert "silver" in shown.content.decode()
    received.refresh_from_db()
    assert received.status == "UPLOADED"
    assert not Record.objects.exists()


def test_an_import_without_text_is_not_started(browser_of, alice, received):
    shown = browser_of(alice).post(
        page("map", received), {"vendor": "3", "zone": "UTC", "action": "start"}
    )

    assert shown.status_code == 422
    assert "title or body" in shown.content.decode()
    received.refresh_from_db()
    assert received.status == "UPLOADED"


def test_a_received_file_can_be_discarded(browser_of, alice, received, settings):
    browser_of(alice).post(page("map", received), {"action": "discard"})

    assert not ImportBatch.objects.exists()
    assert list((settings.DATA_DIR / "spool").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("id,text\n", "no rows"),
        ("id,text\n1,K\udcf6ln\n", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_on_the_first_page(
    browser_of, alice, project, settings, content, words
):
    file = SimpleUploadedFile("a.csv", content.encode("utf-8", "surrogateescape"))

    answer = upload(browser_of(alice), project, file=file)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ImportBatch.objects.exists()
    assert not list(settings.DATA_DIR.glob("spool/*"))


def test_a_file_that_is_too_large_is_not_kept(browser_of, alice, project, settings):
    settings.UPLOAD_MAX_BYTES = 1000

    answer = upload(browser_of(alice), project, "id,text\n1," + "x" * 2000)

    assert answer.status_code == 422
    assert "larger than" in answer.content.decode()


def test_an_upload_is_on_disk_in_cipher_only_and_gone_afterwards(
    browser_of, alice, project, settings
):
    canary = "canary-in-the-upload"

    upload(browser_of(alice), project, f"id,text\n1,{canary}\n")

    files = [path for path in settings.DATA_DIR.rglob("*") if path.is_file()]
    assert len(files) == 1
    assert all(canary.encode() not in path.read_bytes() for path in files)


def test_a_stranger_cannot_make_the_site_store_a_file(client, project, settings):
    answer = upload(client, project)

    assert answer.status_code == 302
    assert "login" in answer["Location"]
    assert not list(settings.DATA_DIR.glob("spool/*"))


ROLES = [
    ("alice", 200, 200),
    ("bob", 403, 403),
    ("erin", 403, 200),
    ("frank", 200, 200),
    ("grace", 403, 200),
]


@pytest.mark.parametrize(("name", "upload_code", "look_code"), ROLES)
def test_who_may_import_and_who_may_look(
    request, browser_of, received, name, upload_code, look_code
):
    importing.start(
        batch=received,
        now=timezone.now(),
        asked={"body": ["Words"]},
        in_background=False,
    )
    browser = browser_of(request.getfixturevalue(name))

    assert browser.get(UPLOAD).status_code == upload_code
    for view in ("progress", "progress_json", "rejects"):
        assert browser.get(page(view, received)).status_code == look_code


def test_people_of_other_projects_find_nothing(browser_of, mallory, received):
    browser = browser_of(mallory)

    for view in ("map", "progress", "progress_json", "rejects"):
        assert browser.get(page(view, received)).status_code == 404
    changelist = reverse("admin:annotation_importbatch_changelist")
    assert "tickets.csv" not in browser.get(changelist).content.decode()


def test_a_role_in_another_project_does_not_help(browser_of, bob, received):
    MembershipFactory(user=bob, role="LEAD")
    browser = browser_of(bob)
    upload_page = browser.get(UPLOAD).content.decode()

    assert browser.get(page("map", received)).status_code == 403
    assert f'<option value="{received.project_id}"' not in upload_page
    changelist = browser.get(reverse("admin:annotation_importbatch_changelist"))
    assert "tickets.csv" not in changelist.content.decode()


def test_progress_is_given_as_numbers_and_words(browser_of, alice, received):
    importing.start(
        batch=received,
        now=timezone.now(),
        asked={"body": ["Words"]},
        in_background=False,
    )

    before = browser_of(alice).get(page("progress_json", received)).json()
    run_import(received.pk)
    after = browser_of(alice).get(page("progress_json", received)).json()

    assert (before["done"], before["total"], before["over"]) == (0, 3, False)
    assert after["words"] == "3 of 3 rows"
    assert after["over"] is True


def test_the_rejects_are_downloaded_as_csv(browser_of, alice, received):
    importing.start(
        batch=received,
        now=timezone.now(),
        asked={"body": ["Words"]},
        in_background=False,
    )
    run_import(received.pk)

    answer = browser_of(alice).get(page("rejects", received))

    assert answer["Content-Disposition"].startswith("attachment")
    assert b"".join(answer.streaming_content).decode().splitlines() == [
        "row,column,reason",
        "4,body,no text: title and body are blank",
    ]
