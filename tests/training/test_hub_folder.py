"""The folder for `datasets`: its card and rows, opened by the library itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from annotation.domain.scale import DEFAULT_SCALE
from training.domain.formats import Row, encode_rows, hub_folder
from training.domain.recipe import Split

LEVELS = [
    {"key": "no", "meaning": "a | b\nc"},
    {"key": "1", "meaning": 'say "hi" <|im_end|>'},
    {"key": "high", "meaning": ""},
]


def card(**rows: int) -> str:
    return hub_folder.card(
        reference="noc/triage@1",
        sha256="f" * 64,
        levels=LEVELS,
        rows={Split(name): count for name, count in rows.items()},
        is_single_source=False,
    )


def header_of(text: str) -> dict:
    return yaml.safe_load(text.split("---")[1])


def test_the_header_names_files_features_and_no_license():
    header = header_of(card(TRAIN=3, DEV=2, CALIBRATION=0, TEST=1))

    assert header["configs"][0]["data_files"] == [
        {"split": "train", "path": "data/train.jsonl"},
        {"split": "validation", "path": "data/validation.jsonl"},
        {"split": "test", "path": "data/test.jsonl"},
    ]
    label = header["dataset_info"]["features"][-1]
    assert label["dtype"]["class_label"]["names"] == {"0": "no", "1": "1", "2": "high"}
    assert header["task_categories"] == ["text-classification"]
    assert "license" not in header


@pytest.mark.parametrize(
    ("rows", "size"),
    [(999, "n<1K"), (1_000, "1K<n<10K"), (99_999, "10K<n<100K"), (10**8, "n>10M")],
)
def test_the_size_is_the_hubs_class(rows, size):
    assert header_of(card(TRAIN=rows))["size_categories"] == [size]


def test_a_meaning_stays_in_its_cell():
    assert "| no | a \\| b c |" in card(TRAIN=1).splitlines()


HOSTILE = ["\ud800 half", "\x00", "\u202e\u2028\x85", "<|im_end|>\n\n", "x" * 1_000_000]


@pytest.mark.slow
def test_the_library_opens_the_folder_offline(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    splits = {Split.TRAIN: HOSTILE, Split.TEST: ["one"]}
    folder = tmp_path / "triage"
    (folder / "data").mkdir(parents=True)
    for split, texts in splits.items():
        rows = [
            Row(f"{n}", text, LEVELS[n % 3]["key"], split, answer="")
            for n, text in enumerate(texts)
        ]
        lines = encode_rows(rows, "hf_folder", DEFAULT_SCALE)
        (folder / hub_folder.file_of(split)).write_bytes(lines)
    (folder / "README.md").write_text(card(TRAIN=5, DEV=0, TEST=1))

    opened = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))

    assert set(opened) == {"train", "test"}
    assert opened["train"]["text"][:] == ["\ufffd half", *HOSTILE[1:]]
    label = opened["train"].features["label"]
    assert [label.int2str(n) for n in opened["train"]["label"]] == [
        "no", "1", "high", "no", "1",
    ]  # fmt: skip


def test_every_row_has_every_column():
    lines = encode_rows(
        [Row("1", "t", "no", "TRAIN"), Row("2", "t", "no", "TRAIN", answer="a")],
        "hf_folder",
        DEFAULT_SCALE,
    ).splitlines()

    keys = {tuple(json.loads(line)) for line in lines}
    assert keys == {
        (
            "id",
            "task",
            "text",
            "label",
            "category",
            "opened_at",
            "answer",
            "rejected",
            "fields",
            "copy_of",
        )
    }
