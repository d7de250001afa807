"""Pseudonym chips: tokens become chips, everything else is escaped as it stands."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.sanitize.pseudonyms import LABELS, Keyring
from annotation.templatetags.chips import chips

HOST = "ZHOST_A7KQ2MNBVCX3D"


class Reader(HTMLParser):
    """Collects the text, the tags and the chips' titles of a fragment."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags, self.titles = "", [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.titles += [value for name, value in attrs if name == "title"]

    def handle_data(self, data):
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def test_a_token_becomes_a_short_chip_with_the_token_on_hover():
    assert chips(f"on {HOST}.") == (
        'on <span class="chip chip-host is-net" title="ZHOST_A7KQ2MNBVCX3D">'
        "host <b>A7K</b></span>."
    )


@pytest.mark.parametrize("kind", sorted(LABELS))
def test_every_kind_of_pseudonym_has_its_own_name(kind: str):
    token = Keyring(bytes(32)).token(kind, "some value 1")

    html = chips(token)

    assert read(html).titles == [token]
    assert "is-other" not in html


def test_markup_in_a_ticket_is_text():
    ticket = f'<script>alert("{HOST}")</script><img src=x onerror=1>'

    page = read(
        Template("{% load chips %}{{ t|chips }}").render(Context({"t": ticket}))
    )

    assert set(page.tags) == {"span", "b"}
    assert page.text == ticket.replace(HOST, "host A7K")


@given(st.text())
def test_any_text_without_a_token_reads_back_unchanged(text: str):
    # The parser of the page turns a lone carriage return into a newline.
    html = chips(text)

    assert not re.search(r"<(?!/?(span|b)\b)", html)
    if "Z" not in text and "\r" not in text and "\0" not in text:
        assert read(html).text == text


@pytest.mark.parametrize(
    "text",
    ["ZHOST_A7K", "zhost_a7kq2mnbvcx3d", f"X{HOST}", f"{HOST}9", "ZHOST_A7KQ2MNBVCX31"],
)
def test_a_lookalike_stays_plain(text: str):
    assert chips(text) == text


def test_two_tokens_of_one_text_never_look_alike():
    twin = "ZHOST_A7KQ3MNBVCX3D"

    page = read(chips(f"{HOST} {twin} {HOST}"))

    assert page.text == "host A7KQ2 host A7KQ3 host A7KQ2"


def test_an_unknown_kind_is_named_by_its_label():
    assert "chip-vlan is-other" in chips("ZVLAN_A7KQ2MNBVCX3D")
