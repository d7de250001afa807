"""The quality page in a real browser: search for label errors, send, undo."""

from __future__ import annotations

import pytest

from annotation.models import Record
from tests.factories import ReviewFactory
from tests.training.built import build
from tests.training.doubted import judged
from tests.training.worlds import settle_many

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def quality_of(dataset) -> str:
    return f"/admin/training/dataset/{dataset.pk}/quality/"


def test_the_open_page_sees_a_search_through(project, erin, page_of):
    settle_many(project, 90)
    dataset = build(project)
    page = page_of(erin)
    page.goto(quality_of(dataset))

    page.get_by_role("button", name="Find label errors").click()
    page.get_by_text("You can close this page").wait_for()
    page.get_by_text("By their measure").wait_for(timeout=60_000)

    assert page.get_by_text("TEST and CALIBRATION are not judged").is_visible()


def test_a_doubted_ticket_is_sent_and_the_act_undone(project, alice, page_of):
    settle_many(project, 60)
    dataset = build(project)
    example = dataset.examples.filter(split="TRAIN").select_related("record").first()
    for _ in range(2):
        ReviewFactory(record=example.record, severity=example.label)
    name = example.record.external_id
    judged(dataset, name)
    page = page_of(alice)
    page.goto(quality_of(dataset))

    page.get_by_label(f"Send {name} to the seniors").check()
    page.get_by_role("button", name="Send to the seniors").click()
    page.locator(".pill", has_text="waits for a senior").wait_for()
    assert Record.objects.get(external_id=name).state == "CONTESTED"
    page.get_by_role("link", name="See or undo it").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("1 of 1 records are as they were").first.wait_for()

    assert Record.objects.get(external_id=name).state == "SETTLED"
