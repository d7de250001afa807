"""What a careful reader found in the factory: fractions, targets, answers, lines."""

from __future__ import annotations

import json

import pytest

from annotation.domain.scale import DEFAULT_SCALE, Grade
from training.domain.file_checks import check_file
from training.domain.recipe_rows import Balance, BalanceBy, Towards, Upsampling
from training.domain.row_quality import RowQuality
from training.domain.rows import Row
from training.domain.sampling import Sample, plan_rows

EVEN = Balance(by=BalanceBy.CATEGORY, towards=Towards.EVEN, cap=20)


def scattered(seniors: int, engineers: int) -> dict[str, Sample]:
    """Seniors, one in each of as many categories, and engineers among them."""
    samples = {f"s{n}": Sample(Grade.SENIOR, "", f"c{n}") for n in range(seniors)}
    for n in range(engineers):
        samples[f"e{n}"] = Sample(Grade.ENGINEER, "", f"c{n % seniors}")
    return samples


@pytest.mark.parametrize(("weight", "rows"), [(1.4, 70), (1.5, 75), (1.6, 80)])
@pytest.mark.parametrize("balance", [None, EVEN])
def test_a_grade_gets_its_rounded_total_however_many_categories_it_is_in(
    weight, rows, balance
):
    samples = scattered(50, 200)
    asked = Upsampling(weights={Grade.SENIOR: weight}, cap=5)

    planned = plan_rows(samples, upsampling=asked, seed=3, balance=balance).rows

    assert sum(planned[key] for key in samples if key.startswith("s")) == rows


@pytest.mark.parametrize("target", [0.3, 0.5, 0.6])
def test_a_target_share_holds_with_the_balance_in_place(target):
    samples = {f"s{n}": Sample(Grade.SENIOR, "", "big") for n in range(60)}
    samples |= {f"e{n}": Sample(Grade.ENGINEER, "", "big") for n in range(140)}
    samples |= {f"j{n}": Sample(Grade.JUNIOR, "", "small") for n in range(20)}
    asked = Upsampling(target_share=target, cap=20)

    planned = plan_rows(samples, upsampling=asked, seed=3, balance=EVEN)

    least = 60 / (200 + 200)
    assert planned.senior_share == pytest.approx(max(target, least), abs=0.02)


def row(task: str, answer: str, **more) -> Row:
    fields = {
        "id": f"INC1#{task}", "record": "INC1", "task": task, "answer": answer,
        "text": "The uplink of the access switch in the north hall is down.",
        "label": "high", "split": "TRAIN", **more,
    }  # fmt: skip
    return Row(**fields)


def test_the_answer_of_every_task_is_judged_whichever_row_comes_first():
    rows = [row("severity", ""), row("resolution", "show log\n --More-- ")]

    told = []
    for order in (rows, rows[::-1]):
        quality = RowQuality(1, DEFAULT_SCALE)
        for one in order:
            quality.note(one, "m")
        found = [finding.rule for finding in quality.findings()]
        told.append((quality.facts().complete, quality.facts().examples, found))

    assert told[0] == told[1]
    assert told[0][:2] == (0, 1)
    assert told[0][2].count("text_paged") == 1


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ({"id": "a", "text": "x", "label": "y", "task": ["z"]}, "classification"),
        ({"id": "a", "text": "x", "label": "y", "task": {"a": 1}}, "classification"),
        ({"prompt": "a", "chosen": "b", "rejected": "c", "messages": 1},
         "trl_preference"),
        ({"prompt": "a", "chosen": "b", "rejected": "c", "conversations": "xyz"},
         "trl_preference"),
        ({"prompt": "a", "completion": "b", "messages": ["hi"]}, "prompt_completion"),
    ],
)  # fmt: skip
def test_an_odd_value_under_a_known_key_is_a_finding_or_nothing(line, form):
    report = check_file([json.dumps(line).encode()], form)

    assert report.rows == 1


def test_a_key_that_stands_twice_is_an_error():
    twice = b'{"prompt": "a", "completion": "hidden", "completion": "b"}'

    report = check_file([twice], "prompt_completion")

    assert "key_twice" in [finding.rule for finding in report.findings]
    assert not report.is_valid
