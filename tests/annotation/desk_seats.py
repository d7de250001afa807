"""What the tests of the label desk share: seats, answers, and calls to its API."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import Claim, Project, Review, Reviewer
from annotation.services import queueing, reviewing, tokens
from annotation.services.answers import Answer

NOW = timezone.now()
LATER = NOW + timedelta(minutes=31)
DESK = "/admin/annotation/review/desk/noc/"
CAST = ("alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory")

Call = Callable[..., HttpResponse]


def seat(
    project: Project, reviewer: Reviewer, draw: float = 1.0, **more: Any
) -> Claim | None:
    """Take a seat; by priority unless drawn otherwise."""
    return queueing.claim_next(
        project=project, reviewer=reviewer, draw=draw, **{"now": NOW, **more}
    )


def answer(claim: Claim, severity: str = "high", now=NOW, **more: Any) -> Review:
    """Answer from a seat."""
    return reviewing.submit(
        claim_id=claim.pk,
        reviewer=claim.reviewer,
        answer=Answer(severity=severity, **more),
        now=now,
    )


def caller(user: User) -> Call:
    """Return what calls a route of the project "noc" with a token of somebody."""
    _, secret = tokens.issue(
        user=user, name="t", now=timezone.now(), lifetime=timedelta(days=1)
    )
    client = Client(headers={"authorization": f"Bearer {secret}"})

    def call(method: str, route: str, body: object = None, **names: Any):
        url = reverse(route, kwargs={"project": "noc", **names})
        content = "" if body is None else json.dumps(body)
        return client.generic(method, url, content, "application/json")

    return call


def seated(browser_of: Callable[[User], Client], user: User) -> Client:
    """Return the browser of somebody who has pressed "Start labeling"."""
    browser = browser_of(user)
    browser.post(DESK, {"action": "start"})
    return browser
