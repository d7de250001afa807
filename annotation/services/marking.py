"""Mark near copies among a project's records, so that no split tears them apart.

It goes in steps of a few seconds: sign what has no sketch, compare, write marks. What a
step found lies in a file when it ends, so a kill costs one step, and a new record is
compared without comparing all others again. Marking twice changes nothing, and a copy
always points at the first record of its group.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from django.db import transaction

from annotation.domain import comparing
from annotation.domain.duplicates import clusters
from annotation.domain.judging import TextChanged
from annotation.domain.near_search import Search
from annotation.models import Record
from annotation.services import signatures
from annotation.services.signatures import Texts
from netft_site.base.arrays import read_arrays, write_arrays
from netft_site.base.files import write_atomic

COMPARE_CHARACTERS = 20_000_000
MARK_CHUNK = 10_000


@dataclass(frozen=True)
class Step:
    """What one step came to: how many marks changed, and whether all are right now."""

    changed: int = 0
    is_last: bool = False


def advance(*, project_id: int) -> Step:
    """Take the next step; what comes next is found out from the files."""
    texts = signatures.texts_of(project_id)
    if signatures.sign(project_id, texts):
        return Step()
    search = _compare(project_id, texts)
    if search is None or not search.is_done:
        return Step()
    step = _write_marks(project_id, texts, search)
    if step.is_last:
        write_atomic(_marked_path(project_id), texts.digest, mode=0o600)
    return step


def mark_near_duplicates(*, project_id: int) -> int:
    """Take every step here and now; return how many marks changed."""
    changed = 0
    while not (step := advance(project_id=project_id)).is_last:
        changed += step.changed
    return changed + step.changed


def projects_to_mark() -> list[int]:
    """Return the projects whose texts are not those that were marked last."""
    projects = Record.objects.with_text().order_by("project").values_list("project")
    return [
        project_id
        for (project_id,) in projects.distinct()
        if _marked(project_id) != signatures.texts_of(project_id).digest
    ]


def _compare(project_id: int, texts: Texts) -> Search | None:
    """Go on with the search, or begin it again where the texts are others.

    None where a text changed since it was signed: the next step signs it again.
    """
    search = _load_search(project_id, texts)
    if search.is_done:
        return search
    sketches = signatures.load(project_id, texts)
    try:
        search = comparing.advance(
            search, sketches, signatures.read_texts, characters=COMPARE_CHARACTERS
        )
    except TextChanged as changed:
        signatures.forget(project_id, changed.owner)
        return None
    about = np.array(texts.digest)
    write_arrays(_search_path(project_id), {**search.columns(), "about": about})
    return search


def _load_search(project_id: int, texts: Texts) -> Search:
    kept = read_arrays(_search_path(project_id))
    if kept is None:
        return Search()
    search = Search.of_columns(kept)
    return search if kept["about"] == texts.digest else search.begun_again()


def _write_marks(project_id: int, texts: Texts, search: Search) -> Step:
    """Bring a chunk of the marks in line with the pairs found."""
    wanted = _wanted_marks(search)
    records = Record.objects.filter(project=project_id).order_by("pk")
    marked = records.filter(near_duplicate_of__isnull=False)
    stored = dict(marked.values_list("pk", "near_duplicate_of_id"))
    changed = sorted(
        pk for pk in stored.keys() | wanted.keys() if stored.get(pk) != wanted.get(pk)
    )
    with transaction.atomic():
        Record.objects.bulk_update(
            [
                Record(pk=pk, near_duplicate_of_id=wanted.get(pk))
                for pk in changed[:MARK_CHUNK]
            ],
            ["near_duplicate_of"],
            batch_size=400,
        )
    return Step(len(changed[:MARK_CHUNK]), is_last=len(changed) <= MARK_CHUNK)


def _wanted_marks(search: Search) -> dict[int, int]:
    """The first record of its group by every other one."""
    ids, places = np.unique(search.ends, return_inverse=True)
    by_place = replace(search, ends=places.reshape(-1, 2))
    named = ids.tolist()
    firsts = enumerate(clusters(len(named), by_place.pairs()))
    return {named[at]: named[first] for at, first in firsts if first != at}


def _marked(project_id: int) -> str:
    path = _marked_path(project_id)
    return path.read_text() if path.is_file() else ""


def _marked_path(project_id: int) -> Path:
    return signatures.folder(project_id) / "marked"


def _search_path(project_id: int) -> Path:
    return signatures.folder(project_id) / "search.npz"
