"""Near copies are found after an import, in chunks, and marked once."""

from __future__ import annotations

import shutil

import pytest
from django.utils import timezone

from annotation.domain import judging
from annotation.domain.sketches import sketch
from annotation.models import Record
from annotation.services import (
    dictionary,
    importing,
    marking,
    resanitizing,
    signatures,
)
from annotation.tasks import importing as tasks
from tests.factories import RecordFactory

pytestmark = pytest.mark.django_db

STORY = (
    "Uplink of the access switch on floor {} flaps every few minutes since the change "
    "window, users report slow access, we replaced the optic and moved the traffic to "
    "the backup path, no alarm in monitoring so far."
)

STORIES = (
    STORY,
    "Wireless clients of building {} lose their address after the controller failed "
    "over, the scope is not exhausted and the relay on the distribution switch logs "
    "nothing, rebooting one access point helped for an hour.",
    "Tunnel {} to the branch renegotiates every night when the provider changes the "
    "address, voice calls drop for a minute, both gateways run the same release and "
    "the lifetime of both proposals was set to the same value last week.",
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


@pytest.fixture
def small_steps(monkeypatch):
    """Steps that sign two records, compare one pair and write one mark."""
    monkeypatch.setattr(signatures, "SIGN_CHUNK", 2)
    monkeypatch.setattr(signatures, "STRETCH", 3)
    monkeypatch.setattr(marking, "COMPARE_CHARACTERS", 1)
    monkeypatch.setattr(judging, "_COMPARED_AT_ONCE", 1)
    monkeypatch.setattr(marking, "MARK_CHUNK", 1)


def test_the_task_takes_one_step_and_queues_the_next(
    project, copies, small_steps, django_capture_on_commit_callbacks
):
    changed, queued = [], []
    while not queued or queued[-1]:
        with django_capture_on_commit_callbacks() as callbacks:
            changed.append(tasks.mark_near_duplicates(project.pk))
        queued.append(len(callbacks))

    assert len(queued) > 3
    assert queued == [1] * (len(queued) - 1) + [0]
    assert changed == [0] * (len(changed) - 1) + [1]


def crowd(project, count: int = 12):
    """Copies of three stories, one of them quoted in every fourth ticket."""
    for number in range(count):
        story = STORIES[number % 3].format(number)
        quoted = f"Any news?\n> {story}" if number % 4 == 0 else story
        RecordFactory(project=project, title=f"Ticket {number}", body=quoted)


def test_small_steps_mark_what_one_go_marks(project, small_steps, monkeypatch):
    crowd(project)
    steps = 1
    while not marking.advance(project_id=project.pk).is_last:
        steps += 1
    in_steps = marks(project)

    monkeypatch.undo()
    Record.objects.update(near_duplicate_of=None)
    shutil.rmtree(signatures.folder(project.pk))
    changed = marking.mark_near_duplicates(project_id=project.pk)

    assert marks(project) == in_steps
    assert changed == 9
    assert steps > 15


def test_a_kill_between_two_files_changes_nothing(project, small_steps):
    """Whichever of the files a kill left unwritten, the next step goes on."""
    crowd(project)
    marking.mark_near_duplicates(project_id=project.pk)
    expected = marks(project)

    for path in sorted(signatures.folder(project.pk).iterdir()):
        content = path.read_bytes()
        path.unlink()
        marking.mark_near_duplicates(project_id=project.pk)
        assert marks(project) == expected
        assert path.read_bytes()[:2] == content[:2]


def test_marks_that_were_lost_are_written_again(project, copies):
    marking.mark_near_duplicates(project_id=project.pk)
    Record.objects.update(near_duplicate_of=None)

    assert marking.mark_near_duplicates(project_id=project.pk) == 1


def test_marking_that_was_broken_off_is_still_to_do(project, copies, small_steps):
    marking.advance(project_id=project.pk)
    marking.advance(project_id=project.pk)

    assert marking.projects_to_mark() == [project.pk]
    marking.mark_near_duplicates(project_id=project.pk)
    assert marking.projects_to_mark() == []


def test_signatures_of_another_version_are_never_used(project, copies, monkeypatch):
    first, near, other = copies

    def sketch_all_alike(ids, texts):
        return sketch(ids, ["one text" for _ in texts])

    monkeypatch.setattr(signatures, "VERSION", "0.other")
    monkeypatch.setattr(signatures, "sketch", sketch_all_alike)
    marking.mark_near_duplicates(project_id=project.pk)
    old = signatures.folder(project.pk)
    assert marks(project)[other.pk] == first.pk
    monkeypatch.undo()

    assert marking.projects_to_mark() == [project.pk]
    marking.mark_near_duplicates(project_id=project.pk)

    assert marks(project)[other.pk] is None
    assert marks(project)[near.pk] == first.pk
    assert not old.exists()


def test_a_text_that_was_sanitized_again_is_compared_again(project, alice):
    """Two tickets that differ in names only are one story once those are known."""
    names = ["fritzbox42", "kirkwall-ap"]
    rows = [
        {
            "external_id": name,
            "body": " ".join(f"{name} lost path {n}" for n in range(9)),
        }
        for name in names
    ]
    importing.add(project=project, rows=rows, now=timezone.now())
    assert marking.mark_near_duplicates(project_id=project.pk) == 0
    assert marking.projects_to_mark() == []
    dictionary.add_terms(project=project, kind="hostname", names=names, by=alice)
    resanitizing.run_to_end(project=project)

    assert marking.projects_to_mark() == [project.pk]
    marking.mark_near_duplicates(project_id=project.pk)

    first, second = Record.objects.order_by("pk")
    assert second.near_duplicate_of == first


def test_a_changed_text_leaves_the_group_it_was_in(project, copies):
    first, *_ = copies
    marking.mark_near_duplicates(project_id=project.pk)
    Record.objects.filter(pk=first.pk).update(
        body="power supply of the core replaced", fingerprint="f" * 64
    )

    marking.mark_near_duplicates(project_id=project.pk)

    assert set(marks(project).values()) == {None}


def test_a_record_that_is_held_again_leaves_its_group(project, copies):
    _, near, _ = copies
    marking.mark_near_duplicates(project_id=project.pk)
    Record.objects.filter(pk=near.pk).update(state="HELD", title="", body="")

    assert marking.projects_to_mark() == [project.pk]
    assert marking.mark_near_duplicates(project_id=project.pk) == 1
    assert marks(project)[near.pk] is None


def test_a_text_that_is_not_the_signed_one_is_signed_again(project, copies):
    """Line breaks change no fingerprint, but they may change what is a quotation."""
    first, near, other = copies
    assert not signatures.sign(project.pk, signatures.texts_of(project.pk))
    Record.objects.filter(pk=near.pk).update(title=other.title, body=other.body)

    marking.mark_near_duplicates(project_id=project.pk)

    assert marks(project) | {first.pk: None, near.pk: None} == marks(project)
    assert marks(project)[other.pk] == near.pk


def test_records_of_other_projects_are_not_compared(project, copies):
    elsewhere = RecordFactory(title="Flap", body=STORY.format("two"))

    marking.mark_near_duplicates(project_id=project.pk)
    marking.mark_near_duplicates(project_id=elsewhere.project_id)

    assert marks(elsewhere.project) == {elsewhere.pk: None}
