"""The files of the synthetic world: same bytes, whole batches, and no truth in them."""

from __future__ import annotations

import csv
import json
from collections import Counter

import numpy as np
import openpyxl

from netft_site.demo_world import build_world, write_files


def test_the_same_seed_writes_the_same_bytes(files, tmp_path):
    again = write_files(build_world(), tmp_path)

    for name in files.__dataclass_fields__:
        first, second = getattr(files, name), getattr(again, name)
        assert first.read_bytes() == second.read_bytes(), name


def test_history_holds_the_tickets_and_three_rows_that_nobody_can_use(world, files):
    with files.history.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))

    header, *body = rows
    numbers = Counter(row[0] for row in body)
    bad = [row for row in body if row[0].startswith("INC000000")]
    assert header[:3] == ["number", "short_description", "description"]
    assert len(body) == 500 + 2 + 3
    assert set(numbers.values()) == {1}
    assert len(bad) == 3
    assert {t.external_id for t in world.history} <= set(numbers)


def test_later_and_wireless_files_read_back_as_written(world, files):
    lines = files.later.read_text(encoding="utf-8").splitlines()
    later = [json.loads(line) for line in lines]
    book = openpyxl.load_workbook(files.wireless, read_only=True)
    rows = list(book.worksheets[0].iter_rows(values_only=True))

    assert [row["body"] for row in later] == [t.body for t in world.later]
    assert [row[0] for row in rows[1:]] == [t.external_id for t in world.wireless]
    assert [row[2] for row in rows[1:]] == [t.body for t in world.wireless]


def test_no_file_tells_the_truth_behind_a_ticket(world, files):
    later = json.loads(files.later.read_text(encoding="utf-8").splitlines()[0])
    reported = [(t.reported_impact, t.reported_urgency) for t in world.tickets]
    true = [(t.impact, t.urgency) for t in world.tickets]

    assert not {"severity", "root_cause", "clarity"} & set(later)
    assert 0.2 < np.mean([a == b for a, b in zip(reported, true, strict=True)]) < 0.7


def test_every_review_belongs_to_the_file_of_its_batch(world, files):
    def ids(path):
        with path.open(encoding="utf-8", newline="") as stream:
            return {row["external_id"] for row in csv.DictReader(stream)}

    assert ids(files.reviews_history) == {t.external_id for t in world.history}
    assert ids(files.reviews_later) == {t.external_id for t in world.later}
    assert ids(files.reviews_wireless) == {t.external_id for t in world.wireless}
    assert ids(files.adjudications) & ids(files.adjudications_wireless) == set()
