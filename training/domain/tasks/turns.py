"""One exchange between a person and a model, whatever format carries it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Turns:
    """One exchange. `rejected` is a worse answer to the same question, or empty."""

    system: str
    user: str
    assistant: str
    rejected: str = ""
