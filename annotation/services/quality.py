"""How one reviewer labels, and how a team does, for those who may see it.

Reads and computes; writes nothing. Only answers to decided records are compared, so
that nobody learns what others said of a record that is still open. Who may not see
which records are gold is shown gold and repeats only up to the last Monday: a count
that moved with every answer would tell which one it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from annotation.domain.confusion import confusion, disagreements, reference_of
from annotation.domain.reviewer_habits import (
    VERY_QUICK,
    Repeatability,
    by_month,
    drift,
    gold_accuracy,
    is_very_quick,
    median_seconds,
    pace_bins,
    repeatability,
)
from annotation.domain.reviewer_quality import (
    LEAST_ANSWERS,
    Comparison,
    bias,
    by_peer,
    compared,
    evident,
    exact_agreement,
    weighted_agreement,
)
from annotation.models import Project, Record, Reviewer
from annotation.querysets.quality import DECIDED
from annotation.services import quality_facts
from annotation.services.keeping import kept
from annotation.services.quality_facts import Facts
from annotation.services.quality_reports import (
    Beside,
    Example,
    Pace,
    Pair,
    QuickAnswer,
    ReviewerReport,
    TeamReport,
    TeamRow,
)

EXAMPLES = 10
QUICK_LISTED = 20
_SEED = 20


@dataclass(frozen=True)
class Sight:
    """What the person who looks may know.

    ``tested`` is the reviewer who looks, where they label and may not know which
    records are gold: no reference of a record that may yet test them is shown.
    """

    names_peers: bool
    knows_gold: bool
    tested: int | None = None


def sight_of(user: Any, project: Project) -> Sight:
    """Return what somebody may know about the people of a project."""
    knows_gold = user.has_perm("annotation.view_gold", project)
    own = None if knows_gold else Reviewer.objects.people().filter(user_id=user.pk)
    return Sight(
        names_peers=user.has_perm("annotation.view_review", project),
        knows_gold=knows_gold,
        tested=own.values_list("pk", flat=True).first() if own is not None else None,
    )


def report_on(
    *, project: Project, reviewer: Reviewer, sight: Sight, now: datetime
) -> ReviewerReport:
    """Return the figures about one reviewer in a project.

    Those over many answers are up to five minutes old; ``at`` says from when.
    """
    seen_by = f"{sight.names_peers:d}{sight.knows_gold:d}.{sight.tested}"
    about = f"{project.pk}.{reviewer.pk}.{seen_by}"
    found = kept(
        f"quality.{about}",
        lambda: _report_on(project, reviewer, sight, now),
        rows=lambda report: report.beside.n,
        now=now,
    )
    return replace(
        found.value,
        reviewer=reviewer,
        at=found.at,
        examples=_still_shown(project, found.value.examples, sight),
    )


def _still_shown(
    project: Project, examples: list[Example], sight: Sight
) -> list[Example]:
    """Leave out what was opened again, or became gold, since it was kept."""
    shown = _may_show(project, [one.record.pk for one in examples], sight)
    return [one for one in examples if one.record.pk in shown]


def _may_show(project: Project, ids: Sequence[int], sight: Sight) -> set[int]:
    """Decided records whose reference gives away no answer to who looks.

    Answers to open records are nobody's to see; a reference of what may still come as
    gold or as a blind repeat would answer it.
    """
    rows = Record.objects.of(project).with_ids(ids).filter(state__in=DECIDED)
    if sight.tested is not None:
        rows = rows.never_a_test_of(sight.tested, repeats=project.repeat_share > 0)
    return set(rows.values_list("pk", flat=True))


def _report_on(
    project: Project, reviewer: Reviewer, sight: Sight, now: datetime
) -> ReviewerReport:
    facts = quality_facts.facts_about(project, reviewer)
    rows = compared(facts.answers).get(reviewer.pk, ())
    size = len(project.scale)
    drawn = [one for one in rows if one.item in facts.random_records]
    until = None if sight.knows_gold else last_monday(now)
    gold = quality_facts.reviews_of(project).given_by(reviewer).until(until)
    right, n = gold.gold_counts().get(reviewer.pk, (0, 0))
    return ReviewerReport(
        reviewer=reviewer,
        beside=_beside(rows, size),
        random=evident(exact_agreement(drawn, _rng())),
        pairs=_pairs(rows, size) if sight.names_peers else [],
        confusion=confusion(rows, facts.decisions, rater=reviewer.pk, size=size),
        drift=evident(drift(rows)),
        months=by_month(rows, _rng()),
        pace=_pace(project, reviewer),
        gold=evident(gold_accuracy(right, n)),
        repeats=_repeats(project, reviewer, until, size),
        hidden_from=until,
        examples=_examples(project, reviewer, rows, facts, sight),
        is_capped=facts.is_capped,
        at=now,
    )


def team_report(*, project: Project, now: datetime) -> TeamReport:
    """Return the figures about everybody who labels, or has labeled, in a project.

    Those over many answers are up to five minutes old; ``at`` says from when.
    """
    return kept(
        f"team.{project.pk}",
        lambda: _team_report(project, now),
        rows=lambda report: sum(row.beside.n for row in report.rows),
        now=now,
    ).value


def _team_report(project: Project, now: datetime) -> TeamReport:
    facts = quality_facts.facts_of_team(project)
    rows, size = compared(facts.answers), len(project.scale)
    paces = quality_facts.pace_by_reviewer(project)
    gold = quality_facts.reviews_of(project).gold_counts()
    repeats = quality_facts.repeats_by_reviewer(project, reviewer=None, until=None)
    table = [
        TeamRow(
            reviewer=person,
            beside=_beside(rows.get(person.pk, ()), size),
            pace=evident(median_seconds(paces.get(person.pk, []))),
            gold=evident(gold_accuracy(*gold.get(person.pk, (0, 0)))),
            repeats=evident(repeatability(repeats.get(person.pk, []), size).exact),
        )
        for person in Reviewer.objects.known_in(project)
    ]
    pace = median_seconds(quality_facts.pace_of(project))
    return TeamReport(table, pace, facts.is_capped, now)


def last_monday(now: datetime) -> datetime:
    """The beginning of the week that `now` is in."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=now.weekday())


