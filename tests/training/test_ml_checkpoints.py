from __future__ import annotations

import pytest
import torch

from training.ml.checkpoints import commit, newest_valid
from training.ml.sealing import matches_manifest, seal

WORK = "w" * 64


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "checkpoints"


def save(folder, step):
    return commit(
        folder, WORK, {"weights": {"a": torch.full((3,), step)}}, {"at": step}
    )


def test_the_newest_checkpoint_comes_back_as_it_was_committed(folder):
    save(folder, 1.5)
    name = save(folder, 2.5)

    found, skipped = newest_valid(folder, WORK)

    assert (found.name, found.state, skipped) == (name, {"at": 2.5}, [])
    assert found.tensors["weights"]["a"].tolist() == [2.5, 2.5, 2.5]


def test_only_two_checkpoints_are_kept_and_leftovers_are_removed(folder):
    save(folder, 1.0)
    (folder / ".000002").mkdir()
    (folder / ".000002" / "weights.safetensors").write_bytes(b"half")

    for step in (2.0, 3.0):
        save(folder, step)

    assert sorted(path.name for path in folder.iterdir()) == ["000002", "000003"]


def damage(path, how):
    if how == "changed":
        (path / "state.json").write_text("{}")
    elif how == "missing":
        (path / "weights.safetensors").unlink()
    elif how == "extra":
        (path / "more.safetensors").write_bytes(b"")
    elif how == "uncommitted":
        (path / "COMPLETE").unlink()
    else:
        (path / "manifest.json").write_text('{"files": {}, "format": 1}')


@pytest.mark.parametrize(
    "how", ["changed", "missing", "extra", "uncommitted", "manifest"]
)
def test_a_checkpoint_that_is_not_whole_is_passed_over(folder, how):
    older = save(folder, 1.0)
    newest = save(folder, 2.0)
    damage(folder / newest, how)

    found, skipped = newest_valid(folder, WORK)

    assert (found.name, skipped) == (older, [newest])


def test_a_checkpoint_of_other_work_is_passed_over(folder):
    name = save(folder, 1.0)

    assert newest_valid(folder, "x" * 64) == (None, [name])
    assert newest_valid(folder / "absent", WORK) == (None, [])


def test_equal_contents_have_equal_seals(tmp_path):
    seals = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.json").write_text("{}\n")
        seals.append(seal(tmp_path / name))

    assert seals[0] == seals[1]
    assert matches_manifest(tmp_path / "a")
