"""Canaries: fake secrets of every class and vendor, and what becomes of them."""

from __future__ import annotations

import json
from random import Random

import pytest
from django.core.management import call_command

from annotation.domain.sanitize import Sanitized, canaries
from annotation.domain.sanitize.canaries import (
    SECRET_TYPES,
    TEMPLATES,
    Outcome,
    Planted,
    Template,
    fate_of,
    plant,
    survives,
    tally,
)
from annotation.domain.sanitize.canary_values import fake_value
from annotation.domain.sanitize.knowledge import value_hash
from annotation.models import Canary, KnownSecret, Record
from annotation.services.vault import keyring_of
from netft_site.base.refusals import Refused
from tests.factories import ProjectFactory, RecordFactory

TEXTS = ("Link down\n\nThe uplink flaps.\nNo change last night.", "One line only")
CLASSES = [
    "cred", "snmp", "token", "pem", "email", "phone", "card", "ssn", "iban", "serial",
    "circuit", "user", "hostname", "ipv4", "ipv6", "mac", "asn",
]  # fmt: skip
VENDORS = [
    "Cisco IOS", "Cisco IOS-XR", "Cisco NX-OS", "Cisco ASA", "Junos", "Arista EOS",
    "FortiOS", "PAN-OS", "F5 BIG-IP", "Huawei VRP", "RouterOS", "AOS-CX", "SR OS",
    "VyOS", "Linux", "prose", "JSON", "YAML", "URL", "CLI", "table", "syslog",
]  # fmt: skip
# A credential that no sanitizer can tell from a word of the sentence.
BLIND = Template("blind", "prose", "cred", "word", "The door said {value} to us.")
PLAIN = Template(
    "plain", "Cisco IOS", "cred", "type7", "username ops password 7 {value}"
)


def _result(text: str, *, held: bool = False) -> Sanitized:
    return Sanitized("" if held else text, (), (), held, "", "test")


def _canary(value: str, span_type: str = "cred") -> Planted:
    return Planted(f"x {value} y", value, span_type, "prose", "t")


def test_the_catalogue_covers_every_class_and_every_vendor():
    assert len(TEMPLATES) >= 80
    assert {template.type for template in TEMPLATES} == set(CLASSES)
    assert {template.vendor for template in TEMPLATES} == set(VENDORS)
    assert len({template.name for template in TEMPLATES}) == len(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_every_template_has_one_place_and_a_form_that_exists(template):
    first, second = (fake_value(Random(n), template.type, template.form) for n in "ab")

    assert template.carrier.count("{value}") == 1
    assert len(first) >= 6
    assert first != second
    assert "\n" not in first


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_has_a_usual_value(kind):
    assert fake_value(Random(1), kind)


def test_an_unknown_form_is_an_error():
    with pytest.raises(KeyError):
        fake_value(Random(1), "cred", "no-such-form")


@pytest.mark.parametrize("seed", range(20))
def test_the_numbers_are_valid_and_of_nobody(seed):
    rng = Random(seed)
    card, iban = fake_value(rng, "card"), fake_value(rng, "iban")
    digits = [int(d) for d in reversed(card)]
    moved = iban[4:] + iban[:4]

    luhn = sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])

    assert luhn % 10 == 0
    assert int("".join(str(int(char, 36)) for char in moved)) % 97 == 1
    assert "555-01" in fake_value(rng, "phone")
    assert fake_value(rng, "email").endswith(".example")


def test_a_canary_stands_in_lines_of_its_own_and_the_rest_is_untouched():
    for canary in plant(TEXTS, Random(3), per_class=20):
        (template,) = (t for t in TEMPLATES if t.name == canary.template)
        carrier = template.carrier.replace("{value}", canary.value).splitlines()
        lines = canary.text.splitlines()
        starts = [
            at for at in range(len(lines)) if lines[at : at + len(carrier)] == carrier
        ]

        assert any(
            "\n".join(lines[:at] + lines[at + len(carrier) :]) in TEXTS for at in starts
        )


def test_the_values_depend_on_the_seed_and_not_on_the_texts():
    here = plant(TEXTS, Random(5), 20)
    there = plant(["another stream"], Random(5), 20)
    later = plant(TEXTS, Random(6), 20)

    assert [c.value for c in here] == [c.value for c in there]
    assert not {c.value for c in here} & {c.value for c in later}


def test_every_class_gets_as_many_as_were_asked_for():
    planted = plant(TEXTS, Random(1), per_class=30)

    counts = {kind: sum(c.span_type == kind for c in planted) for kind in CLASSES}
    assert min(counts.values()) == 30
    assert {c.template for c in planted} == {t.name for t in TEMPLATES}


def test_without_texts_there_is_nothing_to_plant_in():
    with pytest.raises(ValueError, match="no text"):
        plant([], Random(1))


@pytest.mark.parametrize(
    ("value", "left", "expected"),
    [
        ("Brokvan2041!", "x ZCRED_AAAAAAAAAAAAA y", False),
        ("Brokvan2041!", "the Brokvan2041! stays", True),
        ("Brokvan zilta 42", "x ZCRED_AAAAAAAAAAAAA zilta 42", True),
        ("aK7;mQ92xw#pR", "ZCRED_AAAAAAAAAAAAA;mQ92xw#pR", True),
        ("klimax", "climax is a word", False),
    ],
)
def test_part_of_a_secret_that_stays_is_a_survivor(value, left, expected):
    assert survives(_canary(value), left) is expected


