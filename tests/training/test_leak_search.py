"""The search for leaks goes over the written lines in steps, and finds the same."""

from __future__ import annotations

import pytest

from annotation.domain import judging
from netft_site.base.files import write_atomic
from tests.factories import ProjectFactory
from training.domain.formats import Row, encode_rows, rows_of
from training.domain.recipe import Split
from training.models import Dataset
from training.services.datasets import folders, leakage

STORIES = (
    "Uplink of the access switch on floor {} flaps every few minutes since the change "
    "window, users report slow access, we replaced the optic and moved the traffic to "
    "the backup path, no alarm in monitoring so far.",
    "Wireless clients of building {} lose their address after the controller failed "
    "over, the scope is not exhausted and the relay on the distribution switch logs "
    "nothing, rebooting one access point helped for an hour.",
)


@pytest.fixture
def dataset(db) -> Dataset:
    """A dataset whose parts are written: two chunks, copies of two stories in each."""
    project = ProjectFactory()
    dataset = Dataset.objects.create(project=project, name="x", version=1)
    folders.building_folder(dataset).mkdir(parents=True)
    for start in (0, 6):
        for place, split in enumerate((Split.TRAIN, Split.TEST)):
            write(
                dataset, start, split, range(start + place * 3, start + place * 3 + 3)
            )
    return dataset


def write(dataset, start: int, split: Split, numbers) -> None:
    scale = dataset.project.scale
    copies = [rows_of(row(number, split), 1 + number % 3) for number in numbers]
    lines = b"".join(encode_rows(rows, "classification", scale) for rows in copies)
    write_atomic(folders.part_path(dataset, start, split), lines)


def row(number: int, split: Split) -> Row:
    text = STORIES[number % 2].format(number) + " \N{WARNING SIGN}"
    return Row(id=f"INC{number}", text=text, label="low", split=split)


@pytest.fixture
def small_steps(monkeypatch):
    monkeypatch.setattr(leakage, "SKETCH_CHARACTERS", 1)
    monkeypatch.setattr(leakage, "COMPARE_CHARACTERS", 1)
    monkeypatch.setattr(judging, "_COMPARED_AT_ONCE", 1)


def steps_to_the_end(dataset) -> int:
    for steps in range(300):
        if leakage.is_searched(dataset):
            return steps
        leakage.search(dataset)
    raise AssertionError("the search does not end")


def forget(dataset, pattern: str) -> None:
    for path in folders.building_folder(dataset).glob(pattern):
        path.unlink()


def test_pairs_that_cross_splits_are_found_by_their_ids(dataset):
    leakage.search(dataset)

    found = leakage.read_found(dataset)
    pairs = {(pair.first, pair.second) for pair in found}
    assert ("INC1", "INC3") in pairs
    assert {(pair.first_split, pair.second_split) for pair in found} == {
        ("TRAIN", "TEST"),
        ("TEST", "TRAIN"),
    }
    assert all(int(a[3:]) % 2 == int(b[3:]) % 2 for a, b in pairs)
    assert len(pairs) == len(found) == 16


def test_small_steps_find_what_one_step_finds(dataset, small_steps, monkeypatch):
    steps = steps_to_the_end(dataset)
    in_steps = leakage.read_found(dataset)

    monkeypatch.undo()
    forget(dataset, "leaks.json")
    forget(dataset, "*.npz")

    assert steps > 20
    assert steps_to_the_end(dataset) == 1
    assert leakage.read_found(dataset) == in_steps


def test_a_file_that_a_kill_left_unwritten_is_made_by_the_next_step(dataset):
    leakage.search(dataset)
    expected = leakage.read_found(dataset)
    names = {path.name for path in folders.building_folder(dataset).glob("*.npz")}

    for name in sorted(names):
        forget(dataset, "leaks.json")
        forget(dataset, name)
        steps_to_the_end(dataset)
        assert leakage.read_found(dataset) == expected


def test_sketches_of_another_version_are_left_alone(dataset):
    leakage.search(dataset)
    expected = leakage.read_found(dataset)
    for path in folders.building_folder(dataset).glob("*.npz"):
        path.rename(path.with_name(path.name.replace(".v", ".v0.other-")))
    forget(dataset, "leaks.json")

    leakage.search(dataset)

    assert leakage.read_found(dataset) == expected


def test_a_part_that_was_written_again_is_sketched_again(dataset, small_steps):
    """A worker that hung may write a chunk once more after a record has changed."""
    steps = steps_to_the_end(dataset)
    forget(dataset, "leaks.json")
    forget(dataset, "*.npz")
    for _ in range(steps - 2):
        leakage.search(dataset)
    folders.part_path(dataset, 6, Split.TEST).unlink()
    write(dataset, 6, Split.TEST, [10, 9, 11])

    steps_to_the_end(dataset)

    pairs = {(pair.first, pair.second) for pair in leakage.read_found(dataset)}
    assert ("INC0", "INC10") in pairs
    assert all(int(a[3:]) % 2 == int(b[3:]) % 2 for a, b in pairs)
