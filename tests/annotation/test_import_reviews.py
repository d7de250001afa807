"""Reviews from files: append-only, repeatable, sanitized, settled."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from annotation.models import Review, Reviewer, Verdict
from annotation.services.review_import import ReviewFile, ReviewImport, import_reviews
from netft_site.base.refusals import Refused
from tests.factories import RecordFactory, ReviewerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def records(project):
    return [RecordFactory(project=project, external_id=f"T{n}") for n in range(3)]


def run(project, content: str, reviewer: str = "", **how) -> ReviewImport:
    file = ReviewFile(io.BytesIO(content.encode()), "reviews.csv", reviewer=reviewer)
    how.setdefault("create_reviewers", True)
    return import_reviews(project=project, file=file, now=timezone.now(), **how)


def test_reviews_are_stored_and_settle_their_records(project, records):
    content = (
        "external_id,reviewer,severity,grade,confidence,submitted_at\n"
        "T0,Bob Stone,high,SENIOR,4,2024-01-31 10:00\n"
        "T0,carol,High,JUNIOR,,\n"
        "T1,Bob Stone,low,SENIOR,,\n"
    )

    done = run(project, content)

    assert (done.imported, done.rejected, done.reviewers_created) == (3, 0, 2)
    assert done.settled.settled == 1
    verdict = Verdict.objects.get()
    assert (verdict.record, verdict.severity, verdict.grade) == (
        records[0],
        "high",
        "SENIOR",
    )
    review = Review.objects.get(reviewer__name="Bob Stone", record=records[0])
    assert (review.source, review.confidence, review.grade) == ("IMPORT", 4, "SENIOR")
    assert review.submitted_at.isoformat() == "2024-01-31T10:00:00+00:00"


def test_a_reviewer_made_by_an_import_cannot_sign_in(project, records, client):
    run(project, "external_id,reviewer,severity\nT0,Bob Stone,high\n")

    user = User.objects.get(username="bob-stone")
    assert not user.is_active
    assert not user.has_usable_password()
    assert not user.is_staff
    assert user.memberships.get().role == "REVIEWER"


def test_the_same_file_again_adds_nothing(project, records):
    content = "external_id,reviewer,severity\nT0,bob,high\nT1,bob,low\nT1,bob,high\n"

    first = run(project, content)
    second = run(project, content)

    assert (first.imported, first.rejected) == (2, 1)
    assert (second.imported, second.duplicate, second.rejected) == (0, 2, 1)
    assert Review.objects.count() == 2


def test_a_changed_answer_supersedes_and_the_old_one_stays(project, records):
    run(project, "external_id,reviewer,severity\nT0,bob,high\n")

    done = run(project, "external_id,reviewer,severity\nT0,bob,low\n")

    assert (done.imported, done.superseded) == (1, 1)
    assert list(Review.objects.values_list("severity", "is_current")) == [
        ("high", False),
        ("low", True),
    ]


def test_a_source_is_no_person_and_settles_nothing(project, records):
    content = "external_id,severity\nT0,high\nT1,low\n"

    done = run(project, content, reviewer="itsm", as_source=True)

    source = Reviewer.objects.get()
    assert (source.kind, source.user, source.name) == ("SOURCE", None, "itsm")
    assert done.settled.settled == 0
    assert not Verdict.objects.exists()


def test_a_known_reviewer_is_found_by_any_of_their_names(project, records, bob):
    bob.email = "bob@example.org"
    bob.save()
    content = "external_id,reviewer,severity\nT0,BOB@example.org,high\nT1,Bob,low\n"

    done = run(project, content, create_reviewers=False)

    assert (done.imported, done.reviewers_created) == (2, 0)
    assert set(Review.objects.values_list("reviewer__user", flat=True)) == {bob.pk}


def test_bad_rows_are_rejected_with_reason_and_without_their_text(project, records):
    content = (
        "external_id,reviewer,severity,grade,confidence\n"
        "T0,bob,high,,\n"
        "nowhere,bob,high,,\n"
        "T1,bob,canary-level,,\n"
        "T1,bob,high,BOSS,\n"
        "T1,bob,high,,9\n"
        "T1,,high,,\n"
    )

    done = run(project, content)

    assert (done.rows, done.imported, done.rejected) == (6, 1, 5)
    text = Path(done.rejects_path).read_text()
    rejected = list(csv.DictReader(io.StringIO(text)))
    assert [(row["row"], row["column"]) for row in rejected] == [
        ("3", "external_id"),
        ("4", "severity"),
        ("5", "grade"),
        ("6", "confidence"),
        ("7", "reviewer"),
    ]
    assert "canary" not in text


def test_unknown_reviewers_are_rejected_unless_they_may_be_made(project, records):
    content = "external_id,reviewer,severity\nT0,bob,high\n"

    done = run(project, content, create_reviewers=False)

    assert (done.imported, done.rejected) == (0, 1)
    assert not Reviewer.objects.exists()


def test_an_ideal_answer_is_sanitized_and_one_that_is_held_rejects_its_row(
    project, records
):
    content = (
        "external_id,reviewer,severity,response\n"
        "T0,bob,high,set password cisco4711 again\n"
        "T1,bob,high,broken \ufffd bytes\n"
    )

    done = run(project, content)

    assert (done.imported, done.rejected) == (1, 1)
    assert "cisco4711" not in Review.objects.get().response


def test_root_causes_are_those_of_the_project(project, records):
    project.root_causes = ["bad_optic"]
    project.save()
    content = (
        "external_id,reviewer,severity,root_cause\n"
        "T0,bob,high,bad_optic\n"
        "T1,bob,high,gremlins\n"
    )

    done = run(project, content)

    assert (done.imported, done.rejected) == (1, 1)


def test_a_file_without_a_needed_column_is_refused(project, records):
    with pytest.raises(Refused) as caught:
        run(project, "external_id,reviewer,colour\nT0,bob,red\n")

    assert caught.value.code == "missing_column"
    assert "colour" in caught.value.message


def test_a_person_and_a_source_never_share_a_name(project, records):
    ReviewerFactory(name="itsm", source=True)

    done = run(project, "external_id,reviewer,severity\nT0,itsm,high\n")

    assert (done.imported, done.rejected) == (0, 1)


def test_an_answer_after_a_re_review_began_counts_in_the_new_round(
    project, tmp_path, bob
):
    record = RecordFactory(project=project, external_id="T1", round=2)
    path = tmp_path / "reviews.csv"
    path.write_text("external_id,reviewer,severity\nT1,bob,high\n")

    call_command("import_reviews", str(path), project="noc", stdout=io.StringIO())

    assert record.reviews.get().round == 2
