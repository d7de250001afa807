"""Answer one record and sit down at the next, in one transaction.

That is what somebody does all day: it costs one commit, and the answer is stored with
the seat that follows it or not at all.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from annotation.domain.queue import ANYTHING, Wish
from annotation.models import Claim, Project, Review, Reviewer
from annotation.services import queueing, reviewing
from annotation.services.answers import Answer


@transaction.atomic
def answer_and_go_on(
    *,
    claim_id: int,
    project: Project,
    reviewer: Reviewer,
    answer: Answer,
    now: datetime,
    draw: float,
    wish: Wish = ANYTHING,
) -> tuple[Review, Claim | None]:
    """Store an answer as `reviewing.submit` does; return it with the next seat.

    Raises:
        AnswerRefused: as `reviewing.submit`; no seat is taken then.
    """
    stored = reviewing.store(
        claim_id=claim_id, reviewer=reviewer, answer=answer, now=now, project=project
    )
    # Whoever has just left a seat need not be asked for another.
    seated = queueing.take_next if stored.seatless else queueing.claim_next
    claim = seated(project=project, reviewer=reviewer, now=now, draw=draw, wish=wish)
    return stored.review, claim
