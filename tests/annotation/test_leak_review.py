"""What people decide about sanitized text, and that no plaintext stays behind."""

from __future__ import annotations

import json
import re

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_q.models import OrmQ

from annotation.models import (
    FalseAlarm,
    KnownSecret,
    Leak,
    MissedValue,
    Project,
    Record,
    Sanitization,
    SanitizingEvent,
    Term,
)
from annotation.services import false_alarms, leak_review, resanitizing
from annotation.services.missed_values import MissedRefused
from annotation.services.review_acts import ReviewRefused
from annotation.tasks.resanitizing import resanitize
from netft_site.base.refusals import Refused
from tests.annotation.imports import held_text
from tests.annotation.reviewing_texts import (
    HELD_BODY,
    WIRE,
    add,
    alarm_form,
    drop_raw,
    sanitization,
    second_lead,
    seen,
    select,
    version,
)
from tests.factories import RecordFactory

pytestmark = pytest.mark.django_db
VALUE = "fritzbox42"
SECRET_LINE = "enable secret hunter22X on 9.9.12.4 ok"
WHY = "it is the name of a product"


def kinds(record: Record) -> list[str]:
    events = SanitizingEvent.objects.filter(record=record).order_by("pk")
    return list(events.values_list("kind", flat=True))


def missed(record: Record, value: str, by, span_type: str = "cred", **where) -> int:
    place = {**select(record, value), **where}
    return leak_review.report_missed(record=record, **place, span_type=span_type, by=by)


def alarm_on(
    record: Record, by, index: int = 0, reason: str = WHY, shown=None
) -> FalseAlarm:
    return false_alarms.report(
        record=record, seen=shown or seen(record, index), reason=reason, by=by
    )


def test_a_confirmed_record_names_who_read_it(project, alice):
    record = add(project, body=SECRET_LINE)

    leak_review.confirm(record=record, version=version(record), by=alice)

    assert sanitization(record).state == Sanitization.State.APPROVED
    event = SanitizingEvent.objects.get()
    assert (event.kind, event.by) == (SanitizingEvent.Kind.CONFIRMED, alice)


def test_a_held_record_is_not_confirmed(project, alice):
    record = add(project, body=HELD_BODY)

    with pytest.raises(ReviewRefused) as refusal:
        leak_review.confirm(record=record, version=version(record), by=alice)

    assert refusal.value.code == "held"


def test_a_missed_secret_goes_here_at_once_and_elsewhere_by_the_task(
    project, alice, django_capture_on_commit_callbacks
):
    here = add(project, body=f"box ({VALUE}), see x={VALUE}&y=1")
    there = add(project, body=f"tried {VALUE}.", resolution=VALUE)

    with django_capture_on_commit_callbacks(execute=True):
        replaced = missed(here, VALUE, alice)

    here.refresh_from_db()
    assert replaced == 2
    assert VALUE not in here.body
    assert "see x=ZCRED_" in here.body
    assert OrmQ.objects.get().task["args"] == (project.pk,)
    resanitize(project.pk)
    there.refresh_from_db()
    assert VALUE not in there.body + there.resolution
    assert kinds(here) == ["RESANITIZED", "MISSED"]
    assert set(Leak.objects.values_list("cause", flat=True)) == {"MISSED"}


def test_the_next_import_knows_the_value_too(project, alice):
    missed(add(project, body=f"say {VALUE}"), VALUE, alice)

    assert VALUE not in add(project, body=f"again {VALUE} fails").body


@pytest.mark.parametrize(
    ("span_type", "value", "token"),
    [
        ("customer", "Globex Corp", "ZCUST_"),
        ("person", "Jo Nesbitt", "ZNAME_"),
        ("user", "jnesbitt", "ZUSER_"),
        ("hostname", "ber-core-x1", "ZHOST_"),
    ],
)
def test_a_missed_name_is_sealed_in_the_dictionary(
    project, alice, span_type, value, token
):
    record = add(project, body=f"Call {value} about the line")

    missed(record, value, alice, span_type)

    record.refresh_from_db()
    assert token in record.body
    term = Term.objects.get()
    assert term.added_by == alice
    assert value.encode() not in bytes(term.ciphertext)
    assert not MissedValue.objects.exists()
    assert Leak.objects.get().cause == Leak.Cause.DICTIONARY


