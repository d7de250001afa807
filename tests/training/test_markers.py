"""Markers of chat templates: found, broken so that nothing takes them for a border."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.domain.formats.markers import (
    break_markers,
    broken_spans,
    has_marker,
    mend,
)

MARKERS = [
    "<|begin_of_text|>", "<|start_header_id|>", "<|eot_id|>", "<|eom_id|>", "<s>",
    "</s>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CALLS]",
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<<SYS>>", "<</SYS>>", "<bos>",
    "<start_of_turn>", "<end_of_turn>", "<think>", "</think>", "<|user|>", "<|end|>",
    "<\uff5cUser\uff5c>", "<\uff5cend\u2581of\u2581sentence\uff5c>", "### Response:",
]  # fmt: skip
INNOCENT = [
    "<sip:alice@example.net>", "[INSTALL]", "a < b | c > d", "<|>", "<||>", "# Notes",
    "## Response", "<strong>", "[info]", "if (x <s && y> z)", "interface <name>",
]  # fmt: skip


@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_is_found_broken_and_mended(marker):
    broken = break_markers(f"see {marker} here")

    assert has_marker(marker)
    assert broken == f"see {marker[0]}\u00b7{marker[1:]} here"
    assert not has_marker(broken)
    assert mend(broken) == f"see {marker} here"


def test_a_marker_that_is_broken_already_gets_one_dot_more():
    text = "<\u00b7|im_end|> and [\u00b7\u00b7INST]"

    broken = break_markers(text)

    assert broken == "<\u00b7\u00b7|im_end|> and [\u00b7\u00b7\u00b7INST]"
    assert mend(broken) == text


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_marker_stays_as_it_is(text):
    assert not has_marker(text)
    assert break_markers(text) == mend(text) == text


DOTTED = [f"{marker[0]}\u00b7{marker[1:]}" for marker in MARKERS]
PIECES = st.sampled_from(
    [*MARKERS, *DOTTED, *"<[#|>]/\u00b7s", "\uff5c", "INST]", "## Input:"]
)
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join)


@given(TEXTS)
def test_any_text_is_free_of_markers_and_comes_back(text):
    broken = break_markers(text)

    assert not has_marker(broken)
    assert mend(broken) == text


@given(TEXTS)
def test_the_parts_of_a_text_make_up_the_broken_text(text):
    spans = broken_spans(text)

    assert "".join(span.text for span in spans) == break_markers(text)
    assert any(span.is_marker for span in spans) == has_marker(text)


def test_a_megabyte_of_starts_is_read_at_once():
    text = "<" + "\u00b7" * 500_000 + "[" * 500_000 + "<|" * 250_000

    assert mend(break_markers(text)) == text
