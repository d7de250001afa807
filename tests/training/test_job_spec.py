from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training.domain.generative_settings import GenerativeHyperparameters, settle
from training.domain.hyperparameters import BaselineHyperparameters, Hyperparameters
from training.domain.job_spec import (
    Architecture,
    Artifact,
    BaselineMethod,
    BaseModelFiles,
    DataFile,
    Objective,
    PredictSpec,
    TrainSpec,
    Tuning,
    read_spec,
    work_sha256,
    write_spec,
)
from training.domain.run_files import (
    EXIT_CODES,
    Event,
    EventKind,
    ExitClass,
    classify_exit,
    split_events,
)
from training.domain.strict_json import SpecError, dump
from training.domain.wording import Wording

A, B, C = "a" * 64, "b" * 64, "c" * 64


def classify_spec(**changes):
    values = {
        "seed": 7,
        "labels": ("critical", "low"),
        "train": DataFile("train.jsonl", A),
        "dev": DataFile("dev.jsonl", B),
        "objective": Objective.CLASSIFY,
        "tuning": Tuning.LORA,
        "base_model": BaseModelFiles("/models/encoder", C),
        "hyperparameters": Hyperparameters(),
    }
    return TrainSpec(**{**values, **changes})


def baseline_spec(method, **changes):
    values = {
        "objective": Objective.BASELINE,
        "tuning": Tuning.NONE,
        "method": method,
        "base_model": None,
        "hyperparameters": BaselineHyperparameters(),
    }
    return classify_spec(**{**values, **changes})


def predict_spec(**changes):
    values = {
        "labels": ("critical", "low"),
        "items": DataFile("items.jsonl", A),
        "artifact": Artifact("/runs/1/artifact", B),
    }
    return PredictSpec(**{**values, **changes})


@pytest.mark.parametrize(
    "spec",
    [
        classify_spec(threads=2, attempt=3, fence=9),
        classify_spec(hyperparameters=Hyperparameters(dropout=0.1, max_length=64)),
        baseline_spec(BaselineMethod.MAJORITY),
        baseline_spec(BaselineMethod.TFIDF_LR),
        baseline_spec(
            BaselineMethod.EMBEDDING_LR, base_model=BaseModelFiles("/models/e", C)
        ),
        predict_spec(base_model=BaseModelFiles("/models/e", C)),
    ],
)
def test_a_spec_reads_back_as_it_was_written(spec):
    text = write_spec(spec)

    assert read_spec(text) == spec
    assert write_spec(read_spec(text)) == text


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(["lr", "r", "epochs", "dropout", "c", "schedule", "attempt"]),
        st.none() | st.integers() | st.floats() | st.text(max_size=5) | st.booleans(),
    )
)
def test_any_settings_in_a_file_are_read_or_refused_in_words(given_settings):
    data = json.loads(write_spec(classify_spec()))
    data["hyperparameters"] = given_settings

    try:
        spec = read_spec(json.dumps(data))
    except SpecError as refusal:
        spec, words = None, str(refusal)

    assert read_spec(write_spec(spec)) == spec if spec else words


