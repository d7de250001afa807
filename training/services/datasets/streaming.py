"""Read a frozen dataset's lines in a format, from any position.

The frozen files are the only source: what they hold was checked, and their hashes are
in the manifest. A position counts rows from 0 through the wanted splits in their fixed
order, so a reader that was cut off goes on from the number of rows it has. A format
that has no place for some rows holds the others, and counts those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from annotation.domain.scale import Scale
from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from training.domain.formats import FORMATS, convert, encode_line, read_row
from training.domain.formats.registry import Takes
from training.domain.recipe import Split
from training.domain.tasks import DOMAIN_TEXT
from training.models import Dataset
from training.services.datasets import folders

ALL = ""
FROZEN_FORM = "classification"
# In a line of ASCII JSON these stand nowhere but as a key: inside a text every quote
# has a backslash before it.
_REJECTED = b'"rejected": '
_TEXT = f'"task": "{DOMAIN_TEXT}"'.encode()
_IS_TAKEN: Mapping[Takes, Callable[[bytes], bool]] = {
    Takes.EXCHANGES: lambda line: _TEXT not in line,
    Takes.PAIRS: lambda line: _REJECTED in line,
    Takes.TEXTS: lambda line: _TEXT in line,
}
_NOTHING = {
    Takes.EXCHANGES: ("no_exchanges", "a question and an answer"),
    Takes.PAIRS: ("no_rejected_answers", "a rejected answer"),
    Takes.TEXTS: ("no_domain_text", "domain text"),
}


class ExportRefused(Refused):
    """The lines cannot be given; the code says why."""


def check_request(*, dataset: Dataset, format_name: str, split: str = ALL) -> None:
    """Refuse a format, split or dataset that cannot be read.

    Raises ExportRefused (``not_frozen``, ``unknown_format``, ``unknown_split``,
    ``no_rejected_answers``, ``empty_folder``).
    """
    if not dataset.is_frozen:
        raise ExportRefused("not_frozen", f"Dataset {dataset} is not frozen.")
    if format_name not in FORMATS:
        known = ", ".join(FORMATS)
        raise ExportRefused("unknown_format", f"Formats are {known}.")
    if split and split not in list(Split):
        known = ", ".join(Split)
        raise ExportRefused("unknown_split", f"Splits are {known}.")
    _refuse_nothing(dataset, format_name, split)


def check_stream(*, dataset: Dataset, format_name: str, split: str = ALL) -> None:
    """Refuse what cannot be read line by line, besides what `check_request` refuses.

    Raises ExportRefused (also ``no_stream``).
    """
    check_request(dataset=dataset, format_name=format_name, split=split)
    if FORMATS[format_name].is_folder:
        raise ExportRefused(
            "no_stream", f"{format_name} is a folder of files; have a file written."
        )


def _refuse_nothing(dataset: Dataset, format_name: str, split: str) -> None:
    wanted = FORMATS[format_name]
    if not (_leaves_out(dataset, format_name) or wanted.is_folder):
        return
    if count_rows(dataset=dataset, split=split, format_name=format_name):
        return
    of_what = f"{split} of dataset {dataset}" if split else f"Dataset {dataset}"
    if wanted.is_folder:
        raise ExportRefused("empty_folder", f"{of_what} has no rows.")
    code, what = _NOTHING[wanted.takes]
    raise ExportRefused(code, f"{of_what} has no row with {what}.")


def count_rows(
    *, dataset: Dataset, split: str = ALL, format_name: str = FROZEN_FORM
) -> int:
    """Rows with copies: as the manifest counts them, or those that a format keeps."""
    if _leaves_out(dataset, format_name):
        return sum(1 for _ in _kept_lines(dataset, format_name, split))
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
    wording = wording_of(dataset)
    for raw in islice(_kept_lines(dataset, format_name, split), after, None):
        row = read_row(raw)
        # The frozen form is passed on byte by byte.
        if format_name == FROZEN_FORM:
            yield row.record_id, raw
        else:
            yield row.record_id, encode_line(convert(row, format_name, *wording))


def scale_of(dataset: Dataset) -> Scale:
    """The levels that the dataset was frozen with."""
    return Scale.from_rows(dataset.manifest["scale"])


def tasks_of(dataset: Dataset) -> dict[str, str]:
    """The version of the words of each task that the dataset teaches."""
    return dict(dataset.manifest["tasks"])


def wording_of(dataset: Dataset) -> tuple[Scale, tuple[str, ...], dict[str, str]]:
    """Levels, root causes and versions of words that the dataset was frozen with."""
    causes = tuple(dataset.manifest["root_causes"])
    return scale_of(dataset), causes, tasks_of(dataset)


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


def _kept_lines(dataset: Dataset, format_name: str, split: str) -> Iterator[bytes]:
    lines = _raw_lines(dataset, split)
    if not _leaves_out(dataset, format_name):
        return lines
    return filter(_IS_TAKEN[FORMATS[format_name].takes], lines)


def _leaves_out(dataset: Dataset, format_name: str) -> bool:
    """Whether rows may have no place in the format."""
    takes = FORMATS[format_name].takes
    if takes is Takes.EXCHANGES:
        return DOMAIN_TEXT in tasks_of(dataset)
    return takes is not Takes.EVERY_ROW


def _raw_lines(dataset: Dataset, split: str) -> Iterator[bytes]:
    for wanted in splits_of(split):
        with folders.split_path(dataset, wanted.value).open("rb") as stream:
            yield from stream
