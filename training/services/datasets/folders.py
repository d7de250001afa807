"""Where datasets and exports lie on disk.

`DATA_DIR/datasets/PROJECT/NAME/vN/` appears by one rename when a dataset is frozen and
never changes. What is under construction lies beside it in a folder whose name starts
with a dot. Rows store paths relative to DATA_DIR.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from django.conf import settings

from netft_site.base.refusals import Refused
from training.domain.recipe import Split
from training.models import Dataset

MANIFEST = "manifest.json"


def frozen_folder(dataset: Dataset) -> Path:
    """The final folder of a dataset, existing or not."""
    return _home(dataset) / f"v{dataset.version}"


def building_folder(dataset: Dataset) -> Path:
    """The folder that holds the plan and the parts while a dataset is built."""
    return _home(dataset) / f".v{dataset.version}.building"


def new_folder(dataset: Dataset) -> Path:
    """Create an empty folder beside the final one, to be renamed when complete."""
    home = _home(dataset)
    home.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f".v{dataset.version}.new-", dir=home))


def clear_away(dataset: Dataset) -> None:
    """Remove everything under construction; the final folder stays."""
    for leftover in _home(dataset).glob(f".v{dataset.version}.*"):
        shutil.rmtree(leftover, ignore_errors=True)


def remove_final(dataset: Dataset) -> None:
    """Remove the final folder of a dataset that is not frozen."""
    if not dataset.is_frozen:
        shutil.rmtree(frozen_folder(dataset), ignore_errors=True)


def split_path(dataset: Dataset, split: str) -> Path:
    """The frozen file of one split.

    Raises Refused (``not_frozen``, ``file_missing``).
    """
    if not dataset.is_frozen:
        raise Refused("not_frozen", f"Dataset {dataset} is not frozen.")
    path = Path(settings.DATA_DIR) / dataset.path / split_file(Split(split))
    if not path.is_file():
        raise Refused("file_missing", f"{split} of dataset {dataset} is not on disk.")
    return path


def split_file(split: Split) -> str:
    """The file name of a split."""
    return f"{split.value.lower()}.jsonl"


def part_path(dataset: Dataset, start: int, split: str) -> Path:
    """The lines of one split in the chunk that starts at a position of the plan."""
    place = Split(split).protection
    name = f"part-{start:09d}.{place}-{split.lower()}.jsonl"
    return building_folder(dataset) / name


def part_paths(dataset: Dataset, split: str = "*") -> list[Path]:
    """All parts, or those of one split, in the order of the plan."""
    pattern = f"part-*.?-{split.lower()}.jsonl"
    return sorted(building_folder(dataset).glob(pattern))


def split_of_part(part: Path) -> Split:
    """The split whose lines a part holds."""
    return Split(part.stem.rsplit("-", 1)[1].upper())


def vetted_path(dataset: Dataset) -> Path:
    """Which rows were checked, while there is no plan yet."""
    return _home(dataset) / f".v{dataset.version}.vetted" / "rows.json"


def resemblances_path(dataset: Dataset) -> Path:
    """Where the pairs of texts in two splits are kept, also of a build that failed."""
    home = Path(settings.DATA_DIR) / "resemblances" / dataset.project.slug
    return home / dataset.name / f"v{dataset.version}.json"


def relative(path: Path) -> str:
    """A path as it is stored on a row."""
    return path.relative_to(settings.DATA_DIR).as_posix()


def exports_folder(dataset: Dataset) -> Path:
    """Where exports of a dataset lie."""
    return Path(settings.DATA_DIR) / "exports" / dataset.project.slug / dataset.name


def quality_folder(dataset: Dataset) -> Path:
    """Where lies what was found out about a frozen dataset, by what is in it."""
    return Path(settings.DATA_DIR) / "quality" / dataset.sha256


def _home(dataset: Dataset) -> Path:
    return Path(settings.DATA_DIR) / "datasets" / dataset.project.slug / dataset.name
