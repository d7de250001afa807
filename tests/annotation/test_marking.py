"""Near copies are found after an import, in chunks, and marked once."""

from __future__ import annotations

import pytest

from annotation.models import Record
from annotation.services import marking
from annotation.tasks import importing as tasks
from tests.factories import RecordFactory

pytestmark = pytest.mark.django_db

STORY = (
    "Uplink of the access switch on floor {} flaps every few minutes since the change "
    "window, users report slow access, we replaced the optic and moved the traffic to "
    "the backup path, no alarm in monitoring so far."
)


@pytest.fixture
def copies(project):
    """Two near copies, a story of its own and a held record without text."""
    first = RecordFactory(project=project, title="Flap", body=STORY.format("two"))
    near = RecordFactory(project=project, title="Flap", body=STORY.format("ten"))
    other = RecordFactory(project=project, title="DHCP", body="scope nearly full")
    RecordFactory(project=project, state="HELD", title="", body="")
    return first, near, other


def marks(project) -> dict[int, int | None]:
    rows = Record.objects.of(project).values_list("pk", "near_duplicate_of_id")
    return dict(rows)


def test_a_near_copy_points_at_the_first_of_its_group(project, copies):
    first, near, other = copies

    changed = marking.mark_near_duplicates(project_id=project.pk)

    assert changed == 1
    assert marks(project)[near.pk] == first.pk
    assert marks(project)[first.pk] is None
    assert marks(project)[other.pk] is None


def test_marking_again_changes_nothing(project, copies):
    marking.mark_near_duplicates(project_id=project.pk)

    assert marking.mark_near_duplicates(project_id=project.pk) == 0


def test_a_later_copy_joins_the_group_it_belongs_to(project, copies):
    first, *_ = copies
    marking.mark_near_duplicates(project_id=project.pk)
    late = RecordFactory(project=project, title="Flap", body=STORY.format("six"))

    assert marking.projects_to_mark() == [project.pk]
    marking.mark_near_duplicates(project_id=project.pk)

    assert marks(project)[late.pk] == first.pk
    assert marking.projects_to_mark() == []


def test_signing_goes_in_chunks_and_marking_waits_for_all(
    project, copies, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(marking, "SIGN_CHUNK", 2)

    with django_capture_on_commit_callbacks() as queued:
        first_task = tasks.mark_near_duplicates(project.pk)
    second_task = tasks.mark_near_duplicates(project.pk)

    assert (first_task, second_task) == (0, 1)
    assert len(queued) == 1


def test_records_of_other_projects_are_not_compared(project, copies):
    elsewhere = RecordFactory(title="Flap", body=STORY.format("two"))

    marking.mark_near_duplicates(project_id=project.pk)
    marking.mark_near_duplicates(project_id=elsewhere.project_id)

    assert marks(elsewhere.project) == {elsewhere.pk: None}
