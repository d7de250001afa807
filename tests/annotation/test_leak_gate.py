"""The leak gate: what must not leave is named by row and kind, never quoted."""

from __future__ import annotations

import pytest

from annotation.domain.sanitize import Sanitizer
from annotation.domain.sanitize.knowledge import value_hash
from annotation.models import (
    Canary,
    FalseAlarm,
    KnownSecret,
    MissedValue,
    Project,
)
from annotation.services import knowledge
from annotation.services.leak_gate import LeakGate, check_texts
from annotation.services.sanitizing import sanitizer_for
from annotation.services.vault import keyring_of
from tests.factories import (
    ProjectFactory,
    RecordFactory,
    SanitizationFactory,
    SanitizingRuleFactory,
    TermFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

CLEAN = "Link 3 down on access switch\n\nInterface Gi1/0/3 went down, 7 users."
VALUE = "brontal2041kvan"
TRIPPING = "# key of core-ipam47, copied by the night shift"


def _know(project: Project, value: str, kind: str = "cred") -> None:
    token = keyring_of(project.key_id).token(kind, value)
    KnownSecret.objects.create(project=project, token=token)


def _plant(project: Project, value: str) -> None:
    Canary.objects.create(
        project=project,
        span_type="cred",
        vendor="prose",
        value_hmac=value_hash(keyring_of(project.key_id), value),
    )


def _report_missed(project: Project, value: str) -> None:
    MissedValue.objects.create(
        project=project,
        span_type="cred",
        value_hmac=value_hash(keyring_of(project.key_id), value),
        reported_by=UserFactory(),
    )
    knowledge.bump(project)


def kinds(project: Project, text: str, external_id: str = "") -> list[str]:
    names = [external_id] if external_id else []
    found = check_texts(project=project, texts=[text], external_ids=names)
    return [finding.what for finding in found]


def test_harmless_text_passes_whatever_is_known(project):
    _know(project, VALUE)
    _plant(project, VALUE)
    _report_missed(project, VALUE)

    assert kinds(project, CLEAN) == []


def test_a_canary_is_found_by_its_hash_alone(project):
    text = f"we saw {VALUE} there"
    before = kinds(project, text)

    _plant(project, VALUE)

    assert before == []
    assert kinds(project, text) == ["canary"]


@pytest.mark.parametrize("value", ["Brontal kvan 42", "+1 (212) 555-0134"])
def test_a_canary_of_several_words_is_found(project, value):
    _plant(project, value)

    assert "canary" in kinds(project, f"he said {value}, then left")


@pytest.mark.parametrize("kind", ["cred", "snmp", "token"])
@pytest.mark.parametrize(
    "around", ["we saw {} there", '"{}"', "field={};", "x:{}@y", "({})."]
)
def test_a_known_secret_is_found_where_nothing_announces_it(project, kind, around):
    _know(project, VALUE, kind)

    assert "known secret" in kinds(project, around.format(VALUE))


def test_a_known_secret_that_is_a_plain_word_accuses_no_ticket(project):
    _know(project, "winter")
    _know(project, "Gi1/0/3")

    assert kinds(project, "In winter Gi1/0/3 goes down.") == []


def test_a_missed_value_is_found(project):
    _report_missed(project, VALUE)

    assert kinds(project, f"we saw {VALUE} there") == ["missed value"]


def test_a_withdrawn_missed_value_is_forgotten(project):
    _report_missed(project, VALUE)
    MissedValue.objects.update(withdrawn_at="2026-01-01T00:00Z")
    knowledge.bump(project)

    assert kinds(project, f"we saw {VALUE} there") == []


def test_what_the_sanitizer_would_replace_today_must_not_leave(project):
    text = "enable secret 0 Winter2024!"
    sanitizer = Sanitizer(keyring_of(project.key_id))

    assert kinds(project, text) == ["unsanitized secret"]
    assert kinds(project, sanitizer.sanitize(text).text) == []


def test_addresses_and_names_are_no_reason_to_refuse(project):
    assert kinds(project, "ping 198.51.100.7 from bob@corp.example fails") == []


def test_a_tripwire_refuses_until_a_person_approved_the_record(project):
    record = RecordFactory(project=project)
    sanitization = SanitizationFactory(record=record)
    before = kinds(project, TRIPPING, record.external_id)

    sanitization.state = "APPROVED"
    sanitization.save()

    assert before == ["tripwire"]
    assert kinds(project, TRIPPING, record.external_id) == []
    assert kinds(project, TRIPPING) == ["tripwire"]


def test_an_approval_excuses_tripwires_only(project):
    record = RecordFactory(project=project)
    SanitizationFactory(record=record, state="APPROVED")
    _know(project, VALUE)

    found = kinds(project, f"{TRIPPING}\nwe saw {VALUE} there", record.external_id)

    assert found == ["known secret"]


def _excuse(record, token: str, state: str) -> None:
    asker, decider = UserFactory(), UserFactory()
    FalseAlarm.objects.create(
        record=record,
        span_type="cred",
        rule="keyword",
        token=token,
        alarm_hmac="0" * 32,
        reason="a product name",
        state=state,
        asked_by=asker,
        decided_by=decider,
    )


@pytest.mark.parametrize(
    ("state", "expected"), [("APPROVED", []), ("ASKED", ["known secret"])]
)
def test_an_approved_false_alarm_passes_on_its_record(project, state, expected):
    record, other = RecordFactory(project=project), RecordFactory(project=project)
    _know(project, VALUE)
    _excuse(record, keyring_of(project.key_id).token("cred", VALUE), state)
    text = f"we saw {VALUE} there"

    assert kinds(project, text, record.external_id) == expected
    assert kinds(project, text, other.external_id) == ["known secret"]


def test_undecodable_text_does_not_leave(project):
    assert kinds(project, "broken \ufffd text") == [
        "text that the sanitizer cannot read"
    ]


def test_findings_name_row_and_record_and_quote_nothing(project):
    _know(project, VALUE)
    _plant(project, VALUE)

    found = check_texts(
        project=project,
        texts=[CLEAN, f"we saw {VALUE} there"],
        external_ids=["INC1", "INC2"],
    )

    assert [(f.row, f.external_id, f.what) for f in found] == [
        (1, "INC2", "canary"),
        (1, "INC2", "known secret"),
    ]
    assert VALUE not in repr(found)


def test_another_projects_secrets_are_its_own_business(project):
    other = ProjectFactory()
    _know(other, VALUE)
    _plant(other, VALUE)
    record = RecordFactory(project=other, external_id="SAME")
    SanitizationFactory(record=record, state="APPROVED")
    RecordFactory(project=project, external_id="SAME")

    assert kinds(project, f"we saw {VALUE} there") == []
    assert kinds(project, TRIPPING, "SAME") == ["tripwire"]


def test_many_texts_cost_as_many_queries_as_one(project, django_assert_max_num_queries):
    names = [RecordFactory(project=project).external_id for _ in range(20)]
    gate = LeakGate(project)

    with django_assert_max_num_queries(2):
        gate.check([CLEAN] * 20, names)


def _name(project: Project, name: str = "Umbrella Freight") -> None:
    TermFactory(project=project, name=name)
    knowledge.bump(project)


def _rule(project: Project, **values: str) -> None:
    SanitizingRuleFactory(project=project, **values)
    knowledge.bump(project)


@pytest.mark.parametrize("written", ["Umbrella Freight", "umbrella-freight"])
def test_a_name_of_the_dictionary_must_not_leave(project, written):
    text = f"link of {written} is down"
    before = kinds(project, text)

    _name(project)

    assert before == []
    assert kinds(project, text) == ["name of the dictionary"]


def test_the_pseudonym_of_a_name_may_leave(project):
    _name(project)
    text = sanitizer_for(project).sanitize("link of Umbrella Freight is down").text

    assert "ZCUST_" in text
    assert kinds(project, text) == []


@pytest.mark.parametrize("span_type", ["circuit", "cred", "serial"])
def test_what_an_own_rule_finds_must_not_leave(project, span_type):
    text = "see CTR-123456 of last year"
    before = kinds(project, text)

    _rule(project, span_type=span_type)

    assert before == []
    assert kinds(project, text) == ["own rule"]


def test_a_missed_name_must_not_leave(project):
    _report_missed(project, "brontal")
    MissedValue.objects.update(span_type="person")
    knowledge.bump(project)

    assert kinds(project, "ask brontal about it") == ["missed value"]


def test_new_finds_of_the_catalogues_that_open_nothing_may_leave(project):
    _name(project)

    assert kinds(project, "call +1 (212) 555-0134, host fra1-core-rtr01.corp.net") == []


def test_a_rule_that_matches_its_own_replacement_refuses_nothing(project):
    _rule(project, span_type="account", pattern=r"Contract (?P<v>.{5,30})")
    text = sanitizer_for(project).sanitize("Contract 1234567 of the north, signed").text

    assert "ZACCT_" in text
    assert kinds(project, text) == []


def test_a_serial_numbers_pseudonym_may_leave_on_its_record(project):
    _rule(project, span_type="serial", pattern=r"\b[A-Z]{3}-\d{6}\b")
    clean = sanitizer_for(project).sanitize("see CTR-123456 of last year")
    record = RecordFactory(project=project)
    SanitizationFactory(record=record, spans={"body": clean.spans})

    assert kinds(project, clean.text, record.external_id) == []
    assert kinds(project, "see CTR-123456", record.external_id) == ["own rule"]


def test_a_name_that_is_an_approved_false_alarm_passes_on_its_record(project):
    _name(project)
    text = "link of Umbrella Freight is down"
    record, other = RecordFactory(project=project), RecordFactory(project=project)
    (span,) = sanitizer_for(project).sanitize(text).spans
    _excuse(record, span.token, "APPROVED")

    assert kinds(project, text, record.external_id) == []
    assert kinds(project, text, other.external_id) == ["name of the dictionary"]


def test_a_missed_value_must_not_leave_though_it_was_a_false_alarm_before(project):
    record = RecordFactory(project=project)
    _excuse(record, keyring_of(project.key_id).token("cred", VALUE), "APPROVED")
    text = f"we saw {VALUE} there"
    before = kinds(project, text, record.external_id)

    _report_missed(project, VALUE)

    assert before == []
    assert kinds(project, text, record.external_id) == ["missed value"]