def test_reporting_the_same_value_twice_keeps_one_row(project, alice):
    first, second = (add(project, body=f"{n} {VALUE}") for n in range(2))
    missed(first, VALUE, alice)
    missed(second, VALUE, alice)

    assert MissedValue.objects.count() == 1
    second.refresh_from_db()
    assert VALUE not in second.body


@pytest.mark.parametrize(
    ("body", "value", "code"),
    [
        ("words and words", "   ", "nothing_selected"),
        ("it is abc here", "abc", "too_short"),
        ("a1 b2 c3 d4 e5 f6", "a1 b2 c3 d4 e5", "too_many_words"),
        (f"x {'9k' * 101} y", "9k" * 101, "too_long"),
        ("use Passwort77x now", "wort77", "not_a_word"),
        ("first l1ne\nsecond l2ne", "l1ne\nsecond", "not_a_word"),
    ],
)
def test_a_selection_that_would_do_harm_or_nothing_is_refused(
    project, alice, body, value, code
):
    record = RecordFactory(project=project, body=body.replace("words", "  ", 1))
    Sanitization.objects.create(
        record=record, ruleset="1.0", key_id=project.key_id, raw_hmac="0"
    )

    with pytest.raises(MissedRefused) as refusal:
        missed(record, value, alice)

    assert refusal.value.code == code
    assert value.strip() not in refusal.value.message or not value.strip()
    assert not MissedValue.objects.exists()
    assert Project.objects.get(pk=project.pk).knowledge_version == 0


@pytest.mark.parametrize(("low", "high"), [(-3, 6), (0, 0), (4, 40), (-3, 0)])
def test_a_selection_that_touches_a_pseudonym_is_refused(project, alice, low, high):
    record = add(project, body="the enable secret hunter22X failed again")
    start = record.body.index("ZCRED_")
    end = start + len("ZCRED_") + 13

    with pytest.raises(MissedRefused) as refusal:
        leak_review.report_missed(
            record=record, field="body", span_type="cred", by=alice,
            start=start + low, end=min(len(record.body), end + high),
        )  # fmt: skip

    assert refusal.value.code in {"inside_token", "too_many_words"}


def test_an_ordinary_word_of_many_tickets_is_refused(project, alice):
    records = [add(project, body=f"switch {n} is broken") for n in range(4)]

    with pytest.raises(MissedRefused) as refusal:
        missed(records[0], "switch", alice)

    assert refusal.value.code == "too_common"
    # The same word is taken where hardly a ticket knows it.
    rare = add(project, body="she said zwiebelkuchen twice")
    missed(rare, "zwiebelkuchen", alice)
    rare.refresh_from_db()
    assert "zwiebelkuchen" not in rare.body


def test_a_text_or_type_that_does_not_exist_is_refused(project, alice):
    record = add(project, body=f"say {VALUE}")

    for change in ({"field": "thread.7"}, {"span_type": "pem"}):
        with pytest.raises(Refused):
            leak_review.report_missed(
                **{
                    "record": record, **select(record, VALUE), "span_type": "cred",
                    "by": alice, **change,
                }
            )  # fmt: skip


def test_a_false_alarm_about_an_address_stands_at_once_in_its_line_only(project, alice):
    record = add(project, body="box 9.9.12.4 fails\nhost 9.9.12.4 is down")

    alarm = alarm_on(record, alice)

    record.refresh_from_db()
    assert alarm.state == FalseAlarm.State.APPROVED
    assert record.body.splitlines()[0] == "box 9.9.12.4 fails"
    assert "9.9.12.4" not in record.body.splitlines()[1]
    resanitizing.run_to_end(project=project)
    assert not Leak.objects.exists()


