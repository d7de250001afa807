"""Decide what a dataset will contain.

The plan is the snapshot that a build follows: a verdict that changes while chunks are
written changes nothing any more. How it lies on disk is said in `plans`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from django.db.models import Max

from annotation.models import Project
from annotation.services import settling
from training.domain.chosen import Chosen, Selection, repeated_row, repeated_words
from training.domain.earlier import TRIAGE, Earlier, earlier_tickets
from training.domain.eligibility import RecordFacts
from training.domain.manifest import coverage, mixes
from training.domain.recipe import GoldRule, Recipe
from training.domain.selection import select
from training.domain.tasks import PREFERENCE
from training.models import Dataset, SplitAssignment
from training.services.datasets import folders, lengths, plans
from training.services.datasets.facts import load_facts
from training.services.datasets.plans import Entry, Header, PlannedAssignment
from training.services.datasets.refusals import BuildRefused
from training.services.datasets.vetting import OutOfTime, Vetted, Vetter


def select_examples(*, project: Project, recipe: Recipe) -> Selection:
    """Choose the examples of a recipe, without a look at texts; reads only."""
    facts = load_facts(project=project, recipe=recipe)
    return _selected(facts, project, recipe)


def select_readable_examples(
    *, project: Project, recipe: Recipe, vetter: Vetter
) -> tuple[Selection, list[Entry]]:
    """Choose the examples of a recipe whose texts pass, and plan them; reads only.

    An example that does not pass the leak gate, or is too long where the recipe drops
    that, is left out, and others may take its place; so it is done again until all
    that are chosen pass.

    Raises OutOfTime, and BuildRefused (``too_long``) where the recipe refuses rows
    that are, or (``id_repeated``).
    """
    facts = load_facts(project=project, recipe=recipe)
    while True:
        selection = _selected(facts, project, recipe)
        if repeated := repeated_row(selection.examples):
            raise BuildRefused("id_repeated", repeated_words(repeated))
        alone = set(vetter.vetted.alone)
        planned = entries_of(selection, recipe, alone)
        unsafe = vetter.unsafe(planned)
        if vetter.vetted.alone - alone:
            continue
        long = set[str]()
        if measure := vetter.measure:
            long = lengths.too_long(
                recipe=recipe,
                measure=measure,
                entries=planned,
                tokens=vetter.vetted.tokens,
            )
        if not unsafe | long:
            return selection, planned
        facts = _without(facts, _by_record(planned, unsafe), _by_record(planned, long))


def _selected(
    facts: Sequence[RecordFacts], project: Project, recipe: Recipe
) -> Selection:
    return select(facts, recipe, project.scale.keys, project.production_mix)


def _by_record(
    entries: Iterable[Entry], rows: Container[str]
) -> Mapping[int, frozenset[str]]:
    """The ids of some rows, by the record that they are of."""
    found: dict[int, frozenset[str]] = defaultdict(frozenset)
    for entry in entries:
        if entry.row in rows:
            found[entry.record_id] |= {entry.row}
    return found


def _without(
    facts: Iterable[RecordFacts],
    unsafe: Mapping[int, frozenset[str]],
    long: Mapping[int, frozenset[str]],
) -> list[RecordFacts]:
    """The facts, with what a record may not teach noted."""
    none = frozenset[str]()
    return [
        replace(
            f,
            unsafe=f.unsafe | unsafe.get(f.id, none),
            too_long=f.too_long | long.get(f.id, none),
        )
        for f in facts
    ]


def write_plan(*, dataset: Dataset, seconds: float = math.inf) -> None:
    """Plan a dataset, unless its plan is there already.

    Under the SINGLE_SOURCE rule, records with one label get their verdict first. Where
    checking texts takes longer than `seconds` there is no plan yet, and the next call
    goes on.
    """
    if plans.has_plan(dataset):
        return
    recipe = Recipe.parse(dataset.recipe)
    if recipe.gold_rule is GoldRule.SINGLE_SOURCE:
        settling.settle_single_source(project=dataset.project)
    last = last_assignment(dataset.project)
    vetter = Vetter(
        dataset.project,
        folders.vetted_path(dataset),
        seconds,
        lengths.measure_of(recipe) if recipe.length.leaves_out else None,
    )
    try:
        selection, planned = select_readable_examples(
            project=dataset.project, recipe=recipe, vetter=vetter
        )
    except OutOfTime:
        return
    vetted = vetter.vetted
    plans.write(
        dataset,
        _header(selection, last, vetted),
        (replace(e, checked=vetted.checked.get(e.row, "")) for e in planned),
        _assignments(selection),
    )


def entries_of(
    selection: Selection, recipe: Recipe, alone: Container[str] = ()
) -> list[Entry]:
    """The planned examples of a selection, in its order.

    alone: ids of rows that show no earlier tickets.
    """
    shown = (
        earlier_tickets(selection.examples, recipe.seed)
        if TRIAGE in (recipe.tasks)
        else {}
    )
    nothing = Earlier()
    return [
        _entry(
            c,
            shown.get(c.record.id, nothing)
            if c.task == TRIAGE and c.key not in alone
            else nothing,
        )
        for c in selection.examples
    ]


def last_assignment(project: Project) -> int:
    """The id of the project's newest split assignment, 0 where there is none."""
    given = SplitAssignment.objects.filter(record__project=project)
    newest = given.aggregate(newest=Max("id"))["newest"]
    return newest or 0


def _header(selection: Selection, last: int, vetted: Vetted) -> Header:
    return Header(
        examples=len(selection.examples),
        left_out=selection.left_out,
        mix=mixes(chosen.tally for chosen in selection.examples),
        senior_share_before=selection.senior_share_before,
        senior_share=selection.senior_share,
        last_assignment=last,
        coverage=coverage(chosen.tally for chosen in selection.examples),
        left_out_of=selection.left_out_of,
        general_share=selection.general_share,
        checked_under=vetted.standing.as_json(),
    )


def _entry(chosen: Chosen, earlier: Earlier) -> Entry:
    record, ruling, review = chosen.record, chosen.ruling, chosen.review
    is_pair = chosen.task == PREFERENCE
    return Entry(
        record_id=record.id,
        key=record.key,
        row=chosen.key,
        task=chosen.task,
        split=chosen.split.value,
        group=chosen.placement.group_key,
        label=ruling.label,
        method=ruling.method,
        grade=ruling.grade.value,
        gold=chosen.gold.value,
        reviews=ruling.reviews,
        root_cause=ruling.root_cause,
        category=record.category,
        opened_at=record.opened_at.isoformat() if record.opened_at else None,
        rows=chosen.rows,
        answer_id=review.id if review else record.answer,
        label_id=review.id if review else None,
        pair_id=record.pair if is_pair else None,
        repeats=earlier.repeats,
        earlier=earlier.shown,
    )


def _assignments(selection: Selection) -> Iterable[PlannedAssignment]:
    for record_id, placement in selection.assignments.items():
        yield PlannedAssignment(record_id, placement.split.value, placement.group_key)
