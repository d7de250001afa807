"""The tasks' words: what is asked, what is answered, and what an answer has to be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.scale import DEFAULT_SCALE
from training.domain.formats import FormatError, Row, convert
from training.domain.formats.registry import FORMATS, Takes
from training.domain.tasks import (
    TASKS,
    VERSIONS,
    Material,
    answer_problem,
    answer_schema,
    fill,
    materials_of,
    turns,
)

CAUSES = ("optics", "power")
ANYTHING = Material(
    answer="Run show interface Gi1/0/5, then reseat the optic.",
    resolution="interface Gi1/0/5\n no shutdown",
    root_cause="optics",
    category="wan",
    prompt="What first?",
    preferred="Look at the light levels.",
    rejected="Reboot it.",
    repeats="INC7",
    earlier=(("INC7", "Uplink flaps"), ("INC3", "Fan failed")),
)


def row_of(task: str, material: Material = ANYTHING) -> Row:
    label = "high" if TASKS[task].is_labelled else ""
    filled = fill(task, material)
    return Row("INC9", "Uplink down", label, "TRAIN", "wan", task=task,
               root_cause="optics", **filled)  # fmt: skip


def said(task: str, material: Material = ANYTHING) -> str:
    return turns(row_of(task, material), DEFAULT_SCALE, CAUSES).assistant


@pytest.mark.parametrize("task", sorted(set(VERSIONS) - {"domain_text"}))
def test_what_a_row_answers_is_a_valid_answer_of_its_task(task):
    assert answer_problem(task, said(task), DEFAULT_SCALE, CAUSES) == ""


@pytest.mark.parametrize("task", TASKS)
def test_a_row_of_every_task_has_a_place_in_the_formats_that_take_it(task):
    row = row_of(task)

    for name, form in FORMATS.items():
        if form.takes_row(row):
            assert json.dumps(convert(row, name, DEFAULT_SCALE, CAUSES))
        else:
            with pytest.raises(FormatError):
                convert(row, name, DEFAULT_SCALE, CAUSES)
    assert FORMATS["text"].takes is Takes.TEXTS


def test_domain_text_is_no_exchange():
    with pytest.raises(FormatError):
        turns(row_of("domain_text"), DEFAULT_SCALE)


def test_a_triage_answer_is_json_with_the_earlier_ticket_in_the_question():
    asked = turns(row_of("triage"), DEFAULT_SCALE, CAUSES)

    assert json.loads(asked.assistant) == {
        "severity": "high",
        "root_cause": "optics",
        "next_step": "Run show interface Gi1/0/5, then reseat the optic.",
        "logs_to_pull": ["show interface Gi1/0/5"],
        "probable_duplicate_of": "INC7",
    }
    assert asked.user == (
        "Uplink down\n\nEarlier tickets:\n- INC7: Uplink flaps\n- INC3: Fan failed"
    )
    assert "- optics\n- power" in asked.system


def test_a_triage_answer_says_null_where_nothing_is_known():
    alone = Material(answer="Call the carrier.")

    answer = json.loads(said("triage", alone))

    assert answer["root_cause"] is answer["probable_duplicate_of"] is None
    assert answer["logs_to_pull"] == []


def test_a_configuration_stands_in_a_fence_that_it_cannot_close():
    tricky = Material(resolution="banner ```\nend", attributes={"explanation": "Why."})

    assert said("config_generation", tricky) == "````\nbanner ```\nend\n````\n\nWhy."


def test_a_resolution_names_the_diagnosis_where_there_is_one():
    assert said("resolution").startswith("Diagnosis: Run show interface")
    assert said("resolution", Material(resolution="Replaced.")) == (
        "Resolution: Replaced."
    )


def test_what_the_record_lists_comes_before_what_the_answer_names():
    listed = Material(answer="show log", attributes={"logs_to_pull": "a.log; b.log"})

    assert fill("triage", listed)["fields"]["logs_to_pull"] == ["a.log", "b.log"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Check `show ip bgp` and /var/log/a", ["show ip bgp", "/var/log/a"]),
        ("Show the customer the invoice.", []),
        ("display bgp peer on both, then display bgp peer", ["display bgp peer"]),
        ("Run show log. Then wait.", ["show log"]),
        ("shows show up", []),
    ],
)  # fmt: skip
def test_commands_are_told_from_prose(text, found):
    assert materials_of(text) == found


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("", "not JSON"),
        ("[]", "the answer: of the wrong type"),
        ('{"severity": "high"}', "a key is missing"),
        ("{}", "a key is missing"),
    ],
)
def test_an_answer_that_is_none_is_said_to_be_so(answer, problem):
    assert problem in answer_problem("triage", answer, DEFAULT_SCALE)


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("severity", "urgent", "severity: not one"),
        ("root_cause", "gremlins", "root_cause: not one"),
        ("next_step", "", "next_step: empty"),
        ("logs_to_pull", "show log", "logs_to_pull: of the wrong type"),
        ("comment", "gossip", "not expected"),
    ],
)
def test_a_wrong_key_is_named_and_its_value_is_not(key, value, problem):
    answer = {**json.loads(said("triage")), key: value}

    found = answer_problem("triage", json.dumps(answer), DEFAULT_SCALE, CAUSES)

    assert problem in found
    assert not value or value not in found


def test_the_schema_lists_levels_and_causes():
    schema = answer_schema("triage", DEFAULT_SCALE, CAUSES)

    assert schema is not None
    assert schema["properties"]["severity"]["enum"] == list(DEFAULT_SCALE.keys)
    assert schema["properties"]["root_cause"]["enum"] == [*CAUSES, None]
    assert answer_schema("severity", DEFAULT_SCALE) is None


_MARKERS = st.sampled_from(
    ["<|im_end|>", "[/INST]", "</s>", "\x00", "\ud800", "\u202e"]
)
_TEXT = st.lists(_MARKERS | st.text(max_size=20), max_size=6).map("".join)


@given(text=_TEXT, answer=_TEXT, task=st.sampled_from(sorted(TASKS)))
def test_no_text_forges_a_turn_or_breaks_a_line(text, answer, task):
    filled = fill(task, Material(answer=answer, resolution=answer, category=answer))
    row = Row("1", text, "high", "TRAIN", task=task, **filled)

    for name, form in FORMATS.items():
        if not form.takes_row(row):
            continue
        line = json.dumps(convert(row, name, DEFAULT_SCALE, CAUSES))
        assert "\n" not in line
        if form.shape or name == "text":
            assert "<|im_end|>" not in line
            assert "[/INST]" not in line