def _rng() -> np.random.Generator:
    # A fixed seed: the same answers give the same interval on every page.
    return np.random.default_rng(_SEED)


def _beside(rows: tuple[Comparison, ...], size: int) -> Beside:
    if 0 < len(rows) < LEAST_ANSWERS:
        # Nothing of it would be shown: no need to resample.
        few = evident(bias(rows))
        return Beside(len(rows), few, few, few)
    return Beside(
        n=len(rows),
        exact=evident(exact_agreement(rows, _rng())),
        weighted=evident(weighted_agreement(rows, size, _rng())),
        bias=evident(bias(rows)),
    )


def _pairs(rows: tuple[Comparison, ...], size: int) -> list[Pair]:
    narrowed = by_peer(rows)
    names = Reviewer.objects.in_bulk(narrowed)
    found = [
        Pair(names[peer].name, _beside(alone, size)) for peer, alone in narrowed.items()
    ]
    return sorted(found, key=lambda pair: (-pair.figures.n, pair.peer))


def _repeats(
    project: Project, reviewer: Reviewer, until: datetime | None, size: int
) -> Repeatability:
    rows = quality_facts.repeats_by_reviewer(project, reviewer=reviewer, until=until)
    found = repeatability(rows.get(reviewer.pk, []), size)
    return Repeatability(
        evident(found.exact), evident(found.weighted), found.median_days
    )


def _pace(project: Project, reviewer: Reviewer) -> Pace:
    seconds = quality_facts.pace_of(project, reviewer)
    of_project = median_seconds(quality_facts.pace_of(project))
    limit = of_project.value or 0.0
    return Pace(
        median=evident(median_seconds(seconds)),
        project=evident(of_project),
        bins=pace_bins(seconds),
        quick=_quick(project, reviewer, limit),
        quick_count=sum(is_very_quick(one, limit) for one in seconds),
    )


def _quick(project: Project, reviewer: Reviewer, limit: float) -> list[QuickAnswer]:
    rows = quality_facts.reviews_of(project).timed().given_by(reviewer)
    under = rows.quicker_than(VERY_QUICK * limit).newest(QUICK_LISTED)
    return [
        QuickAnswer(one.record, one.seconds_spent, one.submitted_at)
        for one in under.select_related("record")
    ]


def _examples(
    project: Project,
    reviewer: Reviewer,
    rows: tuple[Comparison, ...],
    facts: Facts,
    sight: Sight,
) -> list[Example]:
    off = disagreements(rows, facts.decisions, rater=reviewer.pk)
    if sight.tested is not None:
        shown = _may_show(project, [one.item for one in off], sight)
        off = [one for one in off if one.item in shown]
    off = off[:EXAMPLES]
    records = Record.objects.of(project).in_bulk([one.item for one in off])
    people = {peer for one in off for peer, _ in one.peers} if sight.names_peers else ()
    names = {key: row.name for key, row in Reviewer.objects.in_bulk(people).items()}
    keys = project.scale.keys
    found = []
    for one in off:
        level = reference_of(one, facts.decisions.get(one.item), reviewer.pk)
        assert level is not None  # noqa: S101
        # In the order of the scale: the order of answers would tell who gave them.
        said = sorted((at, names.get(peer, "")) for peer, at in one.peers)
        found.append(
            Example(
                record=records[one.item],
                own=keys[one.own],
                reference=keys[level],
                said=tuple((name, keys[at]) for at, name in said),
            )
        )
    return found
