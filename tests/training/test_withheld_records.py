"""What is flagged, held or excluded after a freeze, and what of the dataset leaves."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from annotation.domain.queue import FLAGGED
from annotation.models import Record
from annotation.services import flagging
from netft_site.base.refusals import Refused
from tests.training.built import build
from tests.training.pages import page_of, text_of
from tests.training.worlds import settle_many
from training.models import Dataset, Example, Export
from training.services.datasets import exporting, gating, handing

pytestmark = pytest.mark.django_db

BASE = "/api/v1/projects/noc/datasets/triage"
HOWS = ("flagged", "held")


@pytest.fixture
def dataset(project) -> Dataset:
    settle_many(project, 60)
    return build(project)


@pytest.fixture
def learned(dataset) -> Record:
    return dataset.examples.filter(split="TRAIN").first().record


def withhold(record: Record, how: str) -> None:
    if how == "flagged":
        values = {"state": "EXCLUDED", "queued_because": FLAGGED}
    elif how == "held":
        values = {"state": "HELD", "title": "", "body": "", "resolution": ""}
    else:
        values = {"state": "EXCLUDED"}
    Record.objects.filter(pk=record.pk).update(**values)


def export(dataset: Dataset, split: str = "") -> Export:
    started = exporting.start(
        dataset=dataset, format_name="alpaca", split=split, in_background=False
    )
    return exporting.run_to_end(export_id=started.pk, clock=timezone.now)


@pytest.mark.parametrize("how", HOWS)
def test_no_line_leaves_while_a_record_waits_in_the_sanitizing_review(
    dataset, learned, erin, browser_of, how
):
    withhold(learned, how)
    browser = browser_of(erin)

    streamed = browser.get(f"{BASE}/export/?format=alpaca")
    url = reverse("admin:training_dataset_file", args=[dataset.pk, "TRAIN"])
    downloaded = browser.get(url, follow=True)

    assert streamed.status_code == 400
    assert streamed.json()["error"]["code"] == "record_withheld"
    assert f"{learned.external_id} waits in the sanitizing review" in text_of(
        downloaded
    )
    with pytest.raises(Refused, match="sanitizing review"):
        export(dataset)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("split", ["", "TRAIN"])
def test_a_file_that_was_written_before_is_not_handed_out(
    dataset, learned, erin, browser_of, how, split
):
    done = export(dataset, split)
    withhold(learned, how)
    browser = browser_of(erin)

    sent = browser.get(f"{BASE}/exports/{done.pk}/file/")
    clicked = browser.get(
        reverse("admin:training_dataset_exported", args=[done.pk]), follow=True
    )

    assert sent.json()["error"]["code"] == "record_withheld"
    assert "waits in the sanitizing review" in text_of(clicked)


def test_other_splits_still_leave(dataset, learned):
    of_test = export(dataset, "TEST")
    withhold(learned, "flagged")

    fresh = Export.objects.select_related("dataset__project").get(pk=of_test.pk)

    assert handing.hand_out(export=fresh, clock=timezone.now).is_file()
    assert list(
        gating.checked_lines(dataset=dataset, format_name="alpaca", split="DEV")
    )


def test_once_somebody_found_it_harmless_the_same_file_leaves_again(dataset, learned):
    done = export(dataset)
    withhold(learned, "flagged")
    with pytest.raises(Refused):
        handing.hand_out(export=done, clock=timezone.now)

    flagging.clear(record=Record.objects.get(pk=learned.pk))

    assert handing.hand_out(export=done, clock=timezone.now).is_file()


def test_the_page_and_the_api_count_what_is_out_of_use(dataset, erin, browser_of):
    examples = Example.objects.filter(dataset=dataset, split="TRAIN")
    one, two, three = (e.record for e in examples.select_related("record")[:3])
    withhold(one, "flagged")
    withhold(two, "held")
    withhold(three, "excluded")
    browser = browser_of(erin)

    page = text_of(browser.get(page_of(dataset)))
    detail = browser.get(f"{BASE}/").json()

    assert "2 records of this dataset wait in the sanitizing review." in page
    assert "1 record of this dataset was excluded since." in page
    assert detail["withheld"] == {"held": 1, "flagged": 1, "excluded": 1}


def test_what_was_excluded_by_hand_leaves_with_a_warning(
    dataset, learned, tmp_path, capsys
):
    withhold(learned, "excluded")
    target = tmp_path / "all.jsonl"

    call_command("export_dataset", "triage", format_name="alpaca", output=str(target))

    assert target.is_file()
    assert "still among the rows: 1 of its records" in capsys.readouterr().err


def test_many_waiting_records_are_counted_and_some_named(dataset):
    for example in dataset.examples.select_related("record"):
        withhold(example.record, "flagged")

    with pytest.raises(Refused, match="60 records, among them INC"):
        export(dataset)