def test_a_name_or_number_must_stand_whole_to_survive():
    assert survives(_canary("198.51.100.7", "ipv4"), "from 198.51.100.7, again")
    assert not survives(_canary("198.51.100.7", "ipv4"), "from 198.51.100.77")
    assert not survives(_canary("4200001234", "asn"), "AS42000012345")


def test_fates_are_told_apart():
    canary = _canary("Brokvan2041!")

    fates = [
        fate_of(canary, _result("x ZCRED_AAAAAAAAAAAAA y")).fate,
        fate_of(canary, _result("", held=True)).fate,
        fate_of(canary, _result(canary.text)).fate,
    ]

    assert fates == ["gone", "held", "survived"]


def test_the_recall_has_wilsons_bounds_and_counts_what_was_held():
    canary = _canary("Brokvan2041!")
    fates = ["gone"] * 299 + ["held"]

    found = tally("cred", [Outcome(canary, fate) for fate in fates], "planted")

    assert (found.planted, found.gone, found.held, found.survived) == (300, 299, 1, 0)
    assert found.recall.value == 1
    # 300 of 300: Wilson's lower bound is 98.7 %.
    assert found.recall.ci[0] == pytest.approx(0.98736, abs=1e-5)
    assert set(found.as_dict()["recall"]) == {
        "value", "ci", "n", "method", "reference"
    }  # fmt: skip


def _call(capsys, *more: str) -> tuple[dict, int]:
    code = 0
    try:
        call_command("canaries", "--project=noc", "--json", *more)
    except SystemExit as stop:
        code = stop.code
    return json.loads(capsys.readouterr().out), code


@pytest.fixture
def records(project) -> list[Record]:
    return [RecordFactory(project=project) for _ in range(3)]


@pytest.fixture
def only(monkeypatch):
    """Use few templates, so that the outcome does not hang on the rules of today."""

    def use(*templates: Template) -> None:
        monkeypatch.setattr(canaries, "TEMPLATES", templates)

    return use


@pytest.mark.django_db
def test_the_command_reports_every_class_and_vendor_with_bounds(records, capsys):
    report, _ = _call(capsys, "--per-class=3")

    assert {one["name"] for one in report["classes"]} == set(CLASSES)
    assert {one["name"] for one in report["vendors"]} == set(VENDORS)
    assert report["overall"]["planted"] == sum(
        one["planted"] for one in report["classes"]
    )
    for one in (*report["classes"], *report["vendors"], report["overall"]):
        low, high = one["recall"]["ci"]
        assert 0 <= low <= one["recall"]["value"] <= high + 1e-9
        assert low < high <= 1
        assert one["recall"]["n"] == one["planted"]
        assert one["gone"] + one["held"] + one["survived"] == one["planted"]
    assert report["records"] == 3


@pytest.mark.django_db
def test_a_credential_that_comes_through_fails_the_command(records, only, capsys):
    only(BLIND, PLAIN)

    report, code = _call(capsys, "--per-class=4")

    assert code == 1
    assert report["survived_secrets"] == 2
    assert report["missed"] == [
        {"template": "blind", "class": "cred", "vendor": "prose", "survived": 2}
    ]


@pytest.mark.django_db
def test_a_run_without_survivors_ends_well(records, only, capsys):
    only(PLAIN)

    report, code = _call(capsys, "--per-class=4")

    assert (code, report["survived_secrets"], report["missed"]) == (0, 0, [])
    assert report["overall"]["recall"]["value"] == 1


@pytest.mark.django_db
def test_neither_report_nor_table_quotes_a_value(records, only, capsys):
    only(BLIND)
    values = {canary.value for canary in plant(TEXTS, Random(0), 8)}

    report, _ = _call(capsys, "--per-class=8")
    with pytest.raises(SystemExit):
        call_command("canaries", "--project=noc", "--per-class=8")
    shown = capsys.readouterr().out

    assert report["overall"]["survived"] == 8
    assert "blind" in shown
    assert not any(value in shown + json.dumps(report) for value in values)


@pytest.mark.django_db
def test_the_same_seed_stores_nothing_twice(records, only, capsys):
    only(PLAIN)

    stored = [
        _call(capsys, "--per-class=5", f"--seed={seed}")[0]["stored"]
        for seed in (0, 0, 1)
    ]

    assert stored == [5, 0, 5]
    assert Canary.objects.count() == 10


@pytest.mark.django_db
def test_only_keyed_hashes_are_stored_and_the_records_stay(project, records, capsys):
    before = list(Record.objects.order_by("id").values())

    report, _ = _call(capsys, "--per-class=1")

    keyring = keyring_of(project.key_id)
    planted = plant(["x"], Random(0), 1)
    hashes = {
        value_hash(keyring, canary.value)
        for canary in planted
        if canary.span_type in (*SECRET_TYPES, "email", "phone", "user", "hostname")
    }
    kinds = set(Canary.objects.values_list("span_type", flat=True))
    assert hashes <= set(Canary.objects.values_list("value_hmac", flat=True))
    # A pseudonym of these looks like the real thing: it may equal a canary.
    assert not kinds & {"ipv4", "ipv6", "mac", "asn", "serial"}
    assert report["stored"] == Canary.objects.count() > 100
    assert list(Record.objects.order_by("id").values()) == before
    assert not KnownSecret.objects.exists()


@pytest.mark.django_db
def test_a_project_without_usable_text_is_refused(project, capsys):
    RecordFactory(project=project, state="HELD", title="", body="")
    RecordFactory(project=ProjectFactory())

    with pytest.raises(Refused) as caught:
        call_command("canaries", "--project=noc")

    assert caught.value.code == "no_records"
