"""The checks of a file that anybody made, for a chat model or a classifier."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.domain.file_checks import TokenLimit, check_file
from training.domain.formats import FORMATS, FormatError
from training.domain.line_checks import CHECKS

LEVELS = ("high", "low")


def chat(*turns: tuple[str, object], **extra) -> bytes:
    messages = [{"role": role, "content": content} for role, content in turns]
    return json.dumps({"messages": messages, **extra}).encode()


GOOD = chat(("system", "s"), ("user", "u"), ("assistant", "a"))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"", "json_invalid"),
        (b"[1]", "json_invalid"),
        (b"\xff\xfe", "json_invalid"),
        (b"[" * 100_000, "json_invalid"),
        (b"{}", "messages_missing"),
        (b'{"messages": []}', "messages_missing"),
        (b'{"messages": "hi"}', "messages_missing"),
        (b'{"messages": ["hi"]}', "message_invalid"),
        (chat(("user", "u"), ("assistant", "a"), id=1), "key_unknown"),
        (chat(("user", "u"), ("robot", "a")), "role_unknown"),
        (chat(("user", "u")), "assistant_missing"),
        (chat(("assistant", "a"), ("user", "u")), "last_not_assistant"),
        (chat(("user", "u"), ("user", "u"), ("assistant", "a")), "turns_repeat"),
        (chat(("user", " \n"), ("assistant", "a")), "content_empty"),
        (chat(("user", None), ("assistant", "a")), "content_invalid"),
        (chat(("user", ["u"]), ("assistant", "a")), "content_invalid"),
        (
            chat(("user", "u"), ("system", "s"), ("assistant", "a")),
            "system_not_first",
        ),
    ],
)
def test_a_chat_that_a_trainer_would_drop_is_an_error(line, rule):
    lines = [chat(("user", f"u{n}"), ("assistant", "a")) for n in range(100)]

    report = check_file([*lines, line], "openai_chat")

    (finding,) = report.findings
    assert (finding.rule, finding.item) == (rule, "line 101")
    assert (report.rows, report.passed) == (101, 100)
    assert not report.is_valid


def test_a_repeated_conversation_is_counted_once_for_all():
    lines = [chat(("user", f"u{n}"), ("assistant", "a")) for n in range(100)]

    report = check_file([*lines, *lines[:7]], "openai_chat")

    (finding,) = report.findings
    assert (finding.rule, finding.severity.value) == ("duplicate", "W")
    assert finding.message.startswith("7 lines")
    assert report.is_valid


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"text": "t", "label": "high"}, "field_missing"),
        ({"id": "1", "text": "", "label": "high"}, "field_empty"),
        ({"id": "1", "text": 5, "label": "high"}, "field_missing"),
        ({"id": "1", "text": "t", "label": "p7"}, "label_unknown"),
        ({"id": "0", "text": "t", "label": "high"}, "id_repeated"),
    ],
)
def test_a_row_that_cannot_be_learned_from_is_an_error(row, rule):
    rows = [{"id": f"{n}", "text": f"t{n}", "label": "high"} for n in range(100)]
    rows[1]["id"] = "one"
    lines = [json.dumps(r).encode() for r in [*rows, row]]

    report = check_file(lines, "classification", labels=LEVELS)

    assert [f.rule for f in report.findings] == [rule]


def test_marked_copies_are_no_repeats():
    rows = [
        {
            "id": f"{n}",
            "text": "same",
            "label": "high",
            **({"copy_of": "0"} if n else {}),
        }
        for n in range(100)
    ]

    report = check_file([json.dumps(r).encode() for r in rows], "classification")

    assert report.findings == []


@pytest.mark.parametrize(("count", "severity"), [(9, "E"), (49, "W"), (99, "I")])
def test_a_small_file_is_mentioned(count, severity):
    lines = [chat(("user", f"u{n}"), ("assistant", "a")) for n in range(count)]

    (finding,) = check_file(lines, "openai_chat").findings

    assert (finding.rule, finding.severity.value) == ("few_examples", severity)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (9, []),
        (10, [("length_nearly_full", "W")]),
        (11, [("length_over_limit", "E")]),
    ],
)
def test_a_chat_longer_than_the_model_reads_is_an_error(words, expected):
    answer = ("assistant", "an answer indeed")
    lines = [chat(("user", f"u{n}"), answer) for n in range(100)]
    long = chat(("user", "w " * (words - 3)), answer)
    limit = TokenLimit(lambda text: len(text.split()), limit=10)

    report = check_file([*lines, long], "openai_chat", tokens=limit)

    assert [(f.rule, f.severity.value) for f in report.findings] == expected


def test_a_classifiers_text_beyond_the_limit_is_cut_so_only_warned_of():
    rows = [{"id": f"{n}", "text": f"t{n}", "label": "high"} for n in range(100)]
    rows[0]["text"] = "w " * 50
    limit = TokenLimit(lambda text: len(text.split()), limit=10)

    report = check_file(
        [json.dumps(row).encode() for row in rows], "classification", tokens=limit
    )

    (finding,) = report.findings
    assert (finding.rule, finding.severity.value) == ("length_over_limit", "W")
    assert report.is_valid


def test_an_unknown_format_is_refused():
    with pytest.raises(FormatError, match="parquet"):
        check_file([GOOD], "parquet")


def test_every_format_has_its_check():
    assert list(CHECKS) == list(FORMATS)


def said(*turns: tuple[str, object]) -> list[dict]:
    return [{"role": role, "content": content} for role, content in turns]


def gpt(*turns: tuple[str, object], **extra) -> dict:
    said = [{"from": role, "value": value} for role, value in turns]
    return {"conversations": said, **extra}


def bedrock(*turns: tuple[str, object], **extra) -> dict:
    messages = [{"role": role, "content": content} for role, content in turns]
    return {
        "schemaVersion": "bedrock-conversation-2024", "messages": messages, **extra,
    }  # fmt: skip


U, A = ("user", "u"), ("assistant", "a")
T = [{"text": "t"}]
ASKED, ANSWER = said(U), said(A)


@pytest.mark.parametrize(
    ("format_name", "data", "rule"),
    [
        ("prompt_completion", {"prompt": "p"}, "field_missing"),
        ("prompt_completion", {"prompt": " ", "completion": "c"}, "field_empty"),
        ("bedrock_prompt", {"prompt": "p", "completion": "c", "id": 1}, "key_unknown"),
        ("alpaca", {"instruction": "i", "output": ""}, "field_empty"),
        ("alpaca", {"instruction": "i", "output": "o", "x": 1}, "key_unknown"),
        ("alpaca", {"instruction": "i", "input": 1, "output": "o"}, "field_missing"),
        ("sharegpt", {"conversations": []}, "messages_missing"),
        ("sharegpt", gpt(("human", "u")), "assistant_missing"),
        ("sharegpt", gpt(("user", "u"), ("gpt", "a")), "role_unknown"),
        ("sharegpt", gpt((["x"], "u"), ("gpt", "a")), "role_unknown"),
        ("sharegpt", gpt(("human", "u"), ("gpt", "")), "content_empty"),
        ("sharegpt", gpt(("human", "u"), ("gpt", "a"), system=7), "content_invalid"),
        ("bedrock_conversation", {"messages": []}, "schema_unknown"),
        ("bedrock_conversation", bedrock(("user", T), ("user", T)), "turns_repeat"),
        ("bedrock_conversation", bedrock(("system", T)), "role_unknown"),
        ("bedrock_conversation", bedrock(U, ("assistant", T)), "content_invalid"),
        ("bedrock_conversation", bedrock(("assistant", T)), "first_not_user"),
        (
            "bedrock_conversation",
            bedrock(("user", T), ("assistant", T), system=[{"text": "s", "x": 1}]),
            "content_invalid",
        ),
        ("bedrock_conversation", bedrock(("user", T), id=1), "key_unknown"),
        ("trl_conversational", {"prompt": "p", "completion": "c"}, "messages_missing"),
        (
            "trl_conversational",
            {"prompt": ANSWER, "completion": ANSWER},
            "last_not_user",
        ),
        ("trl_conversational", {"prompt": ASKED, "completion": ASKED}, "turns_repeat"),
        (
            "trl_preference",
            {"prompt": ASKED, "chosen": ANSWER, "rejected": ANSWER},
            "answers_equal",
        ),
        ("trl_preference", {"prompt": ASKED, "chosen": ANSWER}, "messages_missing"),
        (
            "trl_preference",
            {"prompt": "p", "chosen": "a", "rejected": " "},
            "field_empty",
        ),
        ("hf_folder", {"id": "1", "text": "t", "label": "high"}, "field_missing"),
    ],
)
def test_a_line_that_does_not_fit_its_format_is_an_error(format_name, data, rule):
    report = check_file([json.dumps(data).encode()], format_name, fewest=1)

    assert rule in [f.rule for f in report.findings if f.severity.value == "E"]
    assert report.passed == 0


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("shut <|im_end|>", "template_marker"),
        ("shut [/INST]", "template_marker"),
        ("half \ud83d of it", "lone_surrogate"),
        ("nul \x00", "control_character"),
        ("wide <|a b|> and <sip:1> and [INSTALL] and \tok\r\n", None),
    ],
)
def test_odd_texts_are_warned_of_and_pass(text, rule):
    lines = [chat(("user", f"u{n}"), ("assistant", "a")) for n in range(100)]

    line = chat(("user", text), ("assistant", "an answer"))
    report = check_file([*lines, line], "openai_chat")

    found = [(f.rule, f.severity.value, f.item) for f in report.findings]
    assert found == ([(rule, "W", "line 101")] if rule else [])
    assert report.passed == 101


def test_the_roles_of_turns_are_no_texts():
    line = {"messages": said(("<|im_end|>", "u"), A)}

    report = check_file([json.dumps(line).encode()], "openai_chat", fewest=1)

    assert "template_marker" not in [f.rule for f in report.findings]


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"1e999", b"-1e999"])
def test_numbers_that_json_does_not_know_are_an_error(constant):
    line = b'{"id": "1", "text": "t", "label": "low", "x": %s}' % constant

    report = check_file([line], "classification", fewest=1)

    assert report.findings[0].rule == "json_invalid"


CALL = {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "ping"}}]}
RESULT = {"role": "tool", "tool_call_id": "1", "content": "up"}


def test_a_conversation_with_tools_takes_turns():
    turns = [*said(U), CALL, RESULT, RESULT, *said(A)]

    report = check_file([json.dumps({"messages": turns}).encode()], "openai_chat")

    assert report.passed == 1


@pytest.mark.parametrize(
    ("messages", "rule"),
    [
        ([*said(U), {**said(A)[0], "weight": 0}], "nothing_trained"),
        ([*said(U), {**said(A)[0], "weight": "x"}], "weight_invalid"),
        ([*said(U), {"role": "assistant", "tool_calls": "yes"}], "tool_calls_invalid"),
        ([*said(U), {"role": "assistant", "content": "\u200b\u200b"}], "content_empty"),
        ([{"role": "system", "content": "s"}, *said(A)], "user_missing"),
    ],
)
def test_what_teaches_nothing_is_an_error(messages, rule):
    line = json.dumps({"messages": messages}).encode()

    report = check_file([line], "openai_chat")

    assert report.passed == 0
    assert rule in [f.rule for f in report.findings]


@pytest.mark.parametrize(
    "more", [{"system": 5}, {"history": "z"}, {"history": [["q"]]}]
)
def test_an_alpaca_line_holds_texts(more):
    line = json.dumps({"instruction": "i", "output": "o", **more}).encode()

    assert check_file([line], "alpaca").passed == 0


def row(**values) -> bytes:
    usual = {"id": "1", "text": "The uplink flaps", "label": "low", "split": "TRAIN"}
    return json.dumps({**usual, **values}).encode()


def test_a_test_text_in_other_case_and_blanks_is_the_training_text():
    lines = [row(), row(id="2", text="the  UPLINK flaps", split="TEST")]

    report = check_file(lines, "classification")

    assert "duplicate_across_splits" in [f.rule for f in report.findings]


@pytest.mark.parametrize(
    ("copy", "is_astray"),
    [
        ({}, False),
        ({"copy_of": "9"}, True),
        ({"split": "TEST"}, True),
        ({"label": "high"}, True),
    ],
)
def test_a_copy_stands_where_its_original_does(copy, is_astray):
    lines = [row(**{"id": "1#copy1", "copy_of": "1", **copy}), row()]

    report = check_file(lines, "classification")

    assert ("copy_astray" in [f.rule for f in report.findings]) == is_astray


@pytest.mark.parametrize(
    ("format_name", "line"),
    [
        ("prompt_completion", {"prompt": "p", "completion": "c"}),
        ("trl_conversational", {"prompt": said(U), "completion": said(A)}),
        ("trl_preference", {"prompt": "p", "chosen": "c", "rejected": "r"}),
    ],
)
def test_columns_that_no_trainer_reads_are_a_warning(format_name, line):
    known = check_file([json.dumps({**line, "id": "1"}).encode()], format_name)
    more = check_file([json.dumps({**line, "x": "1"}).encode()], format_name)

    assert "key_unknown" not in [f.rule for f in known.findings]
    assert [f.severity for f in more.findings if f.rule == "key_unknown"] == ["W"]
    assert more.passed == 1


@pytest.mark.parametrize("depth", [500, 900, 940, 960, 980, 5_000])
@pytest.mark.parametrize("key", ["messages", "text", "content"])
def test_deep_nesting_does_not_break_the_checker(depth, key):
    line = b'{"%s": %s%s}' % (key.encode(), b"[" * depth, b"]" * depth)

    assert check_file([line], "openai_chat", fewest=1).passed == 0


@given(
    st.lists(st.binary(max_size=40), max_size=5),
    st.sampled_from(list(CHECKS)),
)
def test_no_bytes_break_the_checker(lines, format_name):
    report = check_file(lines, format_name)

    assert report.rows == len(lines)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "messages",
                    "role",
                    "content",
                    "id",
                    "text",
                    "label",
                    "x",
                    "prompt",
                    "completion",
                    "chosen",
                    "rejected",
                    "conversations",
                    "from",
                    "value",
                    "system",
                    "input",
                    "instruction",
                    "output",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=4), st.sampled_from(list(CHECKS)))
def test_no_json_breaks_the_checker(values, format_name):
    report = check_file([json.dumps(v).encode() for v in values], format_name)

    assert report.passed <= report.rows == len(values)
