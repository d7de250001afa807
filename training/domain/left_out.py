"""Why records make no example: one reason each, counted in the order of the river."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from training.domain.chosen import Chosen
from training.domain.eligibility import Offers
from training.domain.splitting import BRIDGES_SPLITS, NO_OPENED_AT

NEAR_HELD_OUT = "near_held_out"

# In the order of the river: the first reason that applies is the one counted.
LEFT_OUT_WORDS: dict[str, str] = {
    "filtered": "do not match the recipe's filters",
    "held": "are held by the sanitizer",
    "excluded": "were excluded by hand",
    "other_kind": "are of a kind that the task is not about",
    "contested": "are contested and wait for adjudication",
    "open": "have too few reviews for a verdict",
    "no_text": "have no text",
    "single_source": "carry a single source's label, which the gold rule refuses",
    "no_root_cause": "have a verdict that names no root cause",
    "no_category": "name no category, so they have no class",
    "answer_missing": "have no ideal answer",
    "resolution_wrong": "have a resolution that was marked as wrong",
    "resolution_missing": "have no resolution, or one that says nothing",
    "no_pair": "have no pair of answers that was judged",
    NO_OPENED_AT: "have no opening date, so they are neither earlier nor later",
    BRIDGES_SPLITS: "have come to link tickets of two splits",
    "gold_missing": "belong to TEST or CALIBRATION and wait for a gold verdict",
    "opened_after_limit": "were opened after the limit for training",
    "low_agreement": "have a verdict that too few of their reviewers share",
    "over_size": "exceed the size the recipe asks for",
    "down_sampled": "are left out so that senior engineers' examples weigh more",
    "unsafe": "hold something that the sanitizer would not let out today",
    "too_long": "make a row that is longer than the limit",
    NEAR_HELD_OUT: "are general texts, nearly equal to a ticket outside TRAIN",
}


class Reasons:
    """Why records make no example, of each task and at all; the first reason counts."""

    def __init__(
        self, offered: Mapping[str, Offers], unplaced: Mapping[str, str]
    ) -> None:
        self._of_task = {
            (key, task): reason
            for key, one in offered.items()
            for task, reason in one.reasons.items()
        }
        for key, reason in unplaced.items():
            for task in offered[key].rulings:
                self._of_task[key, task] = reason
        self._keys = list(offered)

    def sift(
        self, chosen: Iterable[Chosen], reason_of: Callable[[Chosen], str]
    ) -> list[Chosen]:
        """Keep those without a reason against them; remember the others'."""
        kept = []
        for one in chosen:
            reason = reason_of(one)
            if reason:
                self._of_task[one.record.key, one.task] = reason
            else:
                kept.append(one)
        return kept

    def overrule(self, keys: Iterable[str], reason: str) -> None:
        """Give some records another reason than the first, for every task."""
        wanted = set(keys)
        for key, task in self._of_task:
            if key in wanted:
                self._of_task[key, task] = reason

    def of_tasks(
        self, kept: Iterable[Chosen], tasks: Sequence[str]
    ) -> dict[str, dict[str, int]]:
        """Records that make no example, by task and reason."""
        made = {(c.record.key, c.task) for c in kept}
        found: dict[str, Counter[str]] = {task: Counter() for task in tasks}
        for (key, task), reason in self._of_task.items():
            if (key, task) not in made:
                found[task][reason] += 1
        return {task: _in_order(counted) for task, counted in found.items()}

    def of_records(
        self, kept: Iterable[Chosen], tasks: Sequence[str]
    ) -> dict[str, int]:
        """Records that make no example at all, by the reason of the first task."""
        made = {c.record.key for c in kept}
        return _in_order(
            Counter(
                next(filter(None, (self._of_task.get((key, t)) for t in tasks)), "")
                for key in self._keys
                if key not in made
            )
        )


def _in_order(counted: Counter[str]) -> dict[str, int]:
    return {reason: counted[reason] for reason in LEFT_OUT_WORDS if counted[reason]}
