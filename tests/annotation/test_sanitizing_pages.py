"""The sanitizing review's pages: who gets in, what they show, what a POST does."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import FalseAlarm, Leak, Record, Sanitization, SanitizingEvent
from annotation.services import false_alarms, leak_review
from tests.annotation.imports import held_text
from tests.annotation.reviewing_texts import (
    HELD_BODY,
    WIRE,
    add,
    alarm_form,
    confirmation,
    drop_raw,
    sanitization,
    second_lead,
    seen,
)
from tests.factories import ProjectFactory, ReviewFactory, VerdictFactory

pytestmark = pytest.mark.django_db
QUEUE = "/admin/annotation/record/sanitizing/noc/"
VALUE = "fritzbox42"
SECRET_LINE = "enable secret hunter22X on 9.9.12.4 ok"
POSSIBLE = "credentials for vpn go through Ab3dEf6hIj9kL2 again"
WHY = "it is the name of a product"


def page_of(record: Record) -> str:
    return f"{QUEUE}{record.pk}/"


def html_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def told(answer) -> str:
    """The messages of the page a POST led to."""
    found = re.findall(
        r'<ul class="messagelist">(.*?)</ul>', answer.content.decode(), re.S
    )
    return " ".join(found)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("alice", 200), ("bob", 403), ("carol", 403), ("dana", 403), ("erin", 403),
        ("frank", 403), ("grace", 403), ("mallory", 404),
    ],
)  # fmt: skip
def test_only_leads_of_the_project_review_its_sanitizing(
    project, request, browser_of, who, status
):
    record = add(project, body=SECRET_LINE)
    browser = browser_of(request.getfixturevalue(who))

    for page in (QUEUE, page_of(record)):
        answer = browser.get(page)
        assert answer.status_code == status
        assert ("ZCRED_" in answer.content.decode()) is (
            status == 200 and page != QUEUE
        )
    posted = browser.post(page_of(record), confirmation(record))
    assert posted.status_code == (302 if status == 200 else status)
    assert SanitizingEvent.objects.exists() is (status == 200)


def test_a_record_of_another_project_has_no_page_here(project, alice, browser_of):
    other = add(ProjectFactory(slug="other"), body=SECRET_LINE)

    answer = browser_of(alice).get(page_of(other))

    assert answer.status_code == 404


def test_a_superuser_reviews_and_reveals(project, django_user_model, browser_of):
    root = django_user_model.objects.create_superuser("root")
    browser = browser_of(root)
    record = add(project, body=SECRET_LINE)

    assert browser.get("/admin/annotation/record/sanitizing/").status_code == 302
    assert "Read the raw text" in html_of(browser.get(page_of(record)))


def test_the_queue_is_empty_before_the_first_import(project, alice, browser_of):
    page = html_of(browser_of(alice).get(QUEUE))

    assert "Nothing waits" in page
    assert "Read one at random" not in page


def test_the_queue_names_what_waits_most_urgent_first(project, alice, browser_of):
    first_use = add(project, body=SECRET_LINE)
    possible = add(project, body=POSSIBLE)
    held = add(project, body=HELD_BODY)
    released = add(project, body=HELD_BODY, title="released")
    leak_review.release(record=released, by=alice, reason="needed for labeling")
    alarm = false_alarms.report(
        record=first_use,
        seen=seen(first_use),
        reason=WHY,
        by=second_lead(project),
    )

    answer = browser_of(alice).get(QUEUE)
    page, waiting = html_of(answer), answer.context["waiting"]

    assert [row.record for row in waiting.held] == [held]
    assert [row.record for row in waiting.wires] == [released, possible]
    assert [row.is_certain for row in waiting.wires] == [True, False]
    assert first_use in [use.row.record for use in waiting.first_uses]
    assert list(waiting.alarms) == [alarm]
    counts = (waiting.held_count, waiting.certain_count, waiting.possible_count)
    assert (*counts, waiting.alarms_count) == (1, 1, 1, 1)
    headings = re.findall(r'<h2 id="(\w+)-heading">', page)
    assert headings == ["held", "wires", "first", "alarms"]
    assert "a credential word with an unexplained secret" in page
    assert WIRE not in page


def test_ones_own_false_alarm_does_not_wait_for_oneself(project, alice, browser_of):
    record = add(project, body=SECRET_LINE)
    false_alarms.report(record=record, seen=seen(record), reason=WHY, by=alice)

    page = html_of(browser_of(alice).get(page_of(record)))

    assert not browser_of(alice).get(QUEUE).context["waiting"].alarms
    assert "a second person decides" in page
    assert 'name="approve"' not in page


def test_a_rule_is_a_first_use_until_somebody_confirms_a_record_with_it(
    project, alice, browser_of
):
    first, second = (add(project, body=f"{SECRET_LINE} {n}") for n in range(2))
    browser = browser_of(alice)
    uses = browser.get(QUEUE).context["waiting"].first_uses
    assert [use.row.record for use in uses] == [first]
    assert uses[0].rules == ("command", "ipv4")

    after = browser.post(page_of(first), confirmation(first))

    assert after.url == QUEUE
    assert not browser.get(QUEUE).context["waiting"].first_uses
    assert sanitization(second).state == "CLEAN"


def test_confirm_leads_to_the_next_text_to_read(project, alice, browser_of):
    possible, quiet = add(project, body=POSSIBLE), add(project, body="Port is down")

    answer = browser_of(alice).post(page_of(quiet), confirmation(quiet))

    assert answer.url == page_of(possible)
    assert sanitization(quiet).state == "APPROVED"


def test_a_random_record_is_one_with_text(project, alice, browser_of):
    add(project, body=HELD_BODY)
    browser = browser_of(alice)
    nothing = browser.get(f"{QUEUE}sample/")
    record = add(project, body="Port is down")

    assert nothing.url == QUEUE
    assert browser.get(f"{QUEUE}sample/").url == page_of(record)


def test_the_record_page_shows_chips_amber_words_and_a_table(
    project, alice, browser_of
):
    record = add(
        project,
        body=f"{POSSIBLE}\n{SECRET_LINE}\nand 9.9.12.4 <b>bold</b> {VALUE} again",
        thread=[{"text": "moved it"}],
    )

    page = html_of(browser_of(alice).get(page_of(record)))

    assert 'class="chip chip-secret is-secret" title="ZCRED_' in page
    assert "· cred by command" in page
    assert re.search(
        r'<mark class="wire" data-at="31"[^>]*>Ab3dEf6hIj9kL2</mark>', page
    )
    assert "&lt;b&gt;bold" in page
    assert 'data-field="thread.0"' in page
    assert "Body, line 1" in page
    rows = re.findall(r'<td class="num">(\d+)</td>', page)
    assert rows == sorted(rows, key=int)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", page)
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page)
    # Offsets in the page are those of the stored text.
    for start, text in re.findall(r'data-at="(\d+)"[^>]*>([^<]*)<', page):
        plain = text.replace("&lt;", "<").replace("&gt;", ">")
        stored = [record.title, record.body, "moved it"]
        assert any(whole[int(start) :].startswith(plain) for whole in stored)


def test_a_missed_value_typed_without_scripts_is_removed(project, alice, browser_of):
    record = add(project, body=f"say {VALUE} now")
    form = {"action": "missed", "text": VALUE, "span_type": "cred"}

    answer = browser_of(alice).post(page_of(record), form, follow=True)

    record.refresh_from_db()
    assert VALUE not in record.body
    assert VALUE not in answer.content.decode()
    assert "Removed here in one place" in told(answer)


def test_a_missed_value_in_a_short_field_is_removed_too(project, alice, browser_of):
    record = add(project, body="x", site=f"Hall {VALUE}", attributes={"rack": VALUE})
    form = {"action": "missed", "text": VALUE, "span_type": "cred"}
    place = {"field": "site", "start": 5, "end": 5 + len(VALUE)}
    browser = browser_of(alice)
    assert 'data-field="attribute.rack"' in html_of(browser.get(page_of(record)))

    browser.post(page_of(record), form | place)

    record.refresh_from_db()
    assert record.site.startswith("Hall ZCRED_")
    assert record.attributes["rack"].startswith("ZCRED_")


def test_offsets_that_no_longer_fit_are_looked_up_again(project, alice, browser_of):
    record = add(project, body=f"say {VALUE} now")
    form = {"action": "missed", "text": VALUE, "span_type": "cred"}
    old = {"field": "body", "start": 0, "end": len(VALUE)}

    browser_of(alice).post(page_of(record), form | old)

    record.refresh_from_db()
    assert record.body.startswith("say ZCRED_")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"text": "nowhere", "span_type": "cred"}, "does not stand there"),
        ({"text": VALUE, "span_type": ""}, "required"),
        ({"text": VALUE, "span_type": "pem"}, "not one of the available"),
        ({"text": "", "span_type": "cred"}, "required"),
        ({"text": "say", "span_type": "cred"}, "fewer than 4"),
    ],
)
def test_a_refused_report_says_why_without_the_value(
    project, alice, browser_of, form, words
):
    record = add(project, body=f"say {VALUE} now")

    answer = browser_of(alice).post(
        page_of(record), {"action": "missed", **form}, follow=True
    )

    assert words in told(answer)
    assert VALUE not in told(answer)
    assert not Leak.objects.exists()


def test_a_second_lead_decides_on_a_reported_credential(project, alice, browser_of):
    record = add(project, body=SECRET_LINE)
    bea = second_lead(project)
    browser_of(alice).post(page_of(record), alarm_form(record, reason=WHY))
    alarm = FalseAlarm.objects.get()
    form = {"action": "decide", "alarm": alarm.pk, "approve": "yes"}

    own = browser_of(alice).post(page_of(record), form, follow=True)
    assert "A second person decides" in told(own)
    page = html_of(browser_of(bea).get(page_of(record)))
    assert "It was no secret" in page
    browser_of(bea).post(page_of(record), form)

    record.refresh_from_db()
    assert record.body.startswith("enable secret hunter22X on ")


def test_a_held_record_is_released_from_its_page(project, alice, browser_of):
    record = add(project, body=HELD_BODY)
    browser = browser_of(alice)
    page = html_of(browser.get(page_of(record)))
    assert "Held: no text is shown" in page
    assert "Confirm and next" not in page

    answer = browser.post(
        page_of(record), {"action": "release", "reason": "for labeling"}, follow=True
    )

    assert "replaced unread" in told(answer)
    assert WIRE not in answer.content.decode()
    assert "almost certainly a secret" in answer.content.decode()


def test_an_unreadable_record_stays_held_on_its_page(project, alice, browser_of):
    record = add(project, body=held_text())

    answer = browser_of(alice).post(
        page_of(record), {"action": "release", "reason": "for labeling"}, follow=True
    )

    assert "It stays held: undecodable content" in told(answer)


def test_raw_text_is_shown_once_kept_by_no_cache_and_never_by_an_address(
    project, alice, browser_of
):
    record = add(project, body=SECRET_LINE)
    browser = browser_of(alice)

    refused = browser.post(
        page_of(record), {"action": "reveal", "reason": "short"}, follow=True
    )
    answer = browser.post(page_of(record), {"action": "reveal", "reason": WHY})

    assert "at least 10 characters" in told(refused)
    assert SECRET_LINE in html_of(answer)
    assert "no-store" in answer["Cache-Control"]
    assert answer["Refresh"].endswith(page_of(record))
    assert SanitizingEvent.objects.get().kind == "REVEALED"
    assert SECRET_LINE not in html_of(browser.get(page_of(record)))


def test_without_raw_text_the_page_offers_neither_reveal_nor_alarm(
    project, alice, browser_of
):
    record = add(project, body=SECRET_LINE)
    drop_raw(record)

    page = html_of(browser_of(alice).get(page_of(record)))

    assert "raw text no longer kept" in page
    assert "Read the raw text" not in page
    assert "False alarm<" not in page


@pytest.mark.parametrize("action", ["", "purge", "__class__"])
def test_an_unknown_action_changes_nothing(project, alice, browser_of, action):
    record = add(project, body=SECRET_LINE)

    answer = browser_of(alice).post(page_of(record), {"action": action})

    assert answer.status_code == 400
    assert not SanitizingEvent.objects.exists()


@pytest.mark.parametrize(
    "form",
    [
        {"action": "confirm"},
        {"action": "alarm", "place": "body:0:14", "reason": WHY},
        {"action": "alarm", "place": "body:x:1", "token": "t", "reason": WHY},
        {"action": "alarm", "place": "body:99:1", "token": "t", "reason": WHY},
        {"action": "alarm", "place": "__class__:1:1", "token": "t", "reason": WHY},
        {"action": "decide", "alarm": "7", "approve": "maybe"},
        {"action": "release", "reason": ""},
        {"action": "reveal", "reason": "x" * 900},
    ],
)
def test_a_broken_form_is_answered_in_words(project, alice, browser_of, form):
    record = add(project, body=SECRET_LINE)

    answer = browser_of(alice).post(page_of(record), form, follow=True)

    assert told(answer)
    assert not SanitizingEvent.objects.exists()


def test_reading_pages_changes_nothing(project, alice, browser_of):
    record = add(project, body=f"{SECRET_LINE}\n{POSSIBLE}")
    before = list(Sanitization.objects.values())

    for page in (QUEUE, page_of(record), f"{QUEUE}sample/"):
        browser_of(alice).get(page, {"action": "confirm", "reason": WHY})

    assert list(Sanitization.objects.values()) == before
    assert not SanitizingEvent.objects.exists()


@pytest.mark.parametrize("count", [1, 20])
def test_the_pages_cost_the_same_queries_at_any_length(
    project, alice, browser_of, django_assert_max_num_queries, count
):
    bea = second_lead(project)
    for n in range(count):
        record = add(project, body=f"{SECRET_LINE} {n}\n{POSSIBLE}")
        add(project, body=f"{HELD_BODY} {n}")
        false_alarms.report(record=record, seen=seen(record), reason=WHY, by=bea)
    browser = browser_of(alice)
    browser.get(QUEUE)

    with django_assert_max_num_queries(20):
        browser.get(QUEUE)
    with django_assert_max_num_queries(12):
        browser.get(page_of(record))


@pytest.mark.parametrize("make", [ReviewFactory, VerdictFactory])
def test_what_people_wrote_shows_its_pseudonyms_as_chips(
    project, alice, browser_of, make
):
    record = add(project, body=SECRET_LINE)
    Record.objects.filter(pk=record.pk).update(decided_at=timezone.now())
    token = re.search(r"ZCRED_\w+", record.body)[0]
    row = make(record=record, reason=f"because of {token} <i>")
    table = f"admin:annotation_{row._meta.model_name}_change"

    page = html_of(browser_of(alice).get(reverse(table, args=[row.pk])))

    assert f'title="{token}">secret <b>' in page
    assert "&lt;i&gt;" in page


def test_the_tables_of_records_lead_to_the_review(project, alice, grace, browser_of):
    record = add(project, body=SECRET_LINE)
    pages = [
        reverse("admin:annotation_record_changelist"),
        reverse("admin:annotation_record_change", args=[record.pk]),
    ]

    for page in pages:
        assert "/record/sanitizing/" in html_of(browser_of(alice).get(page))
        assert "/record/sanitizing/" not in html_of(browser_of(grace).get(page))
