"""Count the tokens of a dataset as a base model does, without loading the model.

A dataset is counted in stretches of a second or two: each goes on from what is kept
under DATA_DIR by the hashes of dataset and tokenizer, so a request never waits long,
and nothing is counted twice.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from annotation.domain.scale import Scale
from netft_site.base.files import sha256_of, write_atomic
from netft_site.base.refusals import Refused
from training.domain import tasks, token_counts
from training.domain.findings import Finding
from training.domain.formats import Row, read_row
from training.domain.recipe import Split
from training.domain.tasks import DOMAIN_TEXT, Turns
from training.domain.text_checks import estimated_tokens
from training.domain.token_counts import Lengths, TokenReport
from training.models import BaseModel, Dataset
from training.services.datasets import folders, streaming
from training.services.tokenizing import load, tokenizer_file

ESTIMATE = "estimate"
AT_ONCE = 1.5
"""Seconds that a page or a request counts for, give or take a chunk."""
_CHUNK = 400

Count = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True)
class DatasetTokens:
    """What has been counted of a dataset.

    model: the base that reads so, empty where tokens are estimated. limit: tokens that
    it reads, 0 where that is not known. whole: whether it reads prompt and answer, not
    the text alone. counted: examples so far; `examples` are all of them.
    """

    model: str
    limit: int
    whole: bool
    counted: int
    examples: int
    report: TokenReport

    @property
    def is_complete(self) -> bool:
        """Whether every example has been counted."""
        return self.counted == self.examples

    def findings(self) -> list[Finding]:
        """What the lengths mean for the model."""
        if not self.limit:
            return []
        return token_counts.findings(
            self.report, limit=self.limit, whole=self.whole, model=self.model
        )

    def as_dict(self) -> dict[str, object]:
        """Return the public shape."""
        return {
            "base_model": self.model or None,
            "method": "tokenizer" if self.model else "four characters a token",
            "context_length": self.limit or None,
            "counted": self.counted,
            "examples": self.examples,
            "tokens": self.report.as_dict(),
            "findings": [finding.as_json() for finding in self.findings()],
        }


@dataclass
class _State:
    """Lengths so far, and how many lines of all splits they come from."""

    lines: int = 0
    texts: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    prompts: list[int] = field(default_factory=list)


def count(
    *, dataset: Dataset, base: BaseModel | None, seconds: float | None = None
) -> DatasetTokens:
    """Count the tokens of a frozen dataset for so many seconds, or to the end.

    Without a base they are estimated. Asked again it goes on where it stopped; what has
    been counted to the end is read.

    Raises Refused: ``not_frozen``, ``file_missing``, ``no_tokenizer``,
    ``base_model_missing``.
    """
    if not dataset.is_frozen:
        raise Refused("not_frozen", f"Dataset {dataset} is not frozen.")
    path = tokenizer_file(base) if base else None
    digest = sha256_of(path) if path else ESTIMATE
    kept = folders.quality_folder(dataset) / f"lengths-{digest}.npz"
    state = _read(kept)
    total = _lines_in(dataset)
    if state.lines < total:
        _go_on(dataset, state, _counter(path, digest), seconds)
        _keep(kept, state)
    whole = base is None or base.architecture == BaseModel.Architecture.CAUSAL
    limit = base.context_length if base else 0
    return DatasetTokens(
        model=base.name if base else "",
        limit=limit,
        whole=whole,
        counted=len(state.texts),
        examples=_examples_in(dataset),
        report=token_counts.report(_lengths(state), limit=limit, whole=whole),
    )


def _go_on(
    dataset: Dataset, state: _State, counter: Count, seconds: float | None
) -> None:
    """Count further chunks until the time is over or there are no more."""
    begun = time.monotonic()
    wording = streaming.wording_of(dataset)
    lines = islice(_lines(dataset), state.lines, None)
    while chunk := list(islice(lines, _CHUNK)):
        rows = [read_row(line) for line in chunk]
        fresh = [row for row in rows if not row.copy]
        asked = [_asked(row, *wording) for row in fresh]
        _add(state, rows, asked, counter)
        state.lines += len(chunk)
        if seconds is not None and time.monotonic() - begun >= seconds:
            return


def _asked(
    row: Row, scale: Scale, causes: Sequence[str], versions: Mapping[str, str]
) -> Turns:
    """The row as an exchange; domain text is read whole, and nothing is answered."""
    if row.task == DOMAIN_TEXT:
        return Turns("", row.text, "")
    return tasks.turns(row, scale, causes, versions[row.task])


def _add(
    state: _State, rows: Sequence[Row], asked: Sequence[Turns], counter: Count
) -> None:
    # Special tokens stand once in a prompt, and are counted with its ticket.
    empty = counter([""])[0]
    users = counter([turns.user for turns in asked])
    systems = _counted({t.system for t in asked}, "\n\n", counter, empty)
    answers = _counted({t.assistant for t in asked}, "", counter, empty)
    fresh = iter(zip(asked, users, strict=True))
    for row in rows:
        if row.copy:
            # A copy follows its example, which may stand in the chunk before.
            state.rows[-1] += 1
            continue
        turns, user = next(fresh)
        state.texts.append(user)
        state.prompts.append(user + systems[turns.system])
        state.answers.append(answers[turns.assistant])
        state.rows.append(int(row.split == Split.TRAIN))


def _counted(
    texts: Iterable[str], end: str, counter: Count, empty: int
) -> dict[str, int]:
    """The tokens of some texts that occur often, without special ones."""
    known = sorted(text for text in texts if text)
    counts = counter([f"{text}{end}" for text in known])
    return {
        "": 0,
        **{t: n - empty for t, n in zip(known, counts, strict=True)},
    }


def _counter(path: Path | None, digest: str) -> Count:
    if path is None:
        return lambda texts: [estimated_tokens(len(text)) for text in texts]
    tokenizer = load(str(path), digest)
    return lambda texts: [len(e.ids) for e in tokenizer.encode_batch_fast(list(texts))]


def _lines(dataset: Dataset) -> Iterator[bytes]:
    """Every line of the frozen files, in their fixed order."""
    for split in _splits(dataset):
        with folders.split_path(dataset, split).open("rb") as stream:
            yield from stream


def _splits(dataset: Dataset) -> list[str]:
    splits = dataset.manifest.get("splits", {})
    return [split.value for split in Split if split.value in splits]


def _lines_in(dataset: Dataset) -> int:
    splits = dataset.manifest.get("splits", {})
    return sum(splits[split]["rows"] for split in _splits(dataset))


def _examples_in(dataset: Dataset) -> int:
    splits = dataset.manifest.get("splits", {})
    return sum(splits[split]["examples"] for split in _splits(dataset))


def _lengths(state: _State) -> Lengths:
    return Lengths(
        texts=np.array(state.texts, dtype=np.int64),
        answers=np.array(state.answers, dtype=np.int64),
        rows=np.array(state.rows, dtype=np.int64),
        prompts=np.array(state.prompts, dtype=np.int64),
    )


def _read(path: Path) -> _State:
    if not path.is_file():
        return _State()
    with np.load(path, allow_pickle=False) as kept:
        return _State(
            lines=int(kept["lines"]),
            texts=kept["texts"].tolist(),
            answers=kept["answers"].tolist(),
            rows=kept["rows"].tolist(),
            prompts=kept["prompts"].tolist(),
        )


def _keep(path: Path, state: _State) -> None:
    content = io.BytesIO()
    np.savez(
        content,
        lines=state.lines,
        texts=np.array(state.texts, dtype=np.int32),
        answers=np.array(state.answers, dtype=np.int32),
        rows=np.array(state.rows, dtype=np.int32),
        prompts=np.array(state.prompts, dtype=np.int32),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content.getvalue())
