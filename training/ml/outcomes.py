"""How a run may end other than well, and the words for it.

An expected end is a RunError and carries its facts. Anything else is a fault in the
code or the machine; its own message is never written anywhere, because it could quote
a ticket.
"""

from __future__ import annotations

import os
import re
import traceback
from dataclasses import dataclass

from training.domain.run_files import ExitClass

# What the library that writes tensors says of a system that refuses.
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_OUT_OF_MEMORY_WORDS = ("can't allocate memory", "not enough memory", "Cannot allocate")
_CODE_ADVICE = (
    "This is a fault in the program, not in the data. The traceback is in the log of "
    "the run."
)
_MEMORY_ADVICE = "Lower max_length or batch, or free memory on this machine."


@dataclass
class RunError(Exception):
    """An expected end of a run. No field quotes a ticket."""

    exit_class: ExitClass
    code: str
    message: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class BadInput(RunError):
    """What the run was given cannot be used."""

    def __init__(self, code: str, message: str, advice: str = "") -> None:
        super().__init__(ExitClass.DATA, code, message, advice)


class Cancelled(RunError):
    """The supervisor asked the process to stop, and it stopped in good order."""

    def __init__(self) -> None:
        super().__init__(
            ExitClass.CANCELLED,
            "cancelled",
            "Stopped on request.",
            "A further attempt goes on from the last checkpoint.",
        )


class Diverged(RunError):
    """The loss is no longer a number."""

    def __init__(self, step: int) -> None:
        super().__init__(
            ExitClass.CODE,
            "loss_not_finite",
            f"The loss is not a finite number at step {step}.",
            "Lower lr and head_lr.",
        )


def as_run_error(error: BaseException) -> RunError:
    """The facts of any exception, without its message."""
    if isinstance(error, RunError):
        return error
    if type(error).__name__ == "OutOfMemoryError":
        return RunError(
            ExitClass.CUDA_OOM,
            "device_memory",
            "The memory of the device is used up.",
            _MEMORY_ADVICE,
        )
    if _is_host_memory(error):
        return RunError(
            ExitClass.HOST_OOM,
            "host_memory",
            "The memory of the machine is used up.",
            _MEMORY_ADVICE,
        )
    if isinstance(error, OSError):
        return _from_os_error(error)
    if type(error).__name__ == "SafetensorError":
        number = _OS_ERROR.search(str(error))
        if number:
            code = int(number[1])
            return _from_os_error(OSError(code, os.strerror(code)))
    where = traceback.extract_tb(error.__traceback__)[-1]
    message = f"{type(error).__name__} in {where.name}, line {where.lineno}"
    return RunError(ExitClass.CODE, "crash", message, _CODE_ADVICE)


def traceback_without_message(error: BaseException) -> str:
    """Frames and exception types of the whole chain, without any message."""
    lines: list[str] = []
    link: BaseException | None = error
    while link is not None:
        lines += [*traceback.format_tb(link.__traceback__), f"{type(link).__name__}\n"]
        link = link.__cause__ or link.__context__
    return "".join(lines)


def _is_host_memory(error: BaseException) -> bool:
    words = str(error)
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and any(w in words for w in _OUT_OF_MEMORY_WORDS)
    )


def _from_os_error(error: OSError) -> RunError:
    # strerror is the system's own phrase, such as "No space left on device".
    return RunError(
        ExitClass.CODE,
        "system",
        f"The operating system refused: {error.strerror or type(error).__name__}.",
        "See to the disk and the permissions of the run directory, then start again.",
    )
