"""The one exception for "no, and here is why".

A refusal is an expected answer: the request was understood and is declined with a
stable code and a sentence for people. It is not a crash; anything unexpected keeps
its own type and propagates. Doors turn a refusal into exit code 1, a message or a
4xx answer. This module knows neither Django nor any app.
"""

from __future__ import annotations


class Refused(Exception):
    """An expected refusal: `code` for programs, `message` for people.

    The message never contains ticket text.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def as_dict(self) -> dict[str, dict[str, str]]:
        """Return the public shape `{"error": {"code", "message"}}`."""
        return {"error": {"code": self.code, "message": self.message}}
