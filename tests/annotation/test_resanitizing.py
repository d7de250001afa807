"""Stored records follow what the project knows, with their raw text and without."""

from __future__ import annotations

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from annotation.domain.sanitize import RULESET, value_hash
from annotation.models import (
    KnownSecret,
    Leak,
    MissedValue,
    Project,
    Record,
    Sanitization,
    SanitizingEvent,
)
from annotation.services import dictionary, knowledge, queueing, resanitizing
from annotation.services.unreadable import RawUnreadable
from annotation.services.vault import keyring_of
from annotation.tasks import resanitizing as tasks
from tests.annotation.reviewing_texts import (
    HELD_BODY,
    WIRE,
    add,
    drop_raw,
    sanitization,
)
from tests.factories import ReviewerFactory, ReviewFactory, VerdictFactory

pytestmark = pytest.mark.django_db
VALUE = "fritzbox42"
TICKET = {
    "title": f"Login {VALUE} rejected",
    "body": f"Router 9.9.12.4 said no to {VALUE}, ask a.b@example.org",
    "resolution": f"{VALUE} was old",
    "thread": [{"text": f"tried {VALUE} again from 9.9.12.5"}],
    "site": "Hall 9.9.12.6",
    "attributes": {"note": f"uses {VALUE} on 9.9.12.7"},
}


def learn(project: Project, user, value: str = VALUE, kind: str = "cred") -> None:
    """Teach the project a missed value, and nothing else."""
    MissedValue.objects.create(
        project=project,
        value_hmac=value_hash(keyring_of(project.key_id), value),
        span_type=kind,
        reported_by=user,
    )
    knowledge.bump(project)


def unlearn(project: Project) -> None:
    MissedValue.objects.update(withdrawn_at=timezone.now())
    knowledge.bump(project)


def texts(record: Record) -> list:
    record.refresh_from_db()
    names = ("title", "body", "resolution", "thread", "site", "attributes")
    return [getattr(record, name) for name in names]


def rows() -> list:
    """All that sanitizing again may write."""
    tables = (Record, Leak, SanitizingEvent, KnownSecret)
    return [list(table.objects.order_by("pk").values()) for table in tables]


@pytest.mark.parametrize("raw", ["kept", "gone"])
def test_a_value_learned_later_is_replaced_in_every_text(project, alice, raw):
    record = add(project, **TICKET)
    before = texts(record)
    if raw == "gone":
        drop_raw(record)
    learn(project, alice)

    resanitizing.run_to_end(project=project)

    after = texts(record)
    assert VALUE not in str(after)
    (token,) = {leak.token for leak in Leak.objects.all()}
    # Nothing but the value has changed: addresses are not mapped a second time.
    assert str(after) == str(before).replace(VALUE, token)
    made = sanitization(record)
    assert (made.ruleset, made.knowledge) == (RULESET, project.knowledge_version)
    for start, end, *_ in made.spans["body"]:
        assert record.body[start:end] in after[1]
    assert KnownSecret.objects.filter(project=project, token=token).exists()


def test_the_fingerprint_follows_the_text(project, alice):
    record = add(project, **TICKET)
    learn(project, alice)

    resanitizing.run_to_end(project=project)
    again = add(project, **TICKET, external_id="B")

    # The same ticket, sanitized under the new knowledge, is known as a copy.
    assert again is None
    assert Record.objects.get() == record


@pytest.mark.parametrize(
    ("teach", "cause"),
    [
        (lambda p, u: learn(p, u), Leak.Cause.MISSED),
        (
            lambda p, u: dictionary.add_terms(
                project=p, kind="hostname", names=[VALUE], by=u
            ),
            Leak.Cause.DICTIONARY,
        ),
    ],
)
def test_a_leak_names_its_cause_once_a_record(project, alice, teach, cause):
    record = add(project, **TICKET)
    teach(project, alice)

    resanitizing.run_to_end(project=project)

    leak = Leak.objects.get()
    assert (leak.record, leak.cause) == (record, cause)
    assert leak.token in record.__class__.objects.get().body
    assert (leak.ruleset_before, leak.ruleset_after) == (RULESET, RULESET)
    event = SanitizingEvent.objects.get()
    assert (event.kind, event.by) == (SanitizingEvent.Kind.RESANITIZED, None)
    assert event.reason == "1 value newly replaced"