def test_a_credential_waits_for_a_second_person(project, alice):
    record = add(project, body=SECRET_LINE)
    bea = second_lead(project)

    alarm = alarm_on(record, alice)
    record.refresh_from_db()
    assert alarm.state == FalseAlarm.State.ASKED
    assert "hunter22X" not in record.body
    with pytest.raises(ReviewRefused) as refusal:
        false_alarms.decide(alarm=alarm, approve=True, by=alice)
    false_alarms.decide(alarm=alarm, approve=True, by=bea)

    record.refresh_from_db()
    assert refusal.value.code == "own_alarm"
    # The address of the same line is replaced as before.
    assert re.match(r"enable secret hunter22X on \d+\.\d+\.\d+\.\d+ ok", record.body)
    assert "9.9.12.4" not in record.body
    assert kinds(record) == ["ALARM_ASKED", "RESANITIZED", "ALARM_APPROVED"]
    assert not KnownSecret.objects.filter(token=alarm.token).exists()


def test_an_approved_false_alarm_is_never_taken_for_a_leak(project, alice):
    """The search of the gaps sees another line than the raw one, and finds it again."""
    record = add(project, body=SECRET_LINE)
    alarm = alarm_on(record, alice)
    false_alarms.decide(alarm=alarm, approve=True, by=second_lead(project))
    record.refresh_from_db()
    before = record.body
    Sanitization.objects.update(knowledge=0)

    resanitizing.run_to_end(project=project)

    record.refresh_from_db()
    assert record.body == before
    assert not Leak.objects.exists()


def test_the_database_itself_refuses_one_persons_word_on_a_credential(project, alice):
    alarm = alarm_on(add(project, body=SECRET_LINE), alice)

    with pytest.raises(IntegrityError), transaction.atomic():
        FalseAlarm.objects.filter(pk=alarm.pk).update(
            state="APPROVED", decided_by=alice
        )


def test_a_refused_alarm_may_be_reported_again_but_not_decided_again(project, alice):
    record = add(project, body=SECRET_LINE)
    bea = second_lead(project)
    alarm = alarm_on(record, alice)
    with pytest.raises(ReviewRefused) as twice:
        alarm_on(record, bea)

    false_alarms.decide(alarm=alarm, approve=False, by=bea)
    with pytest.raises(ReviewRefused) as decided:
        false_alarms.decide(alarm=alarm, approve=True, by=bea)
    again = alarm_on(record, bea)

    assert (twice.value.code, decided.value.code) == ("asked_before", "decided")
    assert again.state == FalseAlarm.State.ASKED
    record.refresh_from_db()
    assert "hunter22X" not in record.body


def test_without_raw_text_there_is_no_false_alarm_and_no_reveal(project, alice):
    record = add(project, body=SECRET_LINE)
    waiting = alarm_on(record, alice)
    drop_raw(record)

    attempts = [
        lambda: alarm_on(record, alice, index=1),
        lambda: false_alarms.decide(
            alarm=waiting, approve=True, by=second_lead(project)
        ),
        lambda: leak_review.reveal(record=record, by=alice, reason=WHY),
    ]
    for attempt in attempts:
        with pytest.raises(ReviewRefused) as refusal:
            attempt()
        assert refusal.value.code == "raw_gone"
    assert "REVEALED" not in kinds(record)


def test_a_replacement_that_is_not_there_is_refused(project, alice):
    record = add(project, body=SECRET_LINE)

    with pytest.raises(ReviewRefused) as refusal:
        alarm_on(record, alice, shown=seen(record)._replace(number=9))

    assert refusal.value.code == "no_such_span"


def test_release_replaces_what_the_text_was_held_for_unread(project, alice):
    record = add(project, body=HELD_BODY, resolution=f"bare {WIRE} here")

    leak_review.release(record=record, by=alice, reason="needed for labeling")

    record.refresh_from_db()
    made = sanitization(record)
    assert record.state == Record.State.OPEN
    assert WIRE not in record.body + record.resolution
    assert {place[3] for place in made.spans["body"]} == {"tripwire"}
    assert made.tripwires["body"]
    assert made.expires_at > timezone.now()
    assert kinds(record) == ["RESANITIZED", "RELEASED"]