def edit(spec, path, value):
    data = json.loads(write_spec(spec))
    *parents, last = path.split(".")
    place = data
    for name in parents:
        place = place[name]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("dev", KeyError, "missing key dev"),
        ("dev", None, "spec.dev: expected an object"),
        ("extra", 1, "unknown key extra"),
        ("train.sha256", "xyz", "sha256 must be 64 hexadecimal digits"),
        ("train.rows", 3, "unknown key rows"),
        ("seed", True, "spec.seed: expected int"),
        ("seed", 1.0, "spec.seed: expected int"),
        ("labels", "low", "spec.labels: expected a list"),
        ("labels", ["low", "low"], "a label is given twice"),
        ("labels", ["low"], "at least two labels"),
        ("kind", "SLEEP", "expected TRAIN, PREDICT or QUALITY"),
        ("objective", "RLHF", "expected one of BASELINE, CLASSIFY, SFT, DPO"),
        ("base_model", None, "CLASSIFY needs base_model"),
        ("tuning", "NONE", "CLASSIFY needs tuning LORA"),
        ("method", "majority", "method belongs to BASELINE"),
        ("attempt", 0, "attempt counts from 1"),
        ("threads", 0, "threads must be >= 1"),
        ("hyperparameters.lr", "fast", "expected a number from 1e-06 to 0.01"),
        ("hyperparameters.speed", 1, "unknown key speed"),
    ],
)
def test_a_wrong_spec_is_refused_naming_the_place(path, value, words):
    text = edit(classify_spec(), path, value)

    with pytest.raises(SpecError) as refusal:
        read_spec(text)

    assert words in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"seed": NaN}', '{"seed": 1e999}', b"\xff", '{"a":1,"a":2}'],
)
def test_what_is_not_a_strict_json_object_is_refused(text):
    with pytest.raises(SpecError):
        read_spec(text)


def generative_spec(**changes):
    values = {
        "objective": Objective.SFT,
        "base_model": BaseModelFiles("/models/qwen", C, Architecture.CAUSAL, A),
        "hyperparameters": GenerativeHyperparameters(),
        "wording": Wording(({"key": "critical"}, {"key": "low"}), ("cable",), {}),
    }
    return classify_spec(**{**values, **changes})


@pytest.mark.parametrize("objective", [Objective.SFT, Objective.DPO])
@pytest.mark.parametrize("tuning", [Tuning.LORA, Tuning.QLORA, Tuning.FULL])
def test_a_model_that_writes_is_trained_in_every_way(objective, tuning):
    spec = generative_spec(objective=objective, tuning=tuning)

    assert read_spec(write_spec(spec)) == spec


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tuning": Tuning.NONE}, "SFT needs tuning LORA, QLORA or FULL"),
        ({"wording": None}, "SFT needs wording"),
        ({"base_model": None}, "SFT needs a causal base_model"),
        ({"base_model": BaseModelFiles("/models/encoder", C)}, "a causal base_model"),
        ({"hyperparameters": Hyperparameters()}, "needs GenerativeHyperparameters"),
        ({"method": BaselineMethod.MAJORITY}, "method belongs to BASELINE"),
    ],
)
def test_what_a_model_that_writes_needs_is_asked_for(changes, words):
    with pytest.raises(SpecError) as refusal:
        generative_spec(**changes)

    assert words in str(refusal.value)


def test_wording_belongs_to_models_that_write():
    with pytest.raises(SpecError, match="wording belongs to SFT and DPO"):
        classify_spec(wording=generative_spec().wording)


@pytest.mark.parametrize(
    ("objective", "tuning", "lr", "dropout"),
    [
        (Objective.SFT, Tuning.LORA, 2e-4, 0.05),
        (Objective.SFT, Tuning.QLORA, 2e-4, 0.05),
        (Objective.SFT, Tuning.FULL, 1e-5, 0.0),
        (Objective.DPO, Tuning.LORA, 5e-6, 0.0),
        (Objective.DPO, Tuning.FULL, 1e-6, 0.0),
    ],
)
def test_automatic_settings_follow_from_the_method(objective, tuning, lr, dropout):
    settled = settle(
        GenerativeHyperparameters(),
        objective=objective,
        tuning=tuning,
        rows=999,
        max_length=640,
    )

    assert (settled.lr, settled.dropout, settled.max_length) == (lr, dropout, 640)


def test_every_setting_of_a_model_that_writes_is_documented_as_it_is():
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text()

    for name, rule in GenerativeHyperparameters.rules().items():
        default = GenerativeHyperparameters.defaults()[name]
        line = f"| `{name}` | {default} | {rule.allowed} | {rule.meaning} |"
        assert line in page, name


