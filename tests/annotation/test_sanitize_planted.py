"""A secret that is planted behind a known keyword never survives, in any dress."""

from __future__ import annotations

import string

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.annotation.sanitizing import SANITIZER

# One place for a value each, as each vendor and format writes it.
TEMPLATES = (
    "enable secret 0 {}",
    "enable password 7 {}",
    "username fakeuser privilege 15 secret 0 {}",
    "username fakeuser password {}",
    "snmp-server community {} RO",
    "snmp-server host 10.1.1.1 version 2c {}",
    "snmp-server user u1 g1 v3 auth sha {} priv aes 128 other1Pazz",
    "tacacs-server host 10.1.1.1 key 7 {}",
    "radius-server key {}",
    "crypto isakmp key {} address 10.1.1.1",
    " neighbor 10.1.1.1 password {}",
    " ip ospf message-digest-key 1 md5 {}",
    "  key-string {}",
    "ntp authentication-key 1 md5 {} 7",
    " wpa-psk ascii 0 {}",
    'set system root-authentication encrypted-password "{}"',
    'set snmp community "{}" authorization read-only',
    'set security ike policy p pre-shared-key ascii-text "{}"',
    "set psksecret {}",
    "set passwd {}",
    "set deviceconfig system snmp-setting access version v2c snmp-community-string {}",
    "local-user bob password irreversible-cipher {}",
    "snmp-agent community read cipher {}",
    "/user add name=bob password={}",
    "set system login user bob authentication plaintext-password '{}'",
    "password: {}",
    "passwd={}",
    '{{"password": "{}"}}',
    '{{"snmp_community":"{}","vlan":5}}',
    "db_password: '{}'",
    "<password>{}</password>",
    "export API_KEY={}",
    "curl -H 'Authorization: Bearer {}' https://x.example",
    "curl -u admin:{} https://10.1.1.1/",
    "sshpass -p {} ssh 10.1.1.1",
    "snmpwalk -v2c -c {} 10.1.1.1",
    "the psk is {}",
    "password was changed to {} today",
    "logged in with admin / {}",
    "ansible_ssh_pass={}",
)
STRENGTH = string.ascii_letters + string.digits
SPECIAL = "!@#$%^*_+=.~?-"
chosen = st.text(STRENGTH + SPECIAL, min_size=12, max_size=24)
secrets = chosen | st.text(string.digits, min_size=12, max_size=16)


def wrapped(line: str, dress: str) -> str:
    """A line as it stands in a mail, a diff, a session, a log or a script."""
    return {
        "bare": line,
        "quoted mail": f"> {line}",
        "diff": f"+{line}",
        "session": f"rtr-1(config)#{line}",
        "windows": f"before\r\n{line}\r\nafter",
        "middle": f"some text before\n{line}\nsome text after",
        "comment": f"! {line}",
        "no-break": line.replace(" ", "\u00a0"),
        "full width": line.replace(":", "：").replace("password", "ｐａｓｓｗｏｒｄ"),
        "hidden": line.replace("pass", "pa\u200bss"),
    }[dress]


DRESSES = ("bare", "quoted mail", "diff", "session", "windows", "middle", "comment",
           "no-break", "full width", "hidden")  # fmt: skip


def is_password(value: str) -> bool:
    """No mask and no word, framed by letters or digits as a word in a line must be."""
    return (
        len(set(value)) > 4
        and value[0] in STRENGTH
        and value[-1] in STRENGTH
        and ".." not in value
        and any(char.isdigit() or char in "!@#$%^*+=~?" for char in value)
    )


@settings(max_examples=3000, deadline=None)
@given(
    template=st.sampled_from(TEMPLATES),
    secret=secrets,
    dress=st.sampled_from(DRESSES),
)
def test_a_planted_secret_never_survives(template: str, secret: str, dress: str):
    assume(is_password(secret))

    result = SANITIZER.sanitize(wrapped(template.format(secret), dress))

    assert secret not in result.text


@settings(max_examples=600, deadline=None)
@given(
    template=st.sampled_from(TEMPLATES),
    first=secrets,
    second=secrets,
    then=st.sampled_from((" password {}", ", password: {}", ' secret "{}"', " key {}")),
)
def test_a_second_secret_on_a_line_changes_nothing_for_the_first(
    template: str, first: str, second: str, then: str
):
    assume(is_password(first) and is_password(second) and first != second)
    line = template.format(first)

    both = SANITIZER.sanitize(line + then.format(second)).text

    assert first not in both


@settings(max_examples=600, deadline=None)
@given(before=st.binary(max_size=120), secret=secrets, after=st.binary(max_size=120))
def test_bytes_of_any_kind_around_a_secret_do_not_let_it_through(
    before: bytes, secret: str, after: bytes
):
    assume(is_password(secret))
    raw = before + b"\npassword: " + secret.encode() + b"\n" + after

    result = SANITIZER.sanitize(raw.decode("utf-8", "surrogateescape"))

    assert secret not in result.text
    assert not result.reason.startswith("engine failure")
