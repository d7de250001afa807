"""What texts are judged by: signs of incompleteness, conflicts, variety, gates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.duplicates import fingerprint
from annotation.domain.scale import DEFAULT_SCALE
from training.domain.gates import Gate, gates
from training.domain.row_quality import RowQuality, TextFacts
from training.domain.rows import Row
from training.domain.text_checks import shortness_of_answer, signs_of_incompleteness


def rules(text: str) -> list[str]:
    return [rule for rule, _ in signs_of_incompleteness(text)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Gi0/1 up\n --More-- ", "text_paged"),
        ("line 1\n---(more)---", "text_paged"),
        ("line 1\n<--- More --->", "text_paged"),
        ("log [truncated] end", "text_truncated"),
        ("log (snipped) end", "text_truncated"),
        ("See the attached log", "text_attachment"),
        ("please see attachment", "text_attachment"),
        ("cause: TBD", "text_draft"),
        ("```\nshow run", "text_open_fence"),
        ("the switch reports: \n", "text_ends_open"),
        ("drops on vlan 5,", "text_ends_open"),
    ],
)
def test_a_text_that_is_not_all_there_is_recognised(text, rule):
    assert rules(text) == [rule]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Link down on core 2.",
        "more errors -- see the ticket",
        "```\nshow run\n```",
        "the todolist app is slow",
        "spanning tree (cut over at noon) failed",
    ],
)
def test_a_whole_text_passes(text):
    assert rules(text) == []


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("", []),
        ("reboot", ["answer_short"]),
        ("replace the optic", []),
        ("replace the optic", ["answer_thin"]),
    ],
)
def test_an_answer_may_be_too_short_by_itself_or_beside_its_prompt(answer, found):
    prompt = "x" * (1000 if found == ["answer_thin"] else 100)

    assert [rule for rule, _ in shortness_of_answer(answer, prompt)] == found


def noted(*rows: tuple[str, str]) -> RowQuality:
    quality = RowQuality(1, DEFAULT_SCALE)
    for number, (text, label) in enumerate(rows):
        row = Row(f"T{number}", text, label, "TRAIN")
        quality.note(row, fingerprint(text, masked=True))
    return quality


def test_the_same_story_on_another_router_with_another_label_is_a_conflict():
    quality = noted(
        ("10.0.0.1 lost its uplink", "high"),
        ("10.9.9.9 lost its uplink", "low"),
        ("all is well", "low"),
    )

    [finding] = quality.findings()

    assert finding.rule == "same_text_other_label"
    assert finding.item == "T0, T1"
    assert quality.facts().consistent == 1
    assert quality.facts().unique == 3


def test_exact_copies_count_once():
    facts = noted(
        ("Link down:", "high"), ("link  down:", "high"), ("ok", "low")
    ).facts()

    assert (facts.examples, facts.unique, facts.complete) == (3, 2, 1)


def test_texts_that_repeat_each_other_are_said_to():
    alike = noted(
        *((f"the same old words again and again {n}", "low") for n in range(40))
    )
    other = noted(*((f"word{n} other{n} third{n}", "low") for n in range(40)))

    assert "texts_alike" in {f.rule for f in alike.findings()}
    assert other.findings() == []
    assert other.facts().distinct_2 == 1.0


@given(st.lists(st.tuples(st.text(max_size=40), st.sampled_from("ab")), max_size=40))
def test_figures_are_never_more_than_what_they_are_part_of(rows):
    facts = noted(*rows).facts()

    assert facts.examples == len(rows)
    assert facts.complete <= facts.unique <= facts.examples
    assert facts.consistent <= facts.unique
    assert list(facts.characters.values()) == sorted(facts.characters.values())


@pytest.mark.parametrize(
    ("passed", "checked", "standing"),
    [(50, 50, "open"), (100, 100, "good"), (94, 100, "short"), (0, 0, "open")],
)
def test_a_gate_is_good_only_when_its_whole_interval_is(passed, checked, standing):
    assert Gate("safe", "", "", passed, checked).standing == standing


def test_what_the_sanitizer_holds_back_has_not_passed():
    facts = noted(*((f"text number {n}", "low") for n in range(8))).facts()

    found = {
        g.name: g for g in gates(facts, {"held": 1, "unsafe": 1}, {"alpaca": (8, 9)})
    }

    assert (found["safe"].passed, found["safe"].checked) == (8, 10)
    assert (found["format_alpaca"].passed, found["format_alpaca"].checked) == (8, 9)
    assert found["safe"].as_json()["share"]["ci"][1] < 1


@pytest.mark.parametrize(("valid", "passed"), [(10, 6), (9, 5), (2, 0)])
def test_copies_count_once_in_the_gate_of_a_format(valid, passed):
    texts = TextFacts(
        examples=10,
        unique=6,
        complete=6,
        consistent=6,
        characters={},
        distinct_2=None,
        sampled=0,
    )

    gate = gates(texts, {}, {"alpaca": (valid, 10)})[-1]

    assert (gate.passed, gate.checked) == (passed, 6)
