"""What the texts of a dataset are like, gathered in one pass in small memory.

Every example is noted once, without its copies. Kept are hashes, lengths and a seeded
sample of texts, so that a hundred thousand examples need some tens of megabytes.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from annotation.domain.duplicates import fingerprint
from annotation.domain.scale import Scale
from training.domain.findings import Finding, Findings, Weight
from training.domain.gold import REVIEWED
from training.domain.rows import Row
from training.domain.shuffling import seeded_rank
from training.domain.tasks import STRUCTURED, answer_problem, turns
from training.domain.text_checks import shortness_of_answer, signs_of_incompleteness

# Distinct-2 falls with the size of a corpus; so many texts make it comparable.
SAMPLE = 500
# Below this part of different word pairs, texts repeat each other (distinct-2).
FEW_DIFFERENT_PAIRS = 0.3
_SHARES = (0.5, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True)
class TextFacts:
    """The texts in figures.

    examples, unique: texts, and different ones (case and white space aside). complete:
    different ones without a sign of incompleteness. consistent: those whose masked
    text has one label only. characters: length at shares of the examples. distinct_2:
    different word pairs among all word pairs of a sample, None without a pair.
    """

    examples: int
    unique: int
    complete: int
    consistent: int
    characters: dict[str, int]
    distinct_2: float | None
    sampled: int


@dataclass
class RowQuality:
    """Notes examples one by one; `facts` and `findings` say what they came to."""

    seed: int
    scale: Scale
    root_causes: Sequence[str] = ()
    _records: set[tuple[str, str]] = field(default_factory=set)
    _answered: set[tuple[str, str]] = field(default_factory=set)
    _labelled: set[tuple[str, str]] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)
    _incomplete: set[str] = field(default_factory=set)
    _labels: dict[str, Counter[str]] = field(default_factory=dict)
    _masked_of: dict[str, str] = field(default_factory=dict)
    _ids: dict[str, list[str]] = field(default_factory=dict)
    _lengths: list[int] = field(default_factory=list)
    _sample: list[tuple[int, str]] = field(default_factory=list)
    _found: Findings = field(default_factory=Findings)
    _examples: int = 0
    _shortened: int = 0

    def note(self, row: Row, masked: str) -> None:
        """Take one example in; a text of which several are made counts once.

        masked: the masked fingerprint of its text.
        """
        self._note_answer(row)
        self._shortened += bool(row.cut)
        self._note_label(row, masked)
        id, text = row.record_id, row.text
        name = fingerprint(text)
        is_first = (id, name) not in self._records
        self._note_signs(row, name, with_text=is_first)
        if not is_first:
            return
        self._records.add((id, name))
        self._examples += 1
        self._lengths.append(len(text))
        is_new = name not in self._seen
        self._seen.add(name)
        self._masked_of[name] = masked
        if is_new:
            self._note_sample(id, text)

    def facts(self) -> TextFacts:
        """The figures."""
        split = {m for m, labels in self._labels.items() if len(labels) > 1}
        consistent = sum(self._masked_of[name] not in split for name in self._seen)
        return TextFacts(
            examples=self._examples,
            unique=len(self._seen),
            complete=len(self._seen) - len(self._incomplete),
            consistent=consistent,
            characters=_at_shares(sorted(self._lengths)),
            distinct_2=self._distinct_2(),
            sampled=len(self._sample),
        )

    def findings(self) -> list[Finding]:
        """What was found in single texts and in all of them."""
        for masked, labels in self._labels.items():
            if len(labels) > 1:
                self._found.add(_conflict(self._ids[masked], labels))
        if self._shortened:
            message = f"{self._shortened} rows lost the end of their text to the limit."
            self._found.add(Finding("rows_shortened", Weight.INFORMATION, message))
        variety = self._distinct_2()
        if variety is not None and variety < FEW_DIFFERENT_PAIRS:
            message = (
                f"Of the word pairs in {len(self._sample)} texts, {variety:.0%} are "
                "different; the texts are much alike."
            )
            self._found.add(Finding("texts_alike", Weight.WARNING, message))
        return self._found.all()

    def _note_signs(self, row: Row, name: str, *, with_text: bool) -> None:
        """Signs that something is missing: of a text once, of every answer to it."""
        id, text, answer = row.record_id, row.text, row.answer
        signs = []
        if with_text:
            signs += [("text", *sign) for sign in signs_of_incompleteness(text)]
        if answer and (id, answer) not in self._answered:
            self._answered.add((id, answer))
            signs += [("answer", *sign) for sign in signs_of_incompleteness(answer)]
            signs += [("answer", *sign) for sign in shortness_of_answer(answer, text)]
        for where, rule, words in signs:
            fix = "Complete it, or exclude the record."
            self._found.add(Finding(rule, Weight.WARNING, words, id, where, fix))
        if signs:
            self._incomplete.add(name)

    def _note_answer(self, row: Row) -> None:
        """What a model is to say has to be what the task asks for."""
        if row.task not in STRUCTURED:
            return
        said = turns(row, self.scale, self.root_causes).assistant
        problem = answer_problem(row.task, said, self.scale, self.root_causes)
        if problem:
            fix = "Review the record again, or mend the project's levels and causes."
            message = f"The answer is not what the task asks for: {problem}."
            self._found.add(
                Finding("answer_invalid", Weight.ERROR, message, row.id, "answer", fix)
            )

    def _note_label(self, row: Row, masked: str) -> None:
        """A ticket's label counts once, whatever it teaches; no label is none.

        What one reviewer said is no verdict: that they differ is known, and meant.
        """
        id, is_review = row.record_id, row.method == REVIEWED
        if not row.label or is_review or (id, masked) in self._labelled:
            return
        self._labelled.add((id, masked))
        self._labels.setdefault(masked, Counter())[row.label] += 1
        ids = self._ids.setdefault(masked, [])
        if len(ids) < 3:
            ids.append(id)

    def _note_sample(self, id: str, text: str) -> None:
        item = (-seeded_rank(self.seed, "distinct", id), text)
        if len(self._sample) < SAMPLE:
            heapq.heappush(self._sample, item)
        else:
            heapq.heappushpop(self._sample, item)

    def _distinct_2(self) -> float | None:
        pairs: set[tuple[str, str]] = set()
        total = 0
        for _, text in self._sample:
            for pair in pairwise(text.lower().split()):
                pairs.add(pair)
                total += 1
        return len(pairs) / total if total else None


def _conflict(ids: list[str], labels: Counter[str]) -> Finding:
    said = ", ".join(f"{label} ({count})" for label, count in labels.most_common())
    return Finding(
        "same_text_other_label",
        Weight.WARNING,
        f"The same text, pseudonyms aside, has different labels: {said}.",
        ", ".join(ids),
        "label",
        "Adjudicate them: what is right of one is right of the other, or the text "
        "leaves something out.",
    )


def _at_shares(ordered: list[int]) -> dict[str, int]:
    """The length that a share of the examples does not exceed (nearest rank)."""
    if not ordered:
        return {}
    last = len(ordered) - 1
    return {f"{share:g}": ordered[round(share * last)] for share in _SHARES}
