"""Read a frozen dataset's lines in a format, from any position.

The frozen files are the only source: what they hold was checked, and their hashes are
in the manifest. A position counts rows from 0 through the wanted splits in their fixed
order, so a reader that was cut off goes on from the number of rows it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from annotation.domain.scale import Scale
from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from training.domain.formats import FORMATS, convert, encode_line, read_row
from training.domain.recipe import Split
from training.models import Dataset
from training.services.datasets import folders

ALL = ""


class ExportRefused(Refused):
    """The lines cannot be given; the code says why."""


def check_request(*, dataset: Dataset, format_name: str, split: str = ALL) -> None:
    """Refuse a format, split or dataset that cannot be read.

    Raises ExportRefused (``not_frozen``, ``unknown_format``, ``unknown_split``).
    """
    if not dataset.is_frozen:
        raise ExportRefused("not_frozen", f"Dataset {dataset} is not frozen.")
    if format_name not in FORMATS:
        known = ", ".join(FORMATS)
        raise ExportRefused("unknown_format", f"Formats are {known}.")
    if split and split not in list(Split):
        known = ", ".join(Split)
        raise ExportRefused("unknown_split", f"Splits are {known}.")


def count_rows(*, dataset: Dataset, split: str = ALL) -> int:
    """Rows with copies, as the manifest counts them."""
    counted: dict[str, dict[str, int]] = dataset.manifest["splits"]
    return sum(counted[s.value]["rows"] for s in splits_of(split))


def verify_files(*, dataset: Dataset, split: str = ALL) -> None:
    """Compare the files with the manifest. Raises ExportRefused (``file_damaged``)."""
    for wanted in splits_of(split):
        known = dataset.manifest["splits"][wanted.value]["sha256"]
        if sha256_of(folders.split_path(dataset, wanted.value)) != known:
            raise ExportRefused(
                "file_damaged",
                f"{wanted.value} of dataset {dataset} is not the file that was frozen.",
            )


def iterate_lines(
    *, dataset: Dataset, format_name: str, split: str = ALL, after: int = 0
) -> Iterator[bytes]:
    """The lines of a format after the first `after` rows, unchecked.

    What leaves the system is read through `gating.checked_lines`.
    """
    rows = iterate_rows(
        dataset=dataset, format_name=format_name, split=split, after=after
    )
    return (line for _, line in rows)


def iterate_rows(
    *, dataset: Dataset, format_name: str, split: str = ALL, after: int = 0
) -> Iterator[tuple[str, bytes]]:
    """The external id of each row's record, and its line in a format, unchecked."""
    scale = Scale.from_rows(dataset.manifest["scale"])
    for raw in islice(_raw_lines(dataset, split), after, None):
        row = read_row(raw)
        name = row.copy_of or row.id
        # The frozen form is passed on byte by byte.
        if format_name == "classification":
            yield name, raw
        else:
            yield name, encode_line(convert(row, format_name, scale))


def splits_of(split: str) -> list[Split]:
    """The splits that an empty or given name stands for."""
    return [Split(split)] if split else list(Split)


def in_blocks(lines: Iterator[bytes], size: int = 64 * 1024) -> Iterator[bytes]:
    """Join lines to blocks of at least `size` bytes; one write a line is slow."""
    block: list[bytes] = []
    length = 0
    for line in lines:
        block.append(line)
        length += len(line)
        if length >= size:
            yield b"".join(block)
            block, length = [], 0
    if block:
        yield b"".join(block)


def _raw_lines(dataset: Dataset, split: str) -> Iterator[bytes]:
    for wanted in splits_of(split):
        with folders.split_path(dataset, wanted.value).open("rb") as stream:
            yield from stream
