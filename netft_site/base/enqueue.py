"""One way to put work on the queue.

Services name a task by its dotted name and hand over ids; the task is enqueued when
their transaction commits, so a worker never meets a row that is not there yet. Only
whole numbers and short plain names may travel: payloads hold no ticket text. The
queue may deliver twice; tasks are written for that.
"""

from __future__ import annotations

import re

from django.db import transaction
from django_q.tasks import async_task

_DOTTED = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+\Z")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,100}\Z")


def enqueue(dotted_name: str, *args: int | str) -> None:
    """Queue `dotted_name(*args)` once the current transaction commits.

    Outside a transaction the task is queued at once.

    Raises
    ------
    ValueError
        If the name is not dotted, or an argument is neither a whole number nor a
        plain name of at most 100 characters out of letters, digits and `_ . : -`.
    """
    if not _DOTTED.match(dotted_name):
        raise ValueError(f"not a dotted name: {dotted_name!r}")
    for position, value in enumerate(args):
        if not _may_travel(value):
            # The value itself stays out of the message: it may be ticket text.
            raise ValueError(
                f"argument {position} of {dotted_name} is no id and no plain name"
            )
    transaction.on_commit(lambda: async_task(dotted_name, *args))


def _may_travel(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return True
    return isinstance(value, str) and bool(_PLAIN_NAME.match(value))
