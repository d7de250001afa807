"""The base of every public command: one JSON object, refusals and exit codes."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from netft_site.base.commands import JsonCommand, Refused


class Probe(JsonCommand):
    """A command that does what its argument says."""

    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument("what", choices=["done", "refuse", "misuse", "crash"])

    def run(self, **options: Any) -> dict[str, Any]:
        print("a stray print of a library")  # noqa: T201
        self.progress(1, 2, "tickets")
        if options["what"] == "refuse":
            raise Refused("empty_file", "the file holds no rows")
        if options["what"] == "misuse":
            raise CommandError("--this needs --that")
        if options["what"] == "crash":
            raise KeyError("unexpected")
        return {"name": "Köln", "value": None, "n": 1234}

    def render(self, result: dict[str, Any]) -> None:
        self.table(["what", "n"], [["tickets", result["n"]], [result["name"], None]])


def call(*args: str) -> int:
    """Run the probe as from a shell and return its exit code."""
    try:
        Probe().run_from_argv(["manage.py", "probe", *args])
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


def test_json_prints_one_ascii_object_on_stdout_and_nothing_else(capsys):
    code = call("done", "--json")

    out, err = capsys.readouterr()
    assert code == 0
    assert out.isascii()
    assert out.count("\n") == 1
    assert json.loads(out) == {"name": "Köln", "value": None, "n": 1234}
    assert "a stray print" in err
    assert "tickets: 1/2" in err


def test_a_person_reads_an_aligned_table(capsys):
    code = call("done")

    lines = capsys.readouterr().out.splitlines()[1:]
    assert code == 0
    assert lines == [
        "  what         n",
        "  -------  -----",
        "  tickets  1,234",
        "  Köln         -",
    ]


def test_a_refusal_exits_one_and_is_json_on_stdout(capsys):
    code = call("refuse", "--json")

    assert code == 1
    assert json.loads(capsys.readouterr().out) == {
        "error": {"code": "empty_file", "message": "the file holds no rows"}
    }


def test_a_refusal_for_people_is_one_line_on_stderr(capsys):
    code = call("refuse")

    out, err = capsys.readouterr()
    assert code == 1
    assert "{" not in out
    assert err.splitlines()[-1] == "Refused (empty_file): the file holds no rows"


@pytest.mark.parametrize("args", [("misuse",), ("misuse", "--json"), ("no-such-word",)])
def test_a_wrong_call_exits_two(args, capsys):
    code = call(*args)

    out, err = capsys.readouterr()
    assert code == 2
    assert "error" not in out
    assert err


def test_a_crash_is_no_refusal():
    with pytest.raises(KeyError):
        call("crash", "--json")


def test_a_value_that_is_not_json_is_a_crash_rather_than_broken_json():
    class Undefined(Probe):
        def run(self, **options: Any) -> dict[str, Any]:
            return {"value": float("nan")}

    with pytest.raises(ValueError, match="JSON compliant"):
        call_command(Undefined(), "done", "--json", stdout=io.StringIO())


def test_a_caller_in_python_gets_the_refusal_itself():
    with pytest.raises(Refused) as caught:
        call_command(Probe(), "refuse", stdout=io.StringIO(), stderr=io.StringIO())

    assert caught.value.code == "empty_file"


def test_progress_in_a_file_is_a_line_a_tenth():
    err = io.StringIO()
    command = Probe(stderr=err)

    for done in range(1001):
        command.progress(done, 1000, "rows")

    lines = err.getvalue().splitlines()
    assert len(lines) == 11
    assert lines[-1] == "rows: 1,000/1,000"


def test_progress_without_a_total_doubles():
    err = io.StringIO()
    command = Probe(stderr=err)

    for done in range(1, 1001):
        command.progress(done, None, "rows")

    assert len(err.getvalue().splitlines()) == 10


def test_progress_on_a_terminal_redraws_one_line():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    err = Terminal()
    command = Probe(stderr=err)

    for done in range(101):
        command.progress(done, 100, "rows")

    assert err.getvalue().count("\n") == 1
    assert "100%" in err.getvalue()


def test_a_cell_cannot_steer_the_terminal(capsys):
    Probe().table(["text"], [["\x1b[2Jgone\nnext"]])

    assert "\x1b" not in capsys.readouterr().out
