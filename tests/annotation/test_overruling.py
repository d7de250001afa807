"""Stale pages, false alarms that were wrong, and values that were wrongly reported."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import (
    FalseAlarm,
    KnownSecret,
    MissedValue,
    Record,
    Sanitization,
    SanitizingEvent,
)
from annotation.services import (
    false_alarms,
    leak_review,
    missed_values,
    missed_withdrawing,
    resanitizing,
    stored_texts,
)
from annotation.services.missed_values import MissedRefused
from annotation.services.review_acts import ReviewRefused
from tests.annotation.reviewing_texts import (
    add,
    drop_raw,
    second_lead,
    seen,
    select,
    version,
)

pytestmark = pytest.mark.django_db
VALUE = "fritzbox42"
SECRET_LINE = "enable secret hunter22X on 9.9.12.4 ok"
WHY = "it is the name of a product"


def missed(record: Record, value: str, by, span_type: str = "cred") -> int:
    record.refresh_from_db()
    return leak_review.report_missed(
        record=record, **select(record, value), span_type=span_type, by=by
    )


def alarm_on(record: Record, by, shown=None) -> FalseAlarm:
    return false_alarms.report(
        record=record, seen=shown or seen(record), reason=WHY, by=by
    )


def excuse(record: Record, by, second) -> FalseAlarm:
    alarm = alarm_on(record, by)
    if alarm.state == FalseAlarm.State.ASKED:
        false_alarms.decide(alarm=alarm, approve=True, by=second)
    return alarm


def body(record: Record) -> str:
    record.refresh_from_db()
    return record.body


def test_a_false_alarm_from_a_stale_page_unmasks_nothing(project, alice):
    record = add(project, body=f"{VALUE} then 9.9.12.4 fails")
    stale = seen(record)
    missed(record, VALUE, alice)
    before = body(record)

    with pytest.raises(ReviewRefused) as refusal:
        alarm_on(record, alice, shown=stale)

    assert refusal.value.code == "changed"
    assert body(record) == before
    assert not FalseAlarm.objects.exists()


@pytest.mark.parametrize("change", [{"start": 1}, {"token": "ZCRED_ABCDEFGHIJKLM"}])
def test_another_place_or_pseudonym_than_the_stored_one_is_refused(
    project, alice, change
):
    record = add(project, body=SECRET_LINE)

    with pytest.raises(ReviewRefused) as refusal:
        alarm_on(record, alice, shown=seen(record)._replace(**change))

    assert refusal.value.code == "changed"


@pytest.mark.parametrize("span_type", ["cred", "token", "customer"])
def test_a_value_reported_as_missed_overrides_its_false_alarm(
    project, alice, span_type
):
    record = add(project, body=SECRET_LINE)
    twin = add(project, body=SECRET_LINE, title="twin")
    alarm = excuse(record, alice, second_lead(project))
    resanitizing.run_to_end(project=project)
    assert "hunter22X" in body(record)
    assert "hunter22X" in body(twin)

    missed(record, "hunter22X", alice, span_type)
    resanitizing.run_to_end(project=project)

    alarm.refresh_from_db()
    assert "hunter22X" not in body(record) + body(twin)
    assert (alarm.state, alarm.decided_by) == (FalseAlarm.State.REFUSED, alice)
    events = SanitizingEvent.objects.filter(record=record, kind="ALARM_REFUSED")
    assert events.get().reason == "reported as missed"


def test_a_part_of_an_excused_address_goes_when_it_is_reported(project, alice):
    record = add(project, body="box 9.9.12.4 fails")
    excuse(record, alice, None)
    assert "9.9.12.4" in body(record)

    missed(record, "9.9.12.4", alice, "location")

    assert "9.9.12.4" not in body(record)
    assert not FalseAlarm.objects.approved().exists()


def test_a_false_alarm_on_a_reported_value_is_refused_not_called_done(project, alice):
    record = add(project, body=f"say {VALUE} now")
    missed(record, VALUE, alice)
    before = body(record)

    alarm = alarm_on(record, alice)
    with pytest.raises(ReviewRefused) as refusal:
        false_alarms.decide(alarm=alarm, approve=True, by=second_lead(project))

    alarm.refresh_from_db()
    assert refusal.value.code == "no_effect"
    assert (body(record), alarm.state) == (before, FalseAlarm.State.ASKED)


def test_a_value_that_would_stay_is_never_called_removed(project, alice):
    record = add(project, body=f"say {VALUE} now and {VALUE} then")
    text = record.body
    place = missed_values.Place(text, 4, 4 + len(VALUE), [])

    added = missed_values.add(record=record, place=place, span_type="cred", by=alice)

    # A token elsewhere in the text is not enough.
    assert missed_values.still_stands(added, place, text)
    assert missed_values.still_stands(
        added, place, f"say {VALUE} now and {added.token} then"
    )
    assert not missed_values.still_stands(added, place, text.replace(VALUE, "x"))


def test_a_value_reported_as_something_else_takes_the_new_type(project, alice):
    first = add(project, body=f"say {VALUE} now")
    second = add(project, body=f"tell {VALUE} so")
    missed(first, VALUE, alice, "phone")

    missed(second, VALUE, alice, "token")

    kept = MissedValue.objects.in_force().get()
    assert kept.span_type == "token"
    assert "ZTOK_" in body(second)
    assert MissedValue.objects.count() == 2


def test_a_capital_does_not_make_a_common_word_rare(project, alice):
    records = [add(project, title=f"Firewall {n} down", body="x") for n in range(4)]

    with pytest.raises(MissedRefused) as refusal:
        leak_review.report_missed(
            record=records[0], **select(records[0], "Firewall", "title"),
            span_type="cred", by=alice,
        )  # fmt: skip

    assert refusal.value.code == "too_common"


def test_a_withdrawn_value_stands_again_where_the_raw_text_is_kept(project, alice):
    kept, gone = add(project, body=f"say {VALUE}"), add(project, body=f"so {VALUE}")
    missed(kept, VALUE, alice)
    resanitizing.run_to_end(project=project)
    drop_raw(gone)
    row = MissedValue.objects.get()
    version_before = project.knowledge_version
    assert missed_withdrawing.records_with(row) == 2
    assert KnownSecret.objects.filter(token=missed_withdrawing.token_of(row)).exists()

    missed_withdrawing.withdraw(missed=row, by=second_lead(project), now=timezone.now())
    resanitizing.run_to_end(project=project)

    project.refresh_from_db()
    row.refresh_from_db()
    assert row.withdrawn_at is not None
    assert project.knowledge_version > version_before
    assert body(kept) == f"say {VALUE}"
    assert body(gone).startswith("so ZCRED_")
    assert missed_withdrawing.records_with(row) == 1
    # What is no secret does not stop an export, though a pseudonym stands for it yet.
    assert not KnownSecret.objects.exists()


def test_a_secret_that_a_rule_finds_as_well_stays_known(project, alice):
    record = add(project, body=f"say {VALUE}")
    add(project, body=f"enable secret {VALUE}")
    missed(record, VALUE, alice)
    token = missed_withdrawing.token_of(MissedValue.objects.get())

    missed_withdrawing.withdraw(
        missed=MissedValue.objects.get(), by=second_lead(project), now=timezone.now()
    )

    assert KnownSecret.objects.filter(token=token).exists()


def test_a_credential_is_not_withdrawn_by_who_reported_it(
    project, alice, django_user_model
):
    record = add(project, body=f"say {VALUE} to 5550123456x")
    missed(record, VALUE, alice)
    missed(record, "5550123456x", alice, "serial")
    secret, number = MissedValue.objects.order_by("pk")

    with pytest.raises(MissedRefused) as refusal:
        missed_withdrawing.withdraw(missed=secret, by=alice, now=timezone.now())
    missed_withdrawing.withdraw(missed=number, by=alice, now=timezone.now())

    assert refusal.value.code == "own_secret"
    assert list(MissedValue.objects.in_force()) == [secret]
    root = django_user_model.objects.create_superuser("root")
    missed_withdrawing.withdraw(missed=secret, by=root, now=timezone.now())
    missed_withdrawing.withdraw(missed=secret, by=alice, now=timezone.now())
    assert not MissedValue.objects.in_force().exists()


def test_expired_raw_text_is_gone_before_the_purge_comes(project, alice):
    record = add(project, body=SECRET_LINE)
    waiting = alarm_on(record, alice)
    Sanitization.objects.update(expires_at=timezone.now())

    attempts = [
        lambda: leak_review.reveal(record=record, by=alice, reason=WHY),
        lambda: alarm_on(record, alice, shown=seen(record, 1)),
        lambda: false_alarms.decide(
            alarm=waiting, approve=True, by=second_lead(project)
        ),
    ]
    for attempt in attempts:
        with pytest.raises(ReviewRefused) as refusal:
            attempt()
        assert refusal.value.code == "raw_gone"
        assert "expired" in refusal.value.message
    assert not SanitizingEvent.objects.filter(kind="REVEALED").exists()


def test_raw_text_is_kept_until_its_time_and_while_a_record_is_held(project):
    now = timezone.now()
    blob = b"x"

    def kept(**values) -> bool:
        return stored_texts.raw_is_kept(Sanitization(**values), now)

    assert kept(raw_ciphertext=blob, expires_at=now + timedelta(seconds=1))
    assert kept(raw_ciphertext=blob, expires_at=None)
    assert not kept(raw_ciphertext=blob, expires_at=now)
    assert not kept(raw_ciphertext=None, expires_at=None)


@pytest.mark.parametrize("change", ["text", "tripwires"])
def test_what_was_not_read_is_not_confirmed(project, alice, change):
    record = add(project, body=f"say {VALUE}")
    read = version(record)
    if change == "text":
        missed(record, VALUE, alice)
    else:
        Sanitization.objects.update(tripwires={"body": [[0, 3, "unexplained-value"]]})

    with pytest.raises(ReviewRefused) as refusal:
        leak_review.confirm(record=record, version=read, by=alice)

    assert refusal.value.code == "changed"
    assert Sanitization.objects.get().state == Sanitization.State.CLEAN
    leak_review.confirm(record=record, version=version(record), by=alice)
