"""The table of missed values, its way back, and what a record's page warns of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from annotation.models import FalseAlarm, MissedValue, Record, Sanitization
from annotation.services import false_alarms, leak_review, resanitizing
from tests.annotation.reviewing_texts import (
    add,
    alarm_form,
    confirmation,
    second_lead,
    seen,
    select,
)
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:annotation_missedvalue_changelist")
VALUE = "fritzbox42"
SECRET_LINE = "enable secret hunter22X on 9.9.12.4 ok"
WHY = "it is the name of a product"


def page_of(record: Record) -> str:
    return f"/admin/annotation/record/sanitizing/noc/{record.pk}/"


def missed(record: Record, by, span_type: str = "cred", value: str = VALUE):
    leak_review.report_missed(
        record=record, **select(record, value), span_type=span_type, by=by
    )
    return MissedValue.objects.latest("pk")


def withdraw(browser, row, **more):
    form = {"action": "withdraw", "_selected_action": [row.pk], **more}
    return browser.post(LIST, form, follow=True).content.decode()


@pytest.mark.parametrize(
    ("who", "code"),
    [("alice", 200), ("bob", 403), ("carol", 403), ("frank", 403), ("grace", 403)],
)
def test_only_leads_see_what_was_reported(request, browser_of, who, code):
    browser = browser_of(request.getfixturevalue(who))

    assert browser.get(LIST).status_code == code


def test_the_table_tells_everything_but_the_value(project, alice, browser_of):
    missed(add(project, body=f"say {VALUE}"), alice)
    add(project, body=f"and {VALUE}")
    other = ProjectFactory(slug="other", name="Other")
    foreign = missed(add(other, body="so swordfish99"), alice, value="swordfish99")

    page = browser_of(alice).get(LIST).content.decode()

    assert "Password or key" in page
    assert "alice" in page
    assert VALUE not in page
    assert f"/{foreign.pk}/change/" not in page


def test_an_empty_table_says_what_it_is_for(browser_of, alice):
    assert "No missed values yet" in browser_of(alice).get(LIST).content.decode()


def test_a_second_lead_takes_a_wrong_report_back_and_is_asked_first(
    project, alice, browser_of
):
    record = add(project, body=f"say {VALUE}")
    row = missed(record, alice)
    browser = browser_of(second_lead(project))
    detail = reverse("admin:annotation_missedvalue_change", args=[row.pk])

    assert "Withdraw</button>" in browser.get(detail).content.decode()
    asked = withdraw(browser, row)
    assert "keep the pseudonym for good" in asked
    assert "in 1 record<" in asked
    assert MissedValue.objects.in_force().exists()
    done = withdraw(browser, row, confirmed="yes")
    resanitizing.run_to_end(project=project)

    record.refresh_from_db()
    assert "Withdrawn: 1." in done
    assert record.body == f"say {VALUE}"
    assert LogEntry.objects.get().object_id == str(row.pk)


def test_who_reported_a_credential_does_not_take_it_back_alone(
    project, alice, browser_of
):
    row = missed(add(project, body=f"say {VALUE}"), alice)
    browser = browser_of(alice)
    detail = reverse("admin:annotation_missedvalue_change", args=[row.pk])

    assert "Withdraw</button>" not in browser.get(detail).content.decode()
    told = withdraw(browser, row, confirmed="yes")

    assert "a second person withdraws it" in told
    assert "Withdrawn: " not in told
    assert MissedValue.objects.in_force().exists()


def test_another_projects_value_is_not_withdrawn(project, alice, browser_of):
    other = ProjectFactory(slug="other")
    row = missed(add(other, body=f"say {VALUE}"), alice, "serial")

    withdraw(browser_of(alice), row, confirmed="yes")

    assert MissedValue.objects.in_force().exists()


def test_looking_at_the_table_changes_nothing(project, alice, browser_of):
    row = missed(add(project, body=f"say {VALUE}"), alice, "phone")
    before = list(MissedValue.objects.values())

    browser_of(alice).get(LIST, {"action": "withdraw", "confirmed": "yes"})
    browser_of(alice).get(reverse("admin:annotation_missedvalue_change", args=[row.pk]))

    assert list(MissedValue.objects.values()) == before


def test_the_page_warns_while_a_credential_waits_for_a_second_person(
    project, alice, browser_of
):
    record = add(project, body=SECRET_LINE)
    false_alarms.report(record=record, seen=seen(record), reason=WHY, by=alice)
    until = timezone.now() + timedelta(days=3)
    Sanitization.objects.update(expires_at=until)
    browser = browser_of(second_lead(project))

    page = browser.get(page_of(record)).content.decode()
    assert f"Until {until:%Y-%m-%d}" in page
    assert "can only be refused" in page
    assert "It was no secret" in page
    Sanitization.objects.update(expires_at=timezone.now())
    late = browser.get(page_of(record)).content.decode()

    assert "raw text expired" in late
    assert "can only be refused" in late
    assert "It was no secret" not in late
    assert "Read the raw text" not in late


def test_a_stale_form_is_refused_in_words(project, alice, browser_of):
    record = add(project, body=f"{VALUE} then 9.9.12.4 fails")
    forms = [alarm_form(record, reason=WHY), confirmation(record)]
    missed(record, alice)
    browser = browser_of(alice)

    for form in forms:
        answer = browser.post(page_of(record), form, follow=True)
        assert "has changed since this page was opened" in answer.content.decode()

    assert not FalseAlarm.objects.exists()
    assert Sanitization.objects.get().state == "CLEAN"


def test_the_page_posts_what_it_shows(project, alice, browser_of):
    record = add(project, body=SECRET_LINE)

    page = browser_of(alice).get(page_of(record)).content.decode()

    form = alarm_form(record)
    assert f'name="place" value="{form["place"]}"' in page
    assert f'name="token" value="{form["token"]}"' in page
    assert page.count(f'name="version" value="{confirmation(record)["version"]}"') == 2
