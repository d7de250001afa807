"""What is looked at before a run, and that what fails there is never launched."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from annotation.domain.queue import FLAGGED
from netft_site.base.refusals import Refused
from tests.factories import JobFactory
from tests.training.frozen import TEXTS, frozen_dataset
from tests.training.looked import look, withhold
from tests.training.pages import page_of, text_of
from training.domain.hyperparameters import AUTO
from training.domain.preflight import report_sha256
from training.domain.xray import settled_length
from training.ml.data import settle_max_length
from training.models import TrainingRun
from training.services import base_models, runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def encoder():
    return base_models.resolve_base_model("all-minilm-l6-v2")


def states(report) -> dict[str, str]:
    return {check.code: check.state.value for check in report.checks}


def test_a_sound_run_is_let_through_with_its_figures(dataset, encoder):
    report = look(dataset, encoder)

    assert report.blocking is None
    assert set(states(report).values()) == {"holds"}
    facts = report.as_dict()
    assert facts["rows"] == facts["tokens"]["rows"] == 24
    assert 10 < facts["tokens"]["points"]["0.5"] < 30
    assert facts["memory"]["total"] > 90 << 20
    assert facts["time"]["seconds_likely"] > 0
    assert len(facts["sha256"]) == 64
    assert json.loads(json.dumps(facts)) == facts


def test_equal_looks_have_equal_figures(dataset, encoder):
    one, two = look(dataset, encoder), look(dataset, encoder)

    assert one.lengths == two.lengths
    assert (one.done, two.done) == (72, 72)


@pytest.mark.parametrize("base", ["majority", "tfidf-lr"])
def test_a_baseline_that_reads_no_tokens_has_no_memory_to_estimate(dataset, base):
    report = look(dataset, base_models.resolve_base_model(base))

    assert report.blocking is None
    assert report.lengths is None
    assert report.needs is None


def test_the_report_is_kept_with_the_run_that_it_let_through(
    dataset, encoder, erin, browser_of
):
    run = runs.queue(dataset=dataset, base_model=encoder)

    run.refresh_from_db()
    facts = {k: v for k, v in run.preflight.items() if k != "sha256"}
    assert report_sha256(facts) == run.preflight_sha256 == run.preflight["sha256"]
    page = browser_of(erin).get(page_of(run))
    assert "What was looked at before it started" in text_of(page)
    assert "Every label is one of the dataset's levels." in text_of(page)


@pytest.mark.parametrize(("state", "because"), [("EXCLUDED", FLAGGED), ("HELD", "")])
def test_a_record_in_the_sanitizing_review_forbids_the_launch(
    dataset, encoder, state, because
):
    record = withhold(dataset, because, state)

    with pytest.raises(Refused) as refusal:
        runs.queue(dataset=dataset, base_model=encoder)

    assert refusal.value.code == "record_withheld"
    assert f"{record.external_id} waits in the sanitizing" in refusal.value.message
    assert not TrainingRun.objects.exists()


def test_a_record_excluded_by_hand_warns_and_is_launched(dataset, encoder):
    withhold(dataset, because="")

    run = runs.queue(dataset=dataset, base_model=encoder)

    assert states(look(dataset, encoder))["record_excluded"] == "warns"
    assert run.job.state == "QUEUED"


def test_a_label_outside_the_levels_is_counted_and_named(project, encoder):
    odd = [{"label": "urgent"}] * 5
    dataset = frozen_dataset(project, extra={"TRAIN": odd})

    report = look(dataset, encoder)

    assert report.blocking.code == "label_unknown"
    assert report.blocking.message == (
        "5 rows (TRAIN-0, TRAIN-1, TRAIN-2 and 2 more): The label is none of the "
        "dataset's levels."
    )


@pytest.mark.parametrize("split", ["TEST", "CALIBRATION"])
def test_a_text_to_be_measured_with_must_not_be_learned(project, encoder, split):
    same = TEXTS["critical"].format(n=f"{split.lower()}-0").upper()
    dataset = frozen_dataset(
        project, extra={"TRAIN": [{}, {"text": same}]}, **{split: 4}
    )

    report = look(dataset, encoder)

    assert report.blocking.code == "measured_text_learned"
    assert "TRAIN-1" in report.blocking.message
    assert "uplink" not in json.dumps(report.as_dict())


def test_a_level_without_a_row_to_learn_from_warns(project, encoder):
    low = [{"label": "low"}] * 24
    dataset = frozen_dataset(project, extra={"TRAIN": low})

    report = look(dataset, encoder)

    assert states(report)["class_empty"] == "warns"
    assert report.blocking is None


def test_a_row_without_a_token_that_the_model_knows_fails(project, encoder):
    alarm = {"text": "\U0001f525 \U0001f6a8"}
    dataset = frozen_dataset(project, extra={"TRAIN": [alarm]})

    report = look(dataset, encoder)

    assert report.blocking.code == "no_known_token"
    assert "TRAIN-0" in report.blocking.message


def test_cut_texts_warn_and_are_counted(project, encoder):
    long = "The uplink of the core router flaps. " * 40
    dataset = frozen_dataset(project, extra={"TRAIN": [{"text": long}] * 3})

    report = look(dataset, encoder, hyperparameters={"max_length": "32"})

    assert states(report)["text_truncated"] == "warns"
    assert (report.lengths.over, report.lengths.limit) == (3, 32)
    assert report.lengths.longest == 32


def test_a_run_that_cannot_be_asked_for_is_a_failed_check(dataset, encoder):
    report = look(dataset, encoder, hyperparameters={"lr": "fast"})

    assert [check.code for check in report.checks] == ["hyperparameter"]
    assert report.blocking.title == "What was asked for"


def test_a_file_that_is_not_the_frozen_one_forbids_the_launch(
    dataset, encoder, settings
):
    path = Path(settings.DATA_DIR) / dataset.path / "train.jsonl"
    path.write_bytes(path.read_bytes().replace(b"uplink", b"downlk"))

    assert look(dataset, encoder).blocking.code == "file_damaged"


def test_a_busy_device_warns_that_the_run_waits(dataset, encoder):
    JobFactory(state="QUEUED")

    report = look(dataset, encoder)

    assert states(report)["device_busy"] == "warns"
    assert "1 job before it" in report.checks[0].message


def test_an_unfinished_look_forbids_the_launch_and_goes_on(project, encoder):
    dataset = frozen_dataset(project, TRAIN=2000)

    first = look(dataset, encoder, seconds=0.0)
    second = look(dataset, encoder, seconds=0.0)
    with pytest.raises(Refused) as refusal:
        runs.queue(dataset=dataset, base_model=encoder, patience=0.0)
    last = look(dataset, encoder)

    assert first.blocking.code == "preflight_unfinished" == refusal.value.code
    assert 0 < first.done < second.done < last.done == last.total
    assert last.blocking is None
    assert last.lengths.rows == 2000


def test_stretches_end_with_what_one_walk_finds(project, encoder):
    texts = [{"text": "word " * n} for n in range(1, 1200)]
    dataset = frozen_dataset(project, TRAIN=1200, TEST=900, extra={"TRAIN": texts})
    while not (pieces := look(dataset, encoder, seconds=0.0)).is_complete:
        pass
    other = frozen_dataset(
        project, name="other", TRAIN=1200, TEST=900, extra={"TRAIN": texts}
    )

    whole = look(other, encoder)

    assert pieces.lengths == whole.lengths
    assert pieces.longest == whole.longest
    assert pieces.longest[0] == (1201, 1198)


def test_the_command_and_the_launch_refuse_with_the_same_words(project, capsys):
    frozen_dataset(project, extra={"DEV": [{"label": "urgent"}]})
    asked = ["--dataset=triage", "--base-model=all-minilm-l6-v2", "--json"]

    call_command("preflight", *asked)
    told = json.loads(capsys.readouterr().out)
    with pytest.raises(Refused) as refusal:
        call_command("train", *asked)

    assert told["may_start"] is False
    assert told["checks"][0]["code"] == refusal.value.code == "label_unknown"
    assert told["checks"][0]["message"] in refusal.value.message


def test_the_command_tells_people_what_holds_and_what_it_takes(dataset, capsys):
    call_command("preflight", dataset="triage", base_model="all-minilm-l6-v2")

    told = capsys.readouterr().out
    assert "all-minilm-l6-v2 on noc/triage@1 may start." in told
    assert "holds  Labels" in told
    assert "24 rows to learn from" in told
    assert "Memory: about" in told
    assert "Time: at least" in told


def test_a_length_is_settled_as_the_training_settles_it():
    for given, lengths in [(AUTO, [3, 70, 700]), (AUTO, [*range(300)]), (99, [])]:
        theirs = settle_max_length(given, np.array(lengths), 256, 512)
        assert settled_length(given, lengths, 256) == theirs
