"""The masked form: types for identities, and nothing of how a text is quoted."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from annotation.domain.masking import mask, mask_with_quotation
from annotation.domain.sanitize import Keyring

RING = Keyring(bytes(range(32)))
TOLD = "uplink of the switch flaps\nsince the change window: 12 users affected"
MASKED = "uplink of the switch flaps since the change window: 12 users affected"


def test_the_mask_says_what_stood_there():
    text = f"{RING.token('cred', 'x')} 10.0.0.1 2001:db8::1 7c21.0d3a.91f8 at 12:30:10"

    assert mask(text) == "zcred ip ip mac at 12:30:10"


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("00:11:22:33:44:55", "mac"),
        ("00-11-22-33-44-55", "mac"),
        ("7c21-0d3a-91f8", "mac"),
        ("192.0.2.7", "ip"),
        ("192.0.2.7.9", "192.0.2.7.9"),
        ("2001:DB8:0:0:0:0:0:1", "ip"),
    ],
)
def test_every_form_of_an_address_is_masked(address: str, masked: str):
    assert mask(f"at {address} again") == f"at {masked} again"


def quoted(prefix: str) -> str:
    return "\n".join(prefix + line for line in TOLD.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        quoted("> "),
        quoted(">"),
        quoted("> > "),
        quoted(">>"),
        quoted("| "),
        quoted("> ").replace("\n", "\r\n"),
        "On Tue, 3 Nov 2026 at 10:12, ZPERSON wrote:\n\n" + quoted("> "),
        "On Tue, 3 Nov 2026 at 10:12, ZPERSON\n<zmail> wrote:\n" + quoted("> "),
        "Am 03.11.2026 um 10:12 schrieb Somebody:\n" + quoted("> "),
        "Le 3 nov. 2026 à 10:12, Somebody a écrit :\n" + quoted("> "),
        "> On 3 Nov 2026 somebody wrote:\n" + quoted("> > "),
        "-----Original Message-----\nFrom: a\nSent: 3 Nov\nTo: b\nSubject: c\n" + TOLD,
        "________________________________\nFrom: a\nDate: 3 Nov\nTo: b\n\n" + TOLD,
        "Begin forwarded message:\n\nFrom: a\nSubject: b\nDate: 3 Nov\n\n" + TOLD,
        "---------- Forwarded message ----------\n" + TOLD,
    ],
)
def test_a_ticket_that_is_only_quoted_is_the_ticket(text: str):
    assert mask(text) == MASKED
    assert mask_with_quotation(text)[1] == MASKED


@pytest.mark.parametrize(
    "text",
    [
        "| port | state |\n| gi1 | down |",
        "router> show version\nswitch>",
        "<config>\n<mtu>9000</mtu>\n</config>",
        "on monday the link failed\nthe user wrote: it is down",
        "on 3 nov the link failed, the user wrote: it is down",
        "from: the core to: the edge",
        "from: core1\nthe path is down",
    ],
)
def test_what_only_looks_like_quoting_stays(text: str):
    whole, quotation = mask_with_quotation(text)

    assert whole == " ".join(text.split())
    assert quotation == ""


def test_the_quotation_is_what_was_quoted_and_not_the_reply():
    text = f"Any news?\n\nOn 3 Nov 2026 somebody wrote:\n{quoted('> ')}\n\nRegards"

    whole, quotation = mask_with_quotation(text)

    assert whole == f"any news? {MASKED} regards"
    assert quotation == MASKED


@pytest.mark.parametrize("text", ["> ", ">\n>", "-----Original Message-----"])
def test_marks_of_quoting_alone_are_the_text(text: str):
    assert mask(text) == " ".join(text.lower().split())


@example("0\n|")
@given(st.text(alphabet=">|-:\n\t aonwrteFSubjec0Ü", max_size=80))
def test_case_and_white_space_at_the_end_of_lines_never_matter(text: str):
    spaced = "\n".join(f"{line} \t" for line in text.split("\n"))

    assert mask(text.upper()) == mask(text)
    assert mask(spaced) == mask(text)
    assert bool(mask(text)) == bool(text.strip())
