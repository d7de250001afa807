from __future__ import annotations

import errno

import pytest

from training.domain.run_files import ExitClass
from training.ml.outcomes import BadInput, as_run_error, traceback_without_message


def raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "exit_class", "code"),
    [
        (BadInput("row_invalid", "line 3"), ExitClass.DATA, "row_invalid"),
        (MemoryError(), ExitClass.HOST_OOM, "host_memory"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
            ExitClass.HOST_OOM,
            "host_memory",
        ),
        (
            type("OutOfMemoryError", (RuntimeError,), {})(),
            ExitClass.CUDA_OOM,
            "device_memory",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), ExitClass.CODE, "system"),
        (KeyError("zebrafinch"), ExitClass.CODE, "crash"),
    ],
)
def test_every_end_has_a_class_a_code_and_no_foreign_words(error, exit_class, code):
    facts = as_run_error(raised(error))

    assert (facts.exit_class, facts.code) == (exit_class, code)
    assert "zebrafinch" not in f"{facts.message} {facts.advice}"


def test_a_full_disk_is_named():
    facts = as_run_error(raised(OSError(errno.ENOSPC, "No space left on device", "/x")))

    assert facts.message == "The operating system refused: No space left on device."


def test_a_traceback_keeps_the_places_and_drops_the_words():
    try:
        try:
            int("zebrafinch")
        except ValueError as cause:
            raise KeyError("zebrafinch") from cause
    except KeyError as error:
        text = traceback_without_message(error)

    assert "test_ml_outcomes.py" in text
    assert "KeyError" in text
    assert "ValueError" in text
    assert text.count("zebrafinch") == 2  # the two source lines above, no message
