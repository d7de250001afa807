"""Read a frozen dataset's lines in a format, from any position.

The frozen files are the only source: what they hold was checked, and their hashes are
in the manifest, see `frozen_files`. A position counts rows from 0 through the wanted
splits in their fixed order, so a reader that was cut off goes on from the number of
rows it has. A format that has no place for some rows holds the others, and counts
those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from annotation.domain.scale import Scale
from training.domain.formats import FORMATS, Row, convert, encode_line, read_row
from training.domain.formats.registry import Takes
from training.domain.recipe import Split
from training.domain.tasks import DOMAIN_TEXT, SEVERITY
from training.models import Dataset
from training.services.datasets import folders, frozen_files
from training.services.datasets.frozen_files import Frozen
from training.services.datasets.refusals import ExportRefused as ExportRefused

ALL = ""
FROZEN_FORM = "classification"
# In a line of ASCII JSON these stand nowhere but as a key: inside a text every quote
# has a backslash before it.
_REJECTED = b'"rejected": '
_TEXT = f'"task": "{DOMAIN_TEXT}"'.encode()
_HOLDING = {Takes.PAIRS: _REJECTED, Takes.TEXTS: _TEXT}
_LACKING = {Takes.EXCHANGES: _TEXT}
_NOTHING = {
    Takes.EXCHANGES: ("no_exchanges", "a question and an answer"),
    Takes.PAIRS: ("no_rejected_answers", "a rejected answer"),
    Takes.TEXTS: ("no_domain_text", "domain text"),
}


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
        files = (_file(dataset, format_name, name) for name in splits_of(split))
        return sum(map(frozen_files.count, files))
    counted: dict[str, dict[str, int]] = dataset.manifest["splits"]
    return sum(counted[s.value]["rows"] for s in splits_of(split))


def verify_files(*, dataset: Dataset, split: str = ALL) -> None:
    """Compare the files with the manifest. Raises ExportRefused (``file_damaged``)."""
    for name in splits_of(split):
        frozen_files.verify(_file(dataset, FROZEN_FORM, name))


def iterate_lines(
    *, dataset: Dataset, format_name: str, split: str = ALL, after: int = 0
) -> Iterator[bytes]:
    """The lines of a format after the first `after` rows, unchecked.

    What leaves the system is read through `gating.checked_lines`.
    """
    lines = _lines(dataset, format_name, split, after)
    write = _writer(dataset, format_name)
    return map(write, map(read_row, lines)) if write else lines


def iterate_rows(
    *, dataset: Dataset, format_name: str, split: str = ALL, after: int = 0
) -> Iterator[tuple[str, bytes]]:
    """The external id of each row's record, and its line in a format, unchecked."""
    write = _writer(dataset, format_name)
    for raw in _lines(dataset, format_name, split, after):
        row = read_row(raw)
        yield row.record_id, write(row) if write else raw


def scale_of(dataset: Dataset) -> Scale:
    """The levels that the dataset was frozen with."""
    return Scale.from_rows(dataset.manifest["scale"])


def tasks_of(dataset: Dataset) -> dict[str, str]:
    """The version of the words of each task that the dataset teaches."""
    manifest = dataset.manifest
    # Before there were several tasks a manifest named the version alone.
    return dict(
        manifest.get("tasks") or {SEVERITY: manifest.get("template_version", "1")}
    )


def wording_of(dataset: Dataset) -> tuple[Scale, tuple[str, ...], dict[str, str]]:
    """Levels, root causes and versions of words that the dataset was frozen with."""
    causes = tuple(dataset.manifest.get("root_causes", ()))
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


def _writer(dataset: Dataset, format_name: str) -> Callable[[Row], bytes] | None:
    """What writes a row in a format; None where the frozen bytes are passed on."""
    if format_name == FROZEN_FORM:
        return None
    wording = wording_of(dataset)
    return lambda row: encode_line(convert(row, format_name, *wording))


def _leaves_out(dataset: Dataset, format_name: str) -> bool:
    """Whether rows may have no place in the format."""
    takes = FORMATS[format_name].takes
    if takes is Takes.EXCHANGES:
        return DOMAIN_TEXT in tasks_of(dataset)
    return takes is not Takes.EVERY_ROW


def _lines(
    dataset: Dataset, format_name: str, split: str, after: int
) -> Iterator[bytes]:
    """The frozen lines that a format keeps, after the first `after` of them."""
    for name in splits_of(split):
        rows = count_rows(dataset=dataset, split=name, format_name=format_name)
        if after < rows:
            for block in frozen_files.blocks(_file(dataset, format_name, name), after):
                yield from block
        after = max(0, after - rows)


def _file(dataset: Dataset, format_name: str, split: Split) -> Frozen:
    takes = FORMATS[format_name].takes
    return Frozen(
        folders.split_path(dataset, split.value),
        dataset.manifest["splits"][split.value]["sha256"],
        f"{split.value} of dataset {dataset}",
        holding=_HOLDING.get(takes, b""),
        lacking=_LACKING.get(takes, b""),
    )
