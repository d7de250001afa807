"""Rows of a frozen dataset as sequences of tokens, checked before a model is loaded.

What is wrong with a row refuses the run by its code and by how many rows have it; no
text is quoted. Rows longer than the model is to read are left out and counted, since
cutting them would take the answer away. Nothing here needs torch.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from netft_site.base.refusals import Refused
from training.domain import base_folder
from training.domain.base_folder import Papers
from training.domain.exchange_tokens import Encoded
from training.domain.findings import Finding
from training.domain.generative_settings import FIRST, GenerativeHyperparameters
from training.domain.job_spec import Objective, TrainSpec
from training.domain.model_tokens import ModelTokens
from training.domain.row_tokens import encode_row
from training.domain.rows import FormatError, Row
from training.domain.run_files import Phase
from training.domain.tasks import DOMAIN_TEXT, PREFERENCE
from training.domain.token_checks import ANSWER_TRUNCATED
from training.domain.wording import Wording
from training.ml.base_model import verify_base_model
from training.ml.callbacks import Run
from training.ml.data import load_tokenizer, read_frozen, settle_max_length
from training.ml.outcomes import BadInput


@dataclass(frozen=True)
class Sequence:
    """One sequence as training needs it: without its text, so that a hundred thousand
    rows fit into memory.

    ids and trained have shape (t,); prompt: tokens before the answer.
    """

    ids: npt.NDArray[np.int32]
    trained: npt.NDArray[np.bool_]
    prompt: int

    @classmethod
    def of(cls, encoded: Encoded) -> Sequence:
        """The part of an encoded sequence that is kept."""
        ids = np.array(encoded.ids, dtype=np.int32)
        return cls(ids, np.array(encoded.trained, dtype=np.bool_), encoded.prompt)

    @property
    def prompt_ids(self) -> list[int]:
        """What the model is given when it is asked."""
        return [int(id) for id in self.ids[: self.prompt]]

    @property
    def answer_ids(self) -> list[int]:
        """What it learns to write."""
        return [int(id) for id in self.ids[self.trained]]

    def __len__(self) -> int:
        return len(self.ids)


# What one row gives: one sequence, or of a preference the better and the worse.
Item = tuple[Sequence, ...]


@dataclass(frozen=True)
class Sequences:
    """What a run trains on and is judged by.

    train: exchanges, or pairs with DPO. domain: windows of domain text, trained first.
    left_out: {"train", "dev"}, rows longer than max_length.
    """

    train: list[Item]
    dev: list[Item]
    domain: list[Item]
    left_out: dict[str, int]
    max_length: int
    model: ModelTokens
    folder: Path


def prepare(spec: TrainSpec, run: Run) -> Sequences:
    """Verify data and model, encode every row. Raises BadInput."""
    run.reporter.state(Phase.VERIFYING)
    rows = {
        split: read_frozen(run.path(file.path), file, split)
        for split, file in (("TRAIN", spec.train), ("DEV", spec.dev))
    }
    _refuse_shared(rows["TRAIN"], rows["DEV"])
    assert spec.base_model is not None  # noqa: S101  (the spec is checked)
    folder = verify_base_model(spec.base_model)
    try:
        model = read_model(folder, spec.base_model.template_sha256)
        return _encode(spec, rows, model, folder, run)
    except Refused as refusal:
        raise BadInput(refusal.code, refusal.message) from refusal
    except FormatError as error:
        raise BadInput("row_invalid", f"A row cannot be read: {error}.") from error


def read_model(folder: Path, template_sha256: str = "") -> ModelTokens:
    """How the model of a folder reads. Raises Refused, and BadInput where its chat
    template is not the one that was registered.
    """
    papers = read_papers(folder)
    found = base_folder.read_shape(papers).template_sha256
    if template_sha256 and found != template_sha256:
        raise BadInput(
            "template_changed",
            "The chat template of the base model is not the one that was registered.",
            "Restore its folder, or register it again under another name.",
        )
    return ModelTokens.of(papers, load_tokenizer(folder))


def read_papers(folder: Path) -> Papers:
    """The text files of a model's folder."""

    def parsed(name: str) -> dict[str, object]:
        path = folder / name
        return json.loads(path.read_bytes()) if path.is_file() else {}

    template = folder / base_folder.TEMPLATE
    return Papers(
        config=parsed(base_folder.CONFIG),
        tokenizer_config=parsed(base_folder.TOKENIZER_CONFIG),
        generation=parsed(base_folder.GENERATION),
        sentences={},
        template_file=template.read_text("utf-8") if template.is_file() else "",
    )


