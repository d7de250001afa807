"""How long a dataset's examples are in tokens, and what an epoch of them costs.

Lengths come in, figures go out; which tokenizer counted is the caller's affair. A
prompt is the instruction of its task and the ticket. What the template of
a chat model puts around the turns, a few tokens a turn, is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.domain.file_checks import NEARLY_FULL
from training.domain.findings import Finding, Weight

SHARES = (0.5, 0.9, 0.95, 0.99, 1.0)

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Lengths:
    """Tokens of every example, without its copies; all of shape (n,).

    texts: of the ticket alone, with the special tokens of a classifier. answers: of
    what is to be said. rows: how often the example stands in TRAIN, 0 outside it.
    prompts: of instruction and ticket; each task has an instruction of its own.
    """

    texts: Integers
    answers: Integers
    rows: Integers
    prompts: Integers

    @property
    def exchanges(self) -> Integers:
        """Prompt and answer."""
        return self.prompts + self.answers


@dataclass(frozen=True)
class TokenReport:
    """The figures of some examples.

    texts, prompts, answers: tokens that a share of the examples does not exceed.
    read: tokens of TRAIN's texts with their copies, an epoch of a classifier. paid,
    taught: those of its exchanges, an epoch of a language model, and of the answers
    among them, from which alone it learns. over, nearly: examples beyond the limit of
    the model, and from 90 % of it up; None without a limit.
    """

    texts: dict[str, int]
    prompts: dict[str, int]
    answers: dict[str, int]
    read: int
    paid: int
    taught: int
    over: int | None
    nearly: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        return asdict(self)


def report(
    lengths: Lengths, *, limit: int | None = None, whole: bool = True
) -> TokenReport:
    """Sum the lengths up. With `whole` the limit holds for prompt and answer together,
    as a language model reads them, else for the text alone, as a classifier does.
    """
    judged = lengths.exchanges if whole else lengths.texts
    over = nearly = None
    if limit:
        over = int((judged > limit).sum())
        nearly = int((judged > NEARLY_FULL * limit).sum()) - over
    return TokenReport(
        texts=_at_shares(lengths.texts),
        prompts=_at_shares(lengths.prompts),
        answers=_at_shares(lengths.answers),
        read=int(lengths.texts @ lengths.rows),
        paid=int(lengths.exchanges @ lengths.rows),
        taught=int(lengths.answers @ lengths.rows),
        over=over,
        nearly=nearly,
    )


def findings(
    found: TokenReport, *, limit: int, whole: bool, model: str
) -> list[Finding]:
    """What the lengths mean for a model: exchanges too long, or texts that are cut."""
    counts: Mapping[str, tuple[int | None, Weight, str]] = {
        "length_over_limit": (
            found.over,
            Weight.ERROR if whole else Weight.WARNING,
            f"longer than the {limit:,} tokens that {model} reads",
        ),
        "length_nearly_full": (
            found.nearly,
            Weight.WARNING,
            f"within a tenth of the {limit:,} tokens that {model} reads",
        ),
    }
    return [
        Finding(
            rule,
            weight,
            f"{count:,} example{' is' if count == 1 else 's are'} {words}.",
            field="text",
            fix="Shorten the texts, or choose a model that reads more.",
        )
        for rule, (count, weight, words) in counts.items()
        if count
    ]


def _at_shares(lengths: Integers) -> dict[str, int]:
    """The length that a share of the examples does not exceed (nearest rank)."""
    if not len(lengths):
        return {}
    ordered = np.sort(lengths)
    last = len(ordered) - 1
    return {f"{share:g}": int(ordered[round(share * last)]) for share in SHARES}
