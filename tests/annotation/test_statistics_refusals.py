"""What the statistics commands refuse, and what they call a wrong call."""

from __future__ import annotations

import csv
import json

import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import CommandError

from netft_site.base.refusals import Refused


@pytest.fixture
def write(tmp_path):
    """Write rows as CSV and return the path."""

    def _write(header, rows):
        path = tmp_path / "labels.csv"
        with path.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines).writerows([header, *rows])
        return str(path)

    return _write


def _exit_code(name, *arguments):
    command = load_command_class(get_commands()[name], name)
    with pytest.raises(SystemExit) as stopped:
        command.run_from_argv(["manage.py", name, *arguments])
    return stopped.value.code


_REFUSALS = {
    "agreement: no file": (
        ["agreement", "absent.csv", "--scale", "nominal"],
        "no_file",
    ),
    "consensus: order unknown": (
        ["consensus", "FILE", "--method", "dawid_skene", "--prior", "ordinal"],
        "levels_needed",
    ),
    "agreement: unknown level": (
        ["agreement", "FILE", "--scale", "ordinal", "--levels", "a,b"],
        "unknown_level",
    ),
    "agreement: no number": (
        ["agreement", "FILE", "--scale", "interval"],
        "not_a_number",
    ),
    "compare: no gold": (["compare", "FILE"], "missing_column"),
}


@pytest.mark.parametrize(("call", "code"), _REFUSALS.values(), ids=_REFUSALS)
def test_what_cannot_be_done_is_refused_with_a_code(write, capsys, call, code):
    path = write(["item", "rater", "label"], [("1", "a", "x"), ("1", "b", "y")])
    call = [path if part == "FILE" else part for part in call]

    exit_code = _exit_code(*call, "--json")

    assert exit_code == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_text_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes("item,rater,label\n1,a,über\n".encode("latin-1"))

    with pytest.raises(Refused) as refusal:
        call_command("agreement", str(path), "--scale", "nominal")

    assert refusal.value.code == "not_utf8"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([("1", "a", ""), ("2", "a", "a")], "missing_value"),
        ([("1", "a", "a"), ("1", "b", "b")], "repeated_item"),
    ],
)
def test_compare_refuses_gaps_and_repeats(write, rows, code):
    path = write(["item", "gold", "base"], rows)

    with pytest.raises(Refused) as refusal:
        call_command("compare", path)

    assert refusal.value.code == code


def test_compare_without_a_system_is_refused(write):
    path = write(["item", "gold", "cluster"], [("1", "a", "c")])

    with pytest.raises(Refused) as refusal:
        call_command("compare", path)

    assert refusal.value.code == "no_system"


@pytest.mark.parametrize(
    "call",
    [
        ["agreement", "FILE"],
        ["agreement", "FILE", "--scale", "interval", "--levels", "1,2"],
        ["consensus", "FILE", "--method", "majority", "--prior", "ordinal"],
        ["compare", "FILE", "--margin", "5"],
    ],
    ids=["no scale", "levels of numbers", "prior of votes", "margin in points"],
)
def test_a_wrong_call_is_told_apart_from_a_refusal(write, call):
    path = write(["item", "rater", "label"], [("1", "a", "1"), ("1", "b", "2")])
    name, *arguments = [path if part == "FILE" else part for part in call]

    with pytest.raises(CommandError) as wrong:
        call_command(name, *arguments)

    assert not isinstance(wrong.value, Refused)