def test_a_baseline_takes_a_base_model_only_where_it_embeds():
    with pytest.raises(SpecError, match="base_model is needed with embedding_lr"):
        baseline_spec(BaselineMethod.EMBEDDING_LR)
    with pytest.raises(SpecError, match="base_model is needed with embedding_lr"):
        baseline_spec(BaselineMethod.MAJORITY, base_model=BaseModelFiles("/m", C))


def test_settings_given_as_text_override_the_defaults():
    chosen = Hyperparameters.parse(
        {"lr": "3e-4", "epochs": "2", "max_length": "64", "dropout": "auto"}
    )

    assert chosen == Hyperparameters(lr=3e-4, epochs=2, max_length=64)


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("r", "900", "a whole number from 1 to 64"),
        ("r", "auto", "a whole number from 1 to 64"),
        ("lr", "nan", "a number from 1e-06 to 0.01"),
        ("epochs", "2.5", "a whole number from 1 to 10"),
        ("dropout", "0.9", "a number from 0 to 0.5, or auto"),
        ("max_length", "long", "a whole number from 16 to 512, or auto"),
        ("class_weights", "some", "one of auto, none, balanced"),
    ],
)
def test_a_refused_setting_names_key_value_and_range(key, value, allowed):
    with pytest.raises(SpecError) as refusal:
        Hyperparameters.parse({key: value})

    assert str(refusal.value) in (
        f"{key}={value!r} is not allowed: expected {allowed}",
        f"{key}={value} is not allowed: expected {allowed}",
    )


def test_an_unknown_setting_is_refused_with_the_known_ones():
    with pytest.raises(SpecError, match="unknown setting 'rank'; known settings: r, "):
        Hyperparameters.parse({"rank": "8"})


def test_work_is_the_same_for_every_attempt_and_folder_but_not_for_other_work():
    spec = classify_spec()

    later = dataclasses.replace(
        spec, attempt=2, fence=8, threads=1, train=DataFile("/elsewhere", A)
    )
    other_data = dataclasses.replace(spec, train=DataFile("train.jsonl", C))
    other_rate = dataclasses.replace(spec, hyperparameters=Hyperparameters(lr=1e-4))

    assert work_sha256(later) == work_sha256(spec)
    assert len({work_sha256(s) for s in (spec, other_data, other_rate)}) == 3


def test_tailing_events_leaves_an_unfinished_line_and_skips_a_torn_one():
    event = Event(1, 1, 12.5, EventKind.METRIC, {"step": 3, "values": {"loss": 0.5}})
    line = dump(event).encode() + b"\n"

    events, consumed = split_events(line + b'{"seq": 2, "att\n' + line + b'{"seq"')

    assert events == [event, event]
    assert consumed == 2 * len(line) + len(b'{"seq": 2, "att\n')


@pytest.mark.parametrize("exit_class", list(EXIT_CODES))
def test_each_exit_code_is_classified_as_what_it_says(exit_class):
    assert classify_exit(EXIT_CODES[exit_class]) is exit_class


@pytest.mark.parametrize(
    ("returncode", "exit_class"),
    [
        (None, ExitClass.LOST),
        (-9, ExitClass.HOST_OOM),
        (-15, ExitClass.CANCELLED),
        (-11, ExitClass.CODE),
        (1, ExitClass.CODE),
    ],
)
def test_an_end_without_a_report_is_classified_by_how_it_ended(returncode, exit_class):
    assert classify_exit(returncode) is exit_class


@pytest.mark.parametrize("settings_class", [Hyperparameters, BaselineHyperparameters])
def test_the_documentation_lists_every_setting_as_it_is(settings_class):
    page = (Path(__file__).resolve().parents[2] / "docs" / "training.md").read_text()

    for name, rule in settings_class.rules().items():
        default = settings_class.defaults()[name]
        cells = (f"`{name}`", default, rule.allowed, rule.meaning, rule.source)
        assert f"| {' | '.join(map(str, cells))} |" in page
