"""Reviewing sanitized text in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotation.models import Record, SanitizingEvent
from annotation.tasks.resanitizing import resanitize
from tests.annotation.reviewing_texts import add

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
VALUE = "fritzbox42"
# A letter that takes two places in a script's strings, and one in Python's.
BODY = f"\U0001f4a5 enable secret hunter22X then say {VALUE} to 9.9.12.4"

_SELECT = """([field, words]) => {
  const holder = document.querySelector(`[data-field="${field}"]`);
  const run = [...holder.querySelectorAll("[data-at]")]
    .find((one) => one.textContent.includes(words));
  const at = run.textContent.indexOf(words);
  document.getSelection()
    .setBaseAndExtent(run.firstChild, at, run.firstChild, at + words.length);
}"""


def address(record: Record) -> str:
    return f"/admin/annotation/record/sanitizing/noc/{record.pk}/"


def texts(record: Record) -> str:
    record.refresh_from_db()
    return record.body + str(record.thread)


def test_a_selected_word_is_removed_in_this_record_and_in_another(
    project, alice, page_of
):
    here = add(project, body=BODY, thread=[{"text": f"so {VALUE} it was"}])
    there = add(project, body=f"tried {VALUE} too")
    page = page_of(alice)
    page.goto(address(here))

    page.evaluate(_SELECT, ["body", VALUE])
    page.get_by_text("Selected in Body.").wait_for()
    assert page.get_by_label("The value, as it stands").input_value() == VALUE
    page.get_by_label("What is it?").select_option("cred")
    page.get_by_role("button", name="Remove it everywhere").click()
    page.get_by_text("Removed here in 2 places").wait_for()

    assert VALUE not in page.content()
    assert VALUE not in texts(here)
    assert "then say ZCRED_" in here.body
    # The queue does the rest.
    resanitize(project.pk)
    assert VALUE not in texts(there)


def test_a_double_click_selects_and_typing_forgets_the_place(project, alice, page_of):
    record = add(project, body=f"say {VALUE} now")
    page = page_of(alice)
    page.goto(address(record))

    page.locator("[data-field=body]").get_by_text("say fritzbox42 now").dblclick(
        position={"x": 45, "y": 8}
    )
    page.get_by_text("Selected in Body.").wait_for()
    chosen = page.locator("[data-missed] input[name=start]").input_value()
    assert chosen != ""
    page.get_by_label("The value, as it stands").fill("now")

    assert page.locator("[data-missed] input[name=start]").input_value() == ""


def test_a_selection_across_a_pseudonym_is_not_taken(project, alice, page_of):
    record = add(project, body=BODY)
    page = page_of(alice)
    page.goto(address(record))

    page.evaluate(
        """() => document.getSelection().selectAllChildren(
             document.querySelector("[data-field=body]"))"""
    )
    page.get_by_text("Select words beside the pseudonyms").wait_for()

    assert page.locator("[data-missed] input[name=start]").input_value() == ""


def test_raw_text_is_hidden_when_its_time_is_over(project, alice, page_of):
    record = add(project, body=BODY)
    page = page_of(alice)
    page.clock.install()
    page.goto(address(record))

    page.get_by_text("Read the raw text").click()
    page.get_by_label("Why you need it").fill("a caller asks for it")
    page.get_by_role("button", name="Show it").click()
    page.get_by_text("hunter22X").wait_for()
    # The module's clock begins before the page has loaded.
    page.wait_for_load_state("load")
    assert "hunter22X" not in page.url
    page.clock.fast_forward(20_000)
    assert "hunter22X" in page.content()
    page.clock.fast_forward(11_000)

    expect(page.get_by_text("The raw text is hidden again.")).to_be_visible()
    assert "hunter22X" not in page.content()
    assert SanitizingEvent.objects.get().reason == "a caller asks for it"


def test_hiding_it_at_once_leads_back_and_going_back_does_not_show_it(
    project, alice, page_of
):
    record = add(project, body=BODY)
    page = page_of(alice)
    page.goto(address(record))
    page.get_by_text("Read the raw text").click()
    page.get_by_label("Why you need it").fill("a caller asks for it")
    page.get_by_role("button", name="Show it").click()
    page.get_by_text("hunter22X").wait_for()

    page.get_by_role("link", name="Hide it now").click()
    page.get_by_role("heading", name="Sanitized text").wait_for()

    assert "hunter22X" not in page.content()
    assert SanitizingEvent.objects.count() == 1


def test_the_review_works_without_scripts(project, alice, page_of):
    record = add(project, body=BODY)
    page = page_of(alice, java_script_enabled=False)
    page.goto(address(record))

    page.get_by_label("The value, as it stands").fill(VALUE)
    page.get_by_label("What is it?").select_option("cred")
    page.get_by_role("button", name="Remove it everywhere").click()

    assert VALUE not in texts(record)
