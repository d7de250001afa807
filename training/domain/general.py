"""General-purpose texts mixed into TRAIN, against forgetting what the base could do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from training.domain.chosen import Chosen
from training.domain.eligibility import (
    GENERAL,
    RecordFacts,
    general_task,
    gold_of,
    ruling_of,
)
from training.domain.recipe import Recipe, Split
from training.domain.shuffling import seeded_order
from training.domain.splitting import Placement
from training.domain.tasks.task import TASKS


def near_held_out(
    records: Sequence[RecordFacts], kin: Mapping[str, frozenset[Split]]
) -> set[str]:
    """Keys of usable general texts whose group reaches beyond TRAIN.

    One that nearly repeats a ticket of DEV, CALIBRATION or TEST, or was given such a
    split in an earlier version, would teach what is to be measured.
    """
    return {
        r.key
        for r in records
        if r.origin == GENERAL
        and general_task(r)
        and not kin.get(r.key, frozenset()) <= {Split.TRAIN}
    }


def general_examples(
    records: Sequence[RecordFacts], recipe: Recipe, taught: int, barred: Set[str]
) -> list[Chosen]:
    """General-purpose texts for TRAIN, as many as give the share, in seeded order.

    They are never scored, so they need no assignment. barred: keys of those that must
    not be learned from, see `near_held_out`.
    """
    share = recipe.general_share
    usable = {
        r.key: r
        for r in records
        if r.origin == GENERAL and general_task(r) and r.key not in barred
    }
    wanted = round(taught * share / (1 - share))
    found = []
    for key in seeded_order(usable, recipe.seed, "general")[:wanted]:
        record = usable[key]
        task = general_task(record)
        ruling = ruling_of(record, TASKS[task])
        assert ruling is not None  # noqa: S101  (the task is not about the verdict)
        place = Placement(Split.TRAIN, record.group_key, is_new=False)
        found.append(
            Chosen(
                record,
                ruling,
                gold_of(record, TASKS[task], ruling),
                place,
                task,
                is_general=True,
            )
        )
    return found
