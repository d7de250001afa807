"""The child that judges labels: found errors, groups, refusals, its result."""

from __future__ import annotations

import json

import pytest

from tests.training.labelled import mislabelled
from tests.training.ml_runs import (
    error,
    run_to_end,
    this_process,
    write_rows,
    write_run,
)
from training.domain import run_files
from training.domain.job_spec import QualitySpec
from training.domain.label_results import read_doubt, read_quality_result
from training.ml.label_check import check_labels
from training.ml.outcomes import BadInput


def spec_of(folder, rows, dev=(), **changes):
    labels = tuple(sorted({row["label"] for row in [*rows, *dev]}))
    return QualitySpec(
        **{
            "labels": labels,
            "train": write_rows(folder, "train.jsonl", rows),
            "dev": write_rows(folder, "dev.jsonl", dev),
            "threads": 1,
            "seed": 1,
            **changes,
        }
    )


def doubts(folder):
    lines = (folder / run_files.DOUBTS).read_bytes().splitlines()
    return [read_doubt(line) for line in lines]


def test_flipped_labels_of_4000_tickets_are_found(tmp_path):
    rows, wrong = mislabelled(4000, classes=10, flips=0.05)

    facts, _ = check_labels(spec_of(tmp_path, rows), this_process(tmp_path))

    found = [doubt.id for doubt in doubts(tmp_path)]
    hits = wrong & set(found)
    assert len(hits) / len(found) > 0.97
    assert len(hits) / len(wrong) > 0.85
    assert set(found[:100]) <= wrong
    assert facts.noise == pytest.approx(0.05, abs=0.01)
    assert facts.doubted == len(found)
    assert facts.accuracy["ci"][0] < facts.accuracy["value"] < facts.accuracy["ci"][1]


def test_a_twin_with_the_same_wrong_label_does_not_vouch_for_it(tmp_path):
    rows, _ = mislabelled(300, classes=3, flips=0)
    liar = {**rows[0], "label": "class1", "group": "G"}
    twins = [{**liar, "id": f"twin{number}"} for number in range(4)]

    check_labels(spec_of(tmp_path, [*rows[1:], *twins]), this_process(tmp_path))

    assert {doubt.id for doubt in doubts(tmp_path)} >= {t["id"] for t in twins}


def test_copies_are_not_examples_of_their_own(tmp_path):
    rows, _ = mislabelled(60, classes=3, flips=0)
    copies = [{**row, "id": f"{row['id']}#copy1", "copy": 1} for row in rows]

    facts, _ = check_labels(spec_of(tmp_path, rows + copies), this_process(tmp_path))

    assert sum(facts.examples.values()) == 60


def test_labels_with_too_few_groups_are_named_and_not_judged(tmp_path):
    rows, _ = mislabelled(120, classes=3, flips=0)
    rare = [{**row, "id": f"r{row['id']}", "label": "rare"} for row in rows[:4]]

    facts, _ = check_labels(spec_of(tmp_path, rows, rare), this_process(tmp_path))

    assert facts.not_judged == {"rare": 4}
    assert "rare" not in facts.thresholds
    assert not {d.id for d in doubts(tmp_path)} & {row["id"] for row in rare}


def test_one_label_cannot_be_judged(tmp_path):
    rows, _ = mislabelled(30, classes=1, flips=0)

    with pytest.raises(BadInput) as refusal:
        check_labels(spec_of(tmp_path, rows), this_process(tmp_path))

    assert refusal.value.code == "too_few_examples"


def test_the_process_leaves_a_result_that_names_its_file(tmp_path):
    rows, _ = mislabelled(90, classes=3, flips=0.1)
    write_run(tmp_path, spec_of(tmp_path, rows[:60], rows[60:]))

    assert run_to_end(tmp_path) == 0

    result = read_quality_result((tmp_path / "result.json").read_bytes())
    assert result.doubts.path == run_files.DOUBTS
    assert sum(result.facts.examples.values()) == 90
    assert result.facts.doubted == len(doubts(tmp_path))
    log = (tmp_path / "events.jsonl").read_text()
    assert "Judging" not in log
    assert '"unit":"folds"' in log.replace(" ", "")


def test_a_changed_file_is_refused_as_data(tmp_path):
    rows, _ = mislabelled(30, classes=2, flips=0)
    spec = spec_of(tmp_path, rows)
    (tmp_path / "train.jsonl").write_text(json.dumps(rows[0]) + "\n")
    write_run(tmp_path, spec)

    assert run_to_end(tmp_path) == 65
    assert error(tmp_path).code == "data_changed"
