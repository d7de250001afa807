"""Secrets go however they are said, words about them stay, doubts trip or hold."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.annotation.sanitizing import SANITIZER

# Where %s stands a secret: every way of saying one that needs no catalogue entry.
SPOKEN = (
    "password: %s",
    "Password = %s",
    'the "password" : "%s", and more',
    '{"user": "bob", "psk": "%s", "vlan": 50}',
    "password='%s'",
    "<password>%s</password>",
    "<name>ldap.bind.password</name>\n  <value>%s</value>",
    "ansible_ssh_pass=%s",
    "export DB_PASSWORD=%s",
    "snmp_community: %s",
    "https://api.example.net/v1?api_key=%s&x=1",
    "Login: admin\nPassword:\n%s\nrouter>",
    "the password is %s",
    "the password for the console is %s, please change it",
    "community string was '%s'",
    "we changed the enable secret to %s",
    "enable secret 0 %s",
    "enable password %s",
    "router(config)# username bob privilege 15 secret %s",
    "+ username bob password 0 %s",
    "line con 0\n password %s\n login",
    " neighbor 10.0.0.1 password %s",
    "crypto isakmp key %s address 10.0.0.1",
    " wpa-psk ascii 0 %s",
    "tunnel-group x ipsec-attributes\n ikev1 pre-shared-key %s",
    "key chain K\n key 1\n  key-string %s",
    "set system login user vyos authentication plaintext-password '%s'",
    "/ppp secret add name=x password=%s service=pppoe",
    "%%PARSER-5-CFGLOG: user:bob logged command:enable secret 0 %s",
    "| host | user | password |\n|---|---|---|\n| r1 | admin | %s |",
    "device,username,password\nr1,admin,%s",
)
# Lines with credential words and no secret in them.
HARMLESS = (
    "User forgot his password again, reset via the self-service portal.",
    "The key issue is the MTU mismatch; community feedback was positive.",
    "Secret to success: keep the change window short. Token ring is dead.",
    "service password-encryption",
    "no service password-recovery",
    "security passwords min-length 10",
    "aaa authentication login default group tacacs+ local",
    "set policy-options community NO-EXPORT members no-export",
    " match community 500",
    "Community: internet 10050:200 10222:10010",
    " send-community both",
    "key chain OSPF-KEYS\n key 1",
    "crypto key generate rsa modulus 2048",
    "password: <removed>",
    "password: ********",
    "Password reset requested for the wireless portal",
    "IP address      Port      Secret Key                 Source address",
    "the SNMP community string is invalid",
    'Duplicate access key "b" in context menu',
)


def _text(template: str, secret: str) -> str:
    return template.replace("%s", secret).replace("%%", "%")


@pytest.mark.parametrize("template", SPOKEN)
@pytest.mark.parametrize("secret", ["kR7pq2Wz9LmX", "Winter2024!", "fakeword"])
def test_a_secret_is_removed_however_it_is_said(template: str, secret: str):
    result = SANITIZER.sanitize(_text(template, secret))

    assert not result.held
    assert secret not in result.text
    assert [span.type for span in result.spans if span.token.startswith("Z")]


@settings(max_examples=150, deadline=None)
@given(
    template=st.sampled_from(SPOKEN),
    secret=st.from_regex(r"[a-z]{3}[A-Z]{2}[0-9]{2}[A-Za-z0-9]{5,17}", fullmatch=True),
)
def test_a_planted_secret_never_survives_a_known_form(template: str, secret: str):
    assert secret not in SANITIZER.sanitize(_text(template, secret)).text


@pytest.mark.parametrize("text", HARMLESS)
def test_words_about_credentials_stay(text: str):
    result = SANITIZER.sanitize(text)

    assert result.text == text
    assert not result.tripwires


def test_a_second_secret_on_the_line_goes_too():
    result = SANITIZER.sanitize(
        "snmp-server user u g v3 auth sha Auth0rize priv aes 128 Pr1vate99"
    )

    assert "Auth0rize" not in result.text
    assert "Pr1vate99" not in result.text
    assert result.text.startswith("snmp-server user u g v3 auth sha Z")


def test_a_secret_is_removed_where_it_stands_again_without_its_keyword():
    result = SANITIZER.sanitize("enable secret 0 Mult1Use!\nsame Mult1Use! on console")

    assert "Mult1Use!" not in result.text
    assert result.spans[0].token == result.spans[1].token


@pytest.mark.parametrize("glued", ["Tq8{}wwPP", "{}7x", "ab{}"])
def test_a_secret_glued_into_a_longer_word_takes_the_whole_word(glued):
    word = glued.format("Mult1UseKey")

    result = SANITIZER.sanitize(f"enable secret 0 Mult1UseKey\nthen {word} on console")

    last = result.text.splitlines()[-1]
    assert re.fullmatch(r"then ZCRED_\w{13} on console", last)


def test_a_secret_that_is_said_as_a_part_of_a_word_leaves_the_rest_of_it():
    result = SANITIZER.sanitize("mysql -u root -pMult1UseKey db\nuse Mult1UseKey too")

    assert "Mult1UseKey" not in result.text
    assert result.text.startswith("mysql -u root -pZCRED_")


def test_many_glued_repeats_take_time_in_proportion():
    text = f"enable secret 0 Mult1UseKey\n{'Mult1UseKeyx' * 40_000}"

    started = time.perf_counter()
    result = SANITIZER.sanitize(text)

    assert "Mult1" not in result.text
    assert time.perf_counter() - started < 10


def test_a_weak_word_as_password_is_removed_but_not_everywhere():
    result = SANITIZER.sanitize("line con 0\n password cisco\nthe cisco router is up")

    assert "password cisco" not in result.text
    assert "the cisco router is up" in result.text


@pytest.mark.parametrize(
    "block",
    [
        "-----BEGIN EC PRIVATE KEY-----\nMIIEfakefakefak\n-----END EC PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIEfakefakefake\nq8fakefakefakefake==\n",
        "-----BEGIN PRIVATE KEY-----MIIEfakefakefake-----END PRIVATE KEY-----",
        r'"-----BEGIN PRIVATE KEY-----\nMIIEfakefakefake\n-----END PRIVATE KEY-----"',
        "> -----BEGIN PRIVATE KEY-----\n> MIIEfakefakefake\n> fakefakefakefake\n",
        "certificate ca 01\n  30820255 30820201\n  A0030255 02010130\n  quit",
    ],
)
def test_key_material_in_blocks_is_removed_with_or_without_its_end(block: str):
    result = SANITIZER.sanitize(f"before\n{block}\nnext line stays")

    assert "fake" not in result.text
    assert "0255" not in result.text
    assert result.text.startswith("before\n")
    assert result.text.endswith("next line stays")


def test_an_unexplained_secret_beside_a_credential_word_holds():
    result = SANITIZER.sanitize("the passphrase we had to use: see note aZ9kQ2mX7vB4")

    assert result.held
    assert {wire.rule for wire in result.tripwires} == {"unexplained-secret"}
    assert {(wire.start, wire.end) for wire in result.tripwires} == {(0, 0)}


def test_a_doubtful_value_beside_a_credential_word_only_trips():
    result = SANITIZER.sanitize("secret rotation done, see ticket page4711b")

    assert not result.held
    assert [w.rule for w in result.tripwires] == ["unexplained-value"]
    wire = result.tripwires[0]
    assert result.text[wire.start : wire.end] == "page4711b"


def test_a_token_of_ours_is_not_a_secret_again_and_a_lookalike_is():
    ours = SANITIZER.sanitize("password: Winter2024!").text
    lookalike = "password: ZCRED_ABCDEFGHIJKLM"

    assert SANITIZER.sanitize(ours).text == ours
    assert SANITIZER.looks_clean(ours)
    assert "ABCDEFGHIJKLM" not in SANITIZER.sanitize(lookalike).text


def test_a_community_that_spells_a_routing_word_by_chance_is_still_a_secret():
    text = ' community "cy5rQP0kRIXjpjjjsjy/3SWFVyykNIe0XCPqtbz4zga=" hash2 r'

    assert "cy5rQP0k" not in SANITIZER.sanitize(text).text


@pytest.mark.parametrize(
    "secret", ["!winter24", "{winter24}", "a00000000.AB", "winter24()", "win.TER_MUTE9"]
)
def test_no_exemption_for_code_lets_a_password_through(secret: str):
    assert secret not in SANITIZER.sanitize(f"enable secret 0 {secret}").text
