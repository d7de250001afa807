"""The sanitizer's view of the synthetic world: every ticket gets through."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from annotation.domain.sanitize import Keyring, Sanitizer
from netft_site.demo_world import build_fresh, build_world

NOW = datetime(2026, 12, 10, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def tickets():
    return build_world().tickets + build_fresh(7, NOW).tickets


@pytest.mark.parametrize("key", [b"0" * 32, b"k" * 32, bytes(range(32))])
def test_no_ticket_of_the_demo_is_held(tickets, key):
    sanitizer = Sanitizer(Keyring(key, "test"))

    held = [
        ticket.external_id
        for ticket in tickets
        for text in (ticket.title, ticket.body, ticket.resolution)
        if sanitizer.sanitize(text).held
    ]

    assert held == []
