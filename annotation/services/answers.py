"""What a reviewer says of a record: the words, and why they may be refused.

Nothing is stored here; `annotation.services.reviewing` does that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from annotation.models import Claim, Project, Review
from annotation.services.typed_text import made_safe
from netft_site.base.refusals import Refused

LIMITS = {"response": 20_000, "reason": 500}


class AnswerRefused(Refused):
    """The answer cannot be taken; the code says why."""


class AnsweredOtherwise(AnswerRefused):
    """The record has another answer of this reviewer already: ``stored``."""

    def __init__(self, stored: Review) -> None:
        super().__init__(
            "answered",
            "You have answered this ticket already, in another tab perhaps. The answer "
            "that is stored stays; use Undo to change it.",
        )
        self.stored = stored


class AnswerTakenBack(AnswerRefused):
    """The answer was taken back before it was sent again, over a bad line perhaps."""

    def __init__(self) -> None:
        super().__init__(
            "taken_back",
            "You have taken this answer back; what was sent again was not stored.",
        )


@dataclass(frozen=True)
class Answer:
    """What a reviewer says about one record, as typed."""

    severity: str = ""
    root_cause: str = ""
    response: str = ""
    confidence: int | None = None
    status: str = Review.Status.SUBMITTED
    reason: str = ""
    seconds_spent: int | None = None
    source: str = Review.Source.DESK


def clean(project: Project, text: str) -> str:
    """Return typed text made safe to store.

    Raises:
        AnswerRefused: ``held_text``.
    """
    safe = made_safe(project, text)
    if safe is None:
        raise AnswerRefused(
            "held_text",
            "The text holds something that looks like a secret and cannot be made "
            "safe. Leave it out and send again.",
        )
    return safe


def as_locked(claim: Claim, answer: Answer) -> Answer:
    """Return the answer with the severity that its reviewer has committed to.

    Raises:
        AnswerRefused: it has another (``severity_stands``).
    """
    if not claim.revealed_at or answer.status != Review.Status.SUBMITTED:
        return answer
    if answer.severity not in ("", claim.severity):
        raise AnswerRefused(
            "severity_stands",
            "The severity was given before what came later was shown; it stands.",
        )
    return Answer(**{**vars(answer), "severity": claim.severity})


def check(project: Project, answer: Answer) -> None:
    """Refuse an answer that is not in the project's words.

    Raises:
        AnswerRefused: ``unknown_level``, ``unknown_root_cause``, ``bad_confidence``,
            ``too_long``.
    """
    if answer.status == Review.Status.SUBMITTED and (
        answer.severity not in project.scale
    ):
        raise AnswerRefused("unknown_level", "Choose one of the project's levels.")
    if answer.root_cause and answer.root_cause not in project.root_causes:
        raise AnswerRefused("unknown_root_cause", "The project has no such root cause.")
    if answer.confidence is not None and not 1 <= answer.confidence <= 5:
        raise AnswerRefused("bad_confidence", "Confidence goes from 1 to 5.")
    for name, limit in LIMITS.items():
        if len(getattr(answer, name)) > limit:
            raise AnswerRefused("too_long", f"The {name} has over {limit} characters.")


def same(given: Review, project: Project, answer: Answer) -> Review:
    """Return the answer that stands, which says the same.

    Raises:
        AnsweredOtherwise: it says something else.
    """
    sent = said(project, answer)
    if any(getattr(given, name) != value for name, value in sent.items()):
        raise AnsweredOtherwise(given)
    return given


def said(project: Project, answer: Answer) -> dict[str, Any]:
    """Return the answer as its row holds it.

    Raises:
        AnswerRefused: ``held_text``.
    """
    submitted = answer.status == Review.Status.SUBMITTED
    return {
        "severity": answer.severity if submitted else "",
        "root_cause": answer.root_cause if submitted else "",
        "response": clean(project, answer.response),
        "confidence": answer.confidence,
        "status": answer.status,
        "reason": clean(project, answer.reason)[: LIMITS["reason"]],
    }
