"""Texts that are alike only since they were cut never stand in two splits."""

from __future__ import annotations

import pytest

from netft_site.base.refusals import Refused
from tests.training.built import build
from tests.training.worlds import distinct_text, settle, settle_many

pytestmark = pytest.mark.django_db

FORM = "The usual form of the service desk, which every ticket of it begins with. "
LENGTH = {"most": 75, "policy": "truncate"}


def fill_in(project, count: int, opening: str) -> None:
    """Tickets that begin alike and go on differently."""
    settle_many(project, 40)
    for number in range(60, 60 + count):
        body = f"{opening.format(number)} {distinct_text(number)} " * 3
        settle(project, number, title="Form", body=body, fingerprint=f"{number}")


@pytest.mark.parametrize(
    ("opening", "rule"),
    [
        (FORM * 5, "duplicate_across_splits"),
        (FORM * 3 + "About case {}. " + FORM * 2, "near_duplicate_across_splits"),
    ],
)
def test_the_freeze_refuses_and_says_that_it_was_the_cut(project, opening, rule):
    fill_in(project, 20, opening)

    with pytest.raises(Refused) as refused:
        build(project, length=LENGTH)

    manifest = project.datasets.get().manifest
    found = [f for f in manifest["findings"] if f["rule"] == rule and f["item"]]
    assert refused.value.code == "checks_failed"
    assert found
    assert {"once shortened" in f["message"] for f in found} == {True}
    assert all(f["fix"].startswith("Raise the limit, or let") for f in found)


def test_the_same_tickets_are_no_copies_where_nothing_is_cut(project):
    fill_in(project, 20, FORM)

    assert build(project, length={"most": 1000, "policy": "truncate"}).is_frozen