def _encode(
    spec: TrainSpec,
    rows: dict[str, list[Row]],
    model: ModelTokens,
    folder: Path,
    run: Run,
) -> Sequences:
    settings = cast(GenerativeHyperparameters, spec.hyperparameters)
    wording = cast(Wording, spec.wording)
    encoded = {
        split: _sound(split, found, spec.objective, model, wording)
        for split, found in rows.items()
    }
    lengths = np.array([_length(item) for item in encoded["TRAIN"]], dtype=np.int64)
    context = base_folder.positions(read_papers(folder).config)
    longest = settle_max_length(settings.max_length, lengths, context, context)
    kept = {s: [i for i in e if _length(i) <= longest] for s, e in encoded.items()}
    left_out = {s.lower(): len(e) - len(kept[s]) for s, e in encoded.items()}
    _tell_left_out(left_out, longest, run)
    domain: list[Item] = []
    if spec.objective is Objective.SFT and settings.domain_text == FIRST:
        domain = _domain(rows["TRAIN"], model, wording, longest)
    train, dev = (_some(split, kept[split]) for split in ("TRAIN", "DEV"))
    return Sequences(train, dev, domain, left_out, longest, model, folder)


def _sound(
    split: str,
    rows: list[Row],
    objective: Objective,
    model: ModelTokens,
    wording: Wording,
) -> list[Item]:
    """The rows that an objective trains on, encoded. Raises BadInput."""
    wanted = _takes(objective)
    checked = _Checked(split)
    items = [
        checked.take(encode_row(model, row, wording)) for row in rows if wanted(row)
    ]
    checked.close()
    return _some(split, items)


def _some(split: str, items: list[Item]) -> list[Item]:
    """The items, of which there must be one. Raises BadInput."""
    if items:
        return items
    raise BadInput(
        "split_empty",
        f"{split} has no rows that this objective can train on.",
        "Build a dataset with the tasks that it needs, or raise max_length.",
    )


def _takes(objective: Objective) -> Callable[[Row], bool]:
    """Which rows an objective trains on: pairs, or exchanges."""
    if objective is Objective.DPO:
        return lambda row: row.task == PREFERENCE
    return lambda row: row.task not in (PREFERENCE, DOMAIN_TEXT)


def _domain(
    rows: list[Row], model: ModelTokens, wording: Wording, longest: int
) -> list[Item]:
    checked = _Checked("TRAIN")
    items = [
        checked.take((window,))
        for row in rows
        if row.task == DOMAIN_TEXT
        for window in encode_row(model, row, wording, max_length=longest)
    ]
    checked.close()
    # A last window of one token has nothing to follow.
    return [item for item in items if _length(item) > 1]


def _length(item: Item) -> int:
    return max(len(sequence) for sequence in item)


class _Checked:
    """Counts what is wrong with rows as they pass, by the codes of the checks."""

    def __init__(self, split: str) -> None:
        self._split = split
        self._counts: Counter[str] = Counter()
        self._first: dict[str, Finding] = {}

    def take(self, encoded: tuple[Encoded, ...]) -> Item:
        """Note the findings of a row and keep what training needs of it."""
        found = {finding.rule: finding for one in encoded for finding in one.checks}
        # Whether a row is too long is settled when the lengths of all are known.
        found.pop(ANSWER_TRUNCATED, None)
        self._counts.update(found.keys())
        self._first = {**found, **self._first}
        return tuple(Sequence.of(one) for one in encoded)

    def close(self) -> None:
        """Raise BadInput by the code that most rows have, with the counts of all."""
        if not self._counts:
            return
        (code, count), *rest = self._counts.most_common()
        more = f" Also: {', '.join(f'{rule} {n}' for rule, n in rest)}." if rest else ""
        first = self._first[code]
        message = f"{self._split}, {count:,} rows: {first.message}{more}"
        raise BadInput(code, message, first.fix)


def _refuse_shared(train: list[Row], dev: list[Row]) -> None:
    shared = {row.record_id for row in train} & {row.record_id for row in dev}
    if shared:
        raise BadInput(
            "splits_overlap",
            f"{len(shared)} records of DEV are in TRAIN too.",
            "Build the dataset again: splits must not share a ticket.",
        )


def _tell_left_out(left_out: dict[str, int], longest: int, run: Run) -> None:
    """Warn of rows that are too long."""
    for split, count in left_out.items():
        if count:
            rows = f"Rows of {split.upper()} longer than {longest:,} tokens"
            run.reporter.log(f"{rows} are left out: {count:,}.", level="warning")
