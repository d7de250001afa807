"""The checks before a freeze, and the checks of a file that anybody made."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.domain.file_checks import TokenLimit, check_file
from training.domain.findings import LISTED_PER_RULE
from training.domain.formats import FormatError
from training.domain.recipe import GoldRule, Holdout, HoldoutMode, Recipe, Split
from training.domain.validation import Item, Resemblance, check_dataset

LEVELS = ("high", "low")
START = datetime(2026, 1, 1, tzinfo=UTC)


def sound(count: int = 200) -> list[Item]:
    """A dataset with nothing to say about it."""
    splits = [Split.TRAIN] * 7 + [Split.DEV, Split.CALIBRATION, Split.TEST]
    return [
        Item(
            id=f"T{n}",
            split=splits[n % 10],
            label=LEVELS[n // 10 % 2],
            fingerprint=f"{n}",
            opened_at=START + timedelta(hours=n),
        )
        for n in range(count)
    ]


def rules(items, recipe=None, **facts) -> dict[str, str]:
    findings = check_dataset(items, levels=LEVELS, recipe=recipe or Recipe(), **facts)
    return {finding.rule: finding.severity.value for finding in findings}


def test_a_sound_dataset_has_no_findings():
    assert rules(sound()) == {}


def test_an_exact_copy_in_another_split_is_an_error():
    items = sound()
    items[9] = replace(items[9], fingerprint=items[0].fingerprint)

    assert rules(items) == {"duplicate_across_splits": "E"}


def test_an_exact_copy_within_a_split_is_a_warning():
    items = sound()
    items[1] = replace(items[1], fingerprint=items[0].fingerprint)

    assert rules(items) == {"duplicate": "W"}


def test_one_text_with_two_labels_is_a_conflict():
    items = sound()
    items[10] = replace(items[10], fingerprint=items[0].fingerprint)

    assert rules(items) == {"duplicate_conflict": "W"}


def test_a_near_pair_matters_only_across_splits():
    across = Resemblance("T0", Split.TRAIN, "T9", Split.TEST, 0.91)
    within = Resemblance("T0", Split.TRAIN, "T1", Split.TRAIN, 0.91)

    assert rules(sound(), resemblances=[across]) == {
        "near_duplicate_across_splits": "E"
    }
    assert rules(sound(), resemblances=[within]) == {}


def test_an_unknown_label_is_an_error():
    items = sound()
    items[0] = replace(items[0], label="p7")

    assert rules(items)["label_unknown"] == "E"


def test_a_class_is_too_small_below_the_recipes_minimum():
    few = [i for i in sound() if i.label == "high" or i.split is not Split.TRAIN]
    kept = [i for i in sound() if i.label == "low" and i.split is Split.TRAIN]

    assert rules([*few, *kept[:5]]).get("class_too_small") is None
    assert rules([*few, *kept[:4]])["class_too_small"] == "E"
    assert "class_too_small" not in rules([*few, *kept[:4]], Recipe(min_per_class=4))


def test_a_level_that_never_occurs_is_only_a_warning():
    items = [replace(i, label="high") for i in sound()]

    assert rules(items) == {"class_absent": "W"}


def test_a_class_below_a_tenth_of_its_even_share_is_rare():
    items = sound(2000)
    low = [i for i in items if i.label == "low"]
    others = [i for i in items if i.label == "high"]

    found = rules([*others, *low[:40]], Recipe(min_per_class=1))

    assert found == {"class_rare": "W"}


@pytest.mark.parametrize(
    ("count", "severity"), [(9, "E"), (10, "W"), (49, "W"), (50, "I"), (99, "I")]
)
def test_few_training_examples_weigh_the_more_the_fewer_they_are(count, severity):
    train = [i for i in sound(300) if i.split is Split.TRAIN][:count]
    others = [i for i in sound(300) if i.split is not Split.TRAIN]

    found = rules([*train, *others], Recipe(min_per_class=1))

    assert found["few_examples"] == severity


def test_an_empty_split_is_mentioned():
    items = [i for i in sound() if i.split is not Split.DEV]

    assert rules(items) == {"split_empty": "W"}


def test_a_group_that_dominates_is_mentioned():
    items = [replace(i, group="g-1") if n < 11 else i for n, i in enumerate(sound())]

    assert rules(items) == {"group_large": "W"}
    assert rules(items[2:]) == {}


def test_a_test_ticket_older_than_a_training_ticket_is_mentioned():
    temporal = Recipe(test=Holdout(HoldoutMode.LATEST, latest=10))

    assert rules(sound(), temporal) == {"test_before_train": "W"}
    assert rules(sound()) == {}


def test_a_single_source_and_waiting_gold_are_said():
    loose = Recipe(gold_rule=GoldRule.SINGLE_SOURCE)

    assert rules(sound(), loose) == {"single_source": "W"}
    assert rules(sound(), waiting_for_gold=3) == {"gold_waiting": "W"}


def test_a_rule_that_fires_often_is_listed_shortly_and_counted():
    items = [replace(i, label="p7") for i in sound(100)]

    findings = check_dataset(items, levels=LEVELS, recipe=Recipe())

    unknown = [f for f in findings if f.rule == "label_unknown"]
    assert len(unknown) == LISTED_PER_RULE + 1
    assert unknown[-1].message == "and 80 more of this rule"


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
    lines = [chat(("user", f"u{n}"), ("assistant", "a")) for n in range(100)]
    long = chat(("user", "w " * (words - 1)), ("assistant", "a"))
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
    with pytest.raises(FormatError, match="alpaca"):
        check_file([GOOD], "alpaca")


@given(
    st.lists(st.binary(max_size=40), max_size=5),
    st.sampled_from(["openai_chat", "classification"]),
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
                ["messages", "role", "content", "id", "text", "label", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=4), st.sampled_from(["openai_chat", "classification"]))
def test_no_json_breaks_the_checker(values, format_name):
    report = check_file([json.dumps(v).encode() for v in values], format_name)

    assert report.passed <= report.rows == len(values)
