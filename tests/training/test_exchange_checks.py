"""What the texts of a file are warned of, in every format and as a whole."""

from __future__ import annotations

import json

import pytest

from training.domain.file_checks import TokenLimit, check_file

LONG = "Reload the line card, then see whether the neighbour comes back."
WORDS = TokenLimit(lambda text: len(text.split()) + 2, limit=10_000)


def openai(asked, said=LONG, system="You triage."):
    turns = [("system", system), ("user", asked), ("assistant", said)]
    return {"messages": [{"role": r, "content": c} for r, c in turns]}


def bedrock(asked, said=LONG, system="You triage."):
    turns = [("user", asked), ("assistant", said)]
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": system}],
        "messages": [{"role": r, "content": [{"text": c}]} for r, c in turns],
    }


def sharegpt(asked, said=LONG, system="You triage."):
    turns = [("human", asked), ("gpt", said)]
    said_so = [{"from": r, "value": c} for r, c in turns]
    return {"system": system, "conversations": said_so}


def alpaca(asked, said=LONG, system="You triage."):
    return {"instruction": system, "input": asked, "output": said}


def trl(asked, said=LONG, system="You triage."):
    prompt = [("system", system), ("user", asked)]
    return {
        "prompt": [{"role": r, "content": c} for r, c in prompt],
        "completion": [{"role": "assistant", "content": said}],
    }


MADE = {
    "openai_chat": openai,
    "bedrock_conversation": bedrock,
    "sharegpt": sharegpt,
    "alpaca": alpaca,
    "trl_conversational": trl,
}
IN_EVERY_FORMAT = pytest.mark.parametrize(("name", "made"), MADE.items())


def found(name, *lines, tokens=None, rule=None):
    """Rule, weight and field of what is found, all or of one rule."""
    data = [json.dumps(line).encode() for line in lines]
    report = check_file(data, name, fewest=0, tokens=tokens)
    return [
        (f.rule, f.severity.value, f.field)
        for f in report.findings
        if f.rule != "few_examples" and rule in (None, f.rule)
    ]


@IN_EVERY_FORMAT
def test_a_good_exchange_is_not_warned_of(name, made):
    assert found(name, made("The uplink flaps."), tokens=WORDS) == []


@IN_EVERY_FORMAT
def test_an_answer_without_a_token_teaches_nothing(name, made):
    counting = TokenLimit(lambda text: 2 + len(text.replace("~", "")), 10_000)

    assert found(name, made("Ups.", "~~"), tokens=counting) == [
        ("answer_no_tokens", "E", "answer")
    ]


@IN_EVERY_FORMAT
def test_an_answer_under_three_tokens_is_warned_of(name, made):
    lines = [made("It flaps.", "reload it"), made("It is up.", "reload it now")]

    assert found(name, *lines, tokens=WORDS) == [("answer_short", "W", "answer")]
    assert found(name, *lines) == []


@IN_EVERY_FORMAT
def test_answers_that_are_nothing_beside_their_prompts_are_counted(name, made):
    lines = [made(f"{n} " + "The uplink flaps. " * 50, "high") for n in range(3)]

    assert found(name, *lines, made("Ups.")) == [("answer_thin", "W", "answer")]


@IN_EVERY_FORMAT
def test_a_prompt_that_was_cut_is_warned_of(name, made):
    lines = [made("show log --More--"), made("Up.", f"{LONG} TODO")]

    assert found(name, *lines) == [
        ("text_draft", "W", "answer"),
        ("text_paged", "W", "prompt"),
    ]


@IN_EVERY_FORMAT
def test_a_prompt_may_end_with_a_colon_and_an_answer_not(name, made):
    assert found(name, made("It flaps. Severity:")) == []
    assert found(name, made("It flaps.", f"{LONG} Then:")) == [
        ("text_ends_open", "W", "answer")
    ]


@IN_EVERY_FORMAT
@pytest.mark.parametrize(("count", "expected"), [(3, []), (4, [("I", "")])])
def test_many_system_turns_are_mentioned(name, made, count, expected):
    lines = [made(f"It flaps {n}.", system=f"You triage {n}.") for n in range(count)]

    said = found(name, *lines, rule="instructions_vary")

    assert said == [("instructions_vary", *one) for one in expected]


def row(number, text, label="high", split="TRAIN"):
    return {"id": f"{number}", "text": text, "label": label, "split": split}


def test_a_rows_text_that_ends_open_is_warned_of():
    assert found("classification", row(1, "The log says:")) == [
        ("text_ends_open", "W", "prompt")
    ]


@pytest.mark.parametrize(
    ("second", "rule", "weight"),
    [
        (row(2, "It flaps."), None, None),
        (row(2, "It flaps.", split="TEST"), "duplicate_across_splits", "E"),
        (row(2, "It flaps.", label="low"), "duplicate_conflict", "W"),
    ],
)
def test_a_text_given_twice_may_be_a_leak_or_a_contradiction(second, rule, weight):
    said = found("classification", row(1, "It flaps."), second)

    expected = [("duplicate", "W", "")]
    if rule:
        expected.append((rule, weight, ""))
    assert sorted(said) == sorted(expected)