def test_a_held_record_that_comes_clean_is_opened(project, alice):
    record = add(project, body=HELD_BODY)
    assert record.state == Record.State.HELD
    learn(project, alice, WIRE)

    resanitizing.run_to_end(project=project)

    record.refresh_from_db()
    made = sanitization(record)
    assert record.state == Record.State.OPEN
    assert record.body.startswith("password rotated")
    assert WIRE not in record.body
    assert len(record.fingerprint) == 64
    assert made.state == Sanitization.State.CLEAN
    assert made.expires_at > timezone.now()
    assert not Leak.objects.exists()


@pytest.mark.parametrize("raw", ["kept", "gone"])
def test_a_held_record_stays_held_while_nothing_explains_its_secret(
    project, alice, raw
):
    record = add(project, body=HELD_BODY)
    reason = sanitization(record).reason
    if raw == "gone":
        drop_raw(record)
    learn(project, alice)

    resanitizing.run_to_end(project=project)

    record.refresh_from_db()
    made = sanitization(record)
    assert (record.state, record.body) == (Record.State.HELD, "")
    assert (made.state, made.reason) == (Sanitization.State.HELD, reason)
    assert made.knowledge == project.knowledge_version
    assert not SanitizingEvent.objects.exists()


def test_an_unread_record_that_would_be_held_now_is_held(
    project, alice, bob, reviewer_of
):
    learn(project, alice, WIRE)
    record = add(project, body=HELD_BODY)
    seat = queueing.claim_next(
        project=project, reviewer=reviewer_of(bob), now=timezone.now()
    )
    assert seat.record == record
    unlearn(project)

    resanitizing.run_to_end(project=project)

    record.refresh_from_db()
    made = sanitization(record)
    assert (record.state, record.body, record.title) == ("HELD", "", "")
    assert (made.state, made.expires_at) == (Sanitization.State.HELD, None)
    assert made.raw_ciphertext
    seat.refresh_from_db()
    assert seat.state == "RELEASED"


@pytest.mark.parametrize("worked", ["reviewed", "settled", "raw gone"])
def test_a_record_with_work_in_it_keeps_its_text_without_the_value(
    project, alice, worked
):
    learn(project, alice, WIRE)
    record = add(project, body=HELD_BODY)
    if worked == "reviewed":
        ReviewFactory(record=record, reviewer=ReviewerFactory())
    elif worked == "settled":
        VerdictFactory(record=record)
    else:
        drop_raw(record)
    unlearn(project)

    resanitizing.run_to_end(project=project)

    record.refresh_from_db()
    made = sanitization(record)
    assert record.state == Record.State.OPEN
    assert record.body.count("ZCRED_") == 2
    assert WIRE not in record.body
    if worked != "raw gone":
        assert [wire[2] for wire in made.tripwires["body"]] == [
            "unexplained-secret"
        ] * 2


def test_what_people_wrote_about_a_record_is_cleaned_as_well(project, alice):
    record = add(project, body="Port is down")
    review = ReviewFactory(
        record=record, response=f"Reset {VALUE} on 9.9.12.4", reason=f"saw {VALUE}"
    )
    verdict = VerdictFactory(record=record, reason=f"because of {VALUE}")
    learn(project, alice)

    resanitizing.run_to_end(project=project)

    review.refresh_from_db()
    verdict.refresh_from_db()
    (leak,) = Leak.objects.all()
    # The address in an answer is a pseudonym already.
    assert review.response == f"Reset {leak.token} on 9.9.12.4"
    assert VALUE not in review.reason + verdict.reason


def test_sanitizing_twice_changes_nothing(project, alice):
    for raw in ("kept", "gone"):
        record = add(project, **{**TICKET, "title": f"{raw} {VALUE}"})
        ReviewFactory(record=record, response=f"{VALUE} at 9.9.12.4")
        if raw == "gone":
            drop_raw(record)
    add(project, body=HELD_BODY)
    learn(project, alice)
    resanitizing.run_to_end(project=project)
    before = rows()

    assert resanitizing.run_to_end(project=project) == 0
    # Even where everything counts as outdated once more.
    Sanitization.objects.update(knowledge=0)
    assert resanitizing.run_to_end(project=project) == 3

    assert rows() == before


def test_a_confirmed_record_stays_confirmed_unless_something_new_is_found(
    project, alice
):
    quiet, loud = add(project, body="Port is down"), add(project, **TICKET)
    Sanitization.objects.update(state="APPROVED")
    learn(project, alice)

    resanitizing.run_to_end(project=project)

    assert sanitization(quiet).state == "APPROVED"
    assert sanitization(loud).state == "CLEAN"


