"""The commands: build, export and validate, as scripts call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from tests.training.worlds import settle_many
from training.models import Dataset
from training.services.datasets import folders

pytestmark = pytest.mark.django_db


def call(capsys, *args: str) -> dict:
    call_command(*args, "--json")
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps({"min_per_class": 1, "seed": 3}))
    return str(path)


def test_build_dataset_prints_what_was_frozen(project, recipe, capsys):
    settle_many(project, 60)

    result = call(
        capsys, "build_dataset", "triage", "--project=noc", "--recipe", recipe
    )

    assert (result["name"], result["version"]) == ("triage", 1)
    assert result["sha256"] == Dataset.objects.get().sha256
    assert result["splits"]["TEST"]["examples"] == 9
    assert result["mix"]["class"]["TRAIN"]["high"]["examples"] == 13
    assert result["left_out"] == {}


def test_a_person_reads_tables_and_sentences(project, recipe, capsys):
    settle_many(project, 60)

    call_command("build_dataset", "triage", "--project=noc", "--recipe", recipe)

    out = capsys.readouterr().out
    assert "noc/triage@1 is frozen" in out
    assert "TRAIN" in out
    assert "No example has this level" in out


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--project=nope"], "no_such_project"),
        (["--project=noc"], "empty"),
    ],
)
def test_a_build_that_cannot_be_is_refused(project, args, code, capsys):
    with pytest.raises(Refused) as caught:
        call_command("build_dataset", "triage", *args)

    assert caught.value.code == code


@pytest.mark.parametrize("text", ["{", '{"seeds": 1}', "[]"])
def test_a_bad_recipe_is_refused_and_nothing_is_made(project, tmp_path, text):
    path = tmp_path / "recipe.json"
    path.write_text(text)

    with pytest.raises(Refused) as caught:
        call_command("build_dataset", "x", "--project=noc", "--recipe", str(path))

    assert caught.value.code == "bad_recipe"
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("format_name", ["classification", "openai_chat"])
@pytest.mark.parametrize("split", ["train", "test", ""])
def test_an_exported_file_is_valid_and_its_rows_add_up(
    project, recipe, tmp_path, capsys, format_name, split
):
    settle_many(project, 90)
    built = call(capsys, "build_dataset", "triage", "--project=noc", "--recipe", recipe)
    target = tmp_path / "out.jsonl"
    wanted = ["--format", format_name, *(["--split", split] if split else [])]

    result = call(capsys, "export_dataset", "noc/triage@1", *wanted, "-o", str(target))

    rows = built["splits"]
    expected = (
        rows[split.upper()]["rows"] if split else sum(s["rows"] for s in rows.values())
    )
    assert result["rows"] == expected == len(target.read_bytes().splitlines())
    assert result["sha256"] == sha256_of(target)
    report = call(capsys, "validate_jsonl", str(target), "--format", format_name)
    assert report["valid"] is True
    assert report["passed"] == expected


def test_an_exported_split_in_classification_is_the_frozen_file(
    project, recipe, tmp_path, capsys
):
    settle_many(project, 60)
    call(capsys, "build_dataset", "triage", "--project=noc", "--recipe", recipe)
    target = tmp_path / "train.jsonl"

    call_command(
        "export_dataset", "triage", "--format=classification", "--split=train",
        "-o", str(target),
    )  # fmt: skip

    frozen = folders.split_path(Dataset.objects.get(), "TRAIN")
    assert target.read_bytes() == frozen.read_bytes()


def test_a_dash_writes_the_lines_to_stdout(project, recipe, capfdbinary):
    settle_many(project, 60)
    call_command("build_dataset", "triage", "--project=noc", "--recipe", recipe)
    capfdbinary.readouterr()

    call_command(
        "export_dataset", "triage", "--format=openai_chat", "--split=dev", "-o", "-"
    )

    lines = capfdbinary.readouterr().out.splitlines()
    assert len(lines) == 6
    assert all(set(json.loads(line)) == {"messages"} for line in lines)


def test_validate_jsonl_exits_one_where_a_row_is_wrong(tmp_path, capsys):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"messages": [{"role": "user", "content": "hello"}]}\n' * 12)

    with pytest.raises(SystemExit) as caught:
        call_command("validate_jsonl", str(path), "--format=openai_chat", "--json")

    report = json.loads(capsys.readouterr().out)
    assert caught.value.code == 1
    assert report["valid"] is False
    assert (report["rows"], report["passed"]) == (12, 0)
    assert report["findings"][0]["rule"] == "assistant_missing"
    assert report["findings"][0]["item"] == "line 1"


def test_validate_jsonl_counts_tokens_as_a_base_model_does(tmp_path, capsys):
    path = tmp_path / "long.jsonl"
    rows = [{"id": f"{n}", "text": f"ticket {n}", "label": "low"} for n in range(100)]
    rows[7]["text"] = "switch " * 2000
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    report = call(
        capsys, "validate_jsonl", str(path), "--format=classification",
        "--base-model=all-minilm-l6-v2",
    )  # fmt: skip

    (finding,) = report["findings"]
    assert (finding["rule"], finding["item"]) == ("length_over_limit", "line 8")
    assert finding["message"].startswith("2002 tokens")