def test_a_released_record_is_not_held_again_by_later_knowledge(project, alice):
    record = add(project, body=HELD_BODY)
    leak_review.release(record=record, by=alice, reason="needed for labeling")
    other = add(project, body=f"say {VALUE}")
    missed(other, VALUE, alice)

    resanitizing.run_to_end(project=project)

    record.refresh_from_db()
    assert record.state == Record.State.OPEN
    assert WIRE not in record.body


def test_what_cannot_be_read_stays_held_and_says_why(project, alice):
    record = add(project, body=held_text())

    with pytest.raises(ReviewRefused) as refusal:
        leak_review.release(record=record, by=alice, reason="needed for labeling")

    record.refresh_from_db()
    assert refusal.value.code == "stays_held"
    assert "undecodable content" in refusal.value.message
    assert (record.state, record.body) == (Record.State.HELD, "")
    assert kinds(record) == []


def test_reveal_needs_the_right_a_reason_and_leaves_a_trace_first(
    project, alice, bob, grace
):
    record = add(project, body=SECRET_LINE, thread=[{"text": "an update"}])

    for user in (bob, grace):
        with pytest.raises(ReviewRefused) as refusal:
            leak_review.reveal(record=record, by=user, reason=WHY)
        assert refusal.value.code == "not_allowed"
    with pytest.raises(ReviewRefused) as short:
        leak_review.reveal(record=record, by=alice, reason="  because  ")
    assert (short.value.code, kinds(record)) == ("reason_too_short", [])

    texts = dict(leak_review.reveal(record=record, by=alice, reason=WHY))

    assert (texts["body"], texts["thread.0"]) == (SECRET_LINE, "an update")
    event = SanitizingEvent.objects.get()
    assert (event.kind, event.by, event.reason) == ("REVEALED", alice, WHY)


def test_a_superuser_may_reveal(project, django_user_model):
    root = django_user_model.objects.create_superuser("root")
    record = add(project, body=SECRET_LINE)

    assert leak_review.reveal(record=record, by=root, reason=WHY)


def test_a_reason_is_sanitized_before_it_is_kept(project, alice):
    record = add(project, body=SECRET_LINE)

    alarm = alarm_on(record, alice, reason="the password is hunter22X, not secret")

    assert "hunter22X" not in alarm.reason
    assert "hunter22X" not in SanitizingEvent.objects.get().reason


def everything_stored() -> str:
    """Every column of every row, queued tasks unpacked."""
    found = []
    for model in apps.get_models():
        for row in model._default_manager.values():
            found.append(json.dumps(row, default=_readable))
    found += [json.dumps(queued.task, default=str) for queued in OrmQ.objects.all()]
    return "\n".join(found)


def _readable(value: object) -> str:
    raw = isinstance(value, bytes | memoryview)
    return bytes(value).decode("utf-8", "replace") if raw else str(value)


def test_no_row_and_no_task_holds_what_was_reviewed(
    project, alice, browser_of, django_capture_on_commit_callbacks
):
    record = add(project, body=f"{SECRET_LINE}\nlater {VALUE} by Jo Nesbitt")
    page = f"/admin/annotation/record/sanitizing/noc/{record.pk}/"
    browser = browser_of(alice)

    def send(**form: str) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            answer = browser.post(page, form)
        assert answer.status_code in {200, 302}

    send(action="reveal", reason=f"reading for {VALUE}")
    send(**alarm_form(record, reason="hunter22X is a product"))
    send(action="missed", text="Jo Nesbitt", span_type="person")
    send(action="missed", text=VALUE, span_type="cred")
    resanitizing.run_to_end(project=project)

    stored = everything_stored()
    assert "REVEALED" in stored
    assert "ALARM_ASKED" in stored
    assert stored.count('"kind": "MISSED"') == 2
    for value in (VALUE, "hunter22X", "Nesbitt", "9.9.12.4"):
        assert value.casefold() not in stored.casefold()


def test_a_reason_that_quotes_a_secret_of_another_record_is_stored_without_it(
    project, alice
):
    add(project, body="password: Tulpen9!feld")
    record = add(project, body="the uplink is down")

    reason = "need to see Tulpen9!feld there"
    leak_review.reveal(record=record, by=alice, reason=reason)

    assert "Tulpen9!feld" not in record.sanitizing_events.get().reason