def test_work_broken_off_between_records_goes_on_where_it_stopped(project, alice):
    records = [add(project, title=f"{n}", body=f"{VALUE} {n}") for n in range(5)]
    learn(project, alice)

    done = [resanitizing.run(project_id=project.pk, seconds=0) for _ in range(2)]
    left = Sanitization.objects.outdated(project).count()
    resanitizing.run_to_end(project=project)

    assert (done, left) == ([1, 1], 3)
    assert Leak.objects.count() == len(records)
    assert not Record.objects.filter(body__contains=VALUE).exists()


def test_the_task_queues_itself_until_all_is_up_to_date(
    project, alice, monkeypatch, django_capture_on_commit_callbacks
):
    for n in range(2):
        add(project, title=f"{n}", body=f"{VALUE} {n}")
    learn(project, alice)

    def work(seconds: float) -> int:
        monkeypatch.setattr(tasks, "WORK_SECONDS", seconds)
        with django_capture_on_commit_callbacks(execute=True):
            return tasks.resanitize(project.pk)

    assert (work(0), OrmQ.objects.count()) == (1, 1)
    queued = OrmQ.objects.get().task
    assert (queued["func"], queued["args"]) == (resanitizing.TASK, (project.pk,))
    assert (work(6), OrmQ.objects.count()) == (1, 1)
    assert (work(6), OrmQ.objects.count()) == (0, 1)


def test_the_sweep_finds_projects_that_are_behind(
    project, alice, django_capture_on_commit_callbacks
):
    add(project, **TICKET)
    assert tasks.resanitize_outdated() == 0
    learn(project, alice)

    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.resanitize_outdated() == 1

    assert OrmQ.objects.count() == 1


def test_an_older_ruleset_is_outdated_and_another_key_is_left_alone(project):
    record = add(project, **TICKET)
    Sanitization.objects.update(ruleset="0.9")
    assert list(Sanitization.objects.outdated(project)) == [sanitization(record)]

    Sanitization.objects.update(key_id="elsewhere")

    assert not Sanitization.objects.outdated(project).exists()


def test_an_unreadable_blob_falls_back_to_the_stored_text(project, alice):
    record = add(project, **TICKET)
    Sanitization.objects.update(raw_ciphertext=b"0" * 60)
    other = add(project, body=f"see {VALUE}")
    learn(project, alice)

    with pytest.raises(RawUnreadable):
        resanitizing.run_to_end(project=project)

    assert VALUE not in str(texts(record)) + str(texts(other))
    # It is not taken for up to date: with its raw text it would be cleaned as a whole.
    assert list(Sanitization.objects.outdated(project)) == [sanitization(record)]


def test_raw_text_that_does_not_open_makes_the_task_fail_but_not_stop(
    project, alice, monkeypatch, django_capture_on_commit_callbacks
):
    records = [add(project, title=f"{n}", body=f"{VALUE} {n}") for n in range(3)]
    broken = Sanitization.objects.filter(record__in=records[:2])
    broken.update(raw_ciphertext=b"0" * 60)
    learn(project, alice)
    monkeypatch.setattr(resanitizing, "_LOOKED_UP", 1)

    with pytest.raises(RawUnreadable) as refusal:
        tasks.resanitize(project.pk)

    assert "2 records" in refusal.value.message
    assert sanitization(records[2]).knowledge == project.knowledge_version
    # When its time is over, the stored text is all there is.
    broken.update(expires_at=timezone.now())
    tasks.resanitize(project.pk)
    assert not Sanitization.objects.outdated(project).exists()


def test_expired_raw_text_is_not_used_before_the_purge_comes(project, alice):
    learn(project, alice, WIRE)
    record = add(project, body=f"box {WIRE} fails")
    Sanitization.objects.update(expires_at=timezone.now())
    unlearn(project)

    resanitizing.run_to_end(project=project)

    assert WIRE not in str(texts(record))


def test_places_that_do_not_fit_the_text_do_not_keep_the_value(project, alice):
    record = add(project, **TICKET)
    drop_raw(record)
    Record.objects.update(body=f"edited by hand: {VALUE}")
    learn(project, alice)

    resanitizing.run_to_end(project=project)

    assert VALUE not in str(texts(record))
