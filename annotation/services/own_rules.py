"""Rules that administrators write for their project, on RE2.

A rule is saved only if its examples, the recall ratchet and the limits of how much it
changes and how long it takes pass; see `rule_pace` for the limits. A rule never
changes: a new version takes the place of the one with its name.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.domain.sanitize import Keyring, Knowledge, OwnRule
from annotation.domain.sanitize import own_rules as judging
from annotation.domain.sanitize.own_rules import Clock, Draft, Finder, Flaw, Text
from annotation.models import Project, Record, SanitizingRule
from annotation.services import knowledge, rule_pace
from annotation.services.known_secrets import known_secrets_in
from annotation.services.vault import keyring_of
from netft_site.base.refusals import Refused

LONGEST_NAME = 60
LONGEST_PATTERN = 500
LONGEST_LINE = 500
MOST_LINES = 50
MOST_RULES = 50
CORPUS_CHARS = 1_000_000
"""Newest sanitized text that a rule is measured on."""
PREVIEWED = 200
"""Newest records that a preview looks through."""
SHOWN = 30

_FIELDS = ("title", "body", "resolution")
_AROUND = 60
_LONGEST_PREVIEW = 3.0  # seconds

_log = logging.getLogger(__name__)


class RuleRefused(Refused):
    """A rule that is not saved; `flaws` say why, part by part."""

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        self.flaws = tuple(flaws)
        super().__init__("rule_unfit", " ".join(flaw.words for flaw in self.flaws))


@dataclass(frozen=True)
class Hit:
    """A place in a record's sanitized text that a rule would replace."""

    record_id: int
    external_id: str
    before: str
    match: str
    after: str


@dataclass
class Preview:
    """What a rule would change in the newest records; `hits` are the first of them.

    `is_complete` is false where the rule took too long to look through them all.
    """

    records: int = 0
    changed: int = 0
    matches: int = 0
    is_complete: bool = True
    hits: list[Hit] = field(default_factory=list)


def save_rule(
    *,
    project: Project,
    name: str,
    span_type: str,
    pattern: str,
    must: Sequence[str] = (),
    must_not: Sequence[str] = (),
    by: User | None,
    now: datetime,
    clock: Clock = time.thread_time,
) -> SanitizingRule:
    """Save a rule after judging it; one in force with its name is withdrawn.

    Refused unless the pattern compiles on RE2 and does not match the empty text, every
    `must` line matches and no `must_not` line does, recall on the bundled examples is
    not lower than without the rule, at most 0.5 % of the bundled clean texts change,
    and on the project's newest sanitized MB it matches at most 5,000 times (judged
    from 100 kB on) and takes at most 200 ms, 1,000 ms on a line full of matches.

    Raises:
        RuleRefused: with every flaw of the first of these steps that fails.
        VaultRefused: the project's key is not in this process's environment.
    """
    rule = OwnRule(" ".join(name.split()), span_type, pattern.strip())
    draft = Draft(rule, _lines(must), _lines(must_not))
    measured = _judge(project, draft, clock)
    saved = SanitizingRule(
        name=rule.name,
        span_type=rule.type,
        pattern=rule.pattern,
        must=list(draft.must),
        must_not=list(draft.must_not),
        measured=measured,
        created_by=by,
    )
    _put_in_force(project, saved, now)
    return saved


@transaction.atomic
def withdraw_rule(*, rule: SanitizingRule, by: User | None, now: datetime) -> None:
    """Let a rule find nothing more from now on; twice changes nothing."""
    rows = SanitizingRule.objects.in_force().filter(pk=rule.pk)
    if rows.update(withdrawn_at=now):
        knowledge.bump(rule.project)
        _log.info("rule %s withdrawn by user %s", rule.pk, by and by.pk)
    rule.refresh_from_db(fields=["withdrawn_at"])


def preview(
    *,
    project: Project,
    span_type: str,
    pattern: str,
    clock: Clock = time.perf_counter,
) -> Preview:
    """Say what a rule would change in the project's newest records that have text.

    Raises:
        RuleRefused: the type is unknown or the pattern none.
        VaultRefused: the project's key is not in this process's environment.
    """
    rule = OwnRule("preview", span_type, pattern.strip())
    _refuse(judging.flaws_of_rule(rule))
    finder = Finder(keyring_of(project.key_id), rule)
    shown = Preview()
    started = clock()
    for pk, external_id, texts in _newest(project, PREVIEWED):
        found = [(one.text, place) for one in texts for place in finder.places(one)]
        shown.records += 1
        shown.changed += bool(found)
        shown.matches += len(found)
        room = SHOWN - len(shown.hits)
        shown.hits += [_hit(pk, external_id, *one) for one in found[:room]]
        if clock() - started > _LONGEST_PREVIEW:
            shown.is_complete = False
            break
    return shown


@transaction.atomic
def _put_in_force(project: Project, rule: SanitizingRule, now: datetime) -> None:
    rule.project = Project.objects.select_for_update().get(pk=project.pk)
    in_force = SanitizingRule.objects.of(project).in_force()
    in_force.filter(name=rule.name).update(withdrawn_at=now)
    rule.save()
    knowledge.bump(rule.project)
    _log.info("rule %s saved in project %s", rule.pk, project.pk)


def _judge(project: Project, draft: Draft, clock: Clock) -> dict[str, Any]:
    """Return what was measured of a rule that passes."""
    _refuse(_flaws_of_form(project, draft))
    _refuse(judging.flaws_of_rule(draft.rule))
    keyring = keyring_of(project.key_id)
    known = _knowledge_without(project, draft.rule.name)
    _refuse(
        judging.flaws_of_draft(
            draft, keyring, known, lambda text: bool(known_secrets_in(project, text))
        )
    )
    ratchet = judging.turn_ratchet(keyring, known, draft.rule)
    _refuse(judging.flaws_of_ratchet(ratchet))
    return _measure(project, draft, keyring, ratchet, clock)


def _measure(
    project: Project,
    draft: Draft,
    keyring: Keyring,
    ratchet: judging.Ratchet,
    clock: Clock,
) -> dict[str, Any]:
    finder = Finder(keyring, draft.rule)
    texts = list(_corpus(project))
    found = rule_pace.measure(finder, texts, clock)
    timed = rule_pace.measure(finder, rule_pace.enough_text(texts), clock)
    line = rule_pace.crowded(draft.must)
    worst = rule_pace.measure(finder, line, clock, rule_pace.MOST_CROWDED_MS_PER_MB)
    _refuse(rule_pace.flaws_of_pace(found, timed, worst))
    return rule_pace.summary(ratchet, found, timed, worst)


def _flaws_of_form(project: Project, draft: Draft) -> Iterator[Flaw]:
    rule = draft.rule
    if not 1 <= len(rule.name) <= LONGEST_NAME:
        yield Flaw("name", f"A name has between 1 and {LONGEST_NAME} characters.")
    if not 1 <= len(rule.pattern) <= LONGEST_PATTERN:
        yield Flaw(
            "pattern", f"A pattern has between 1 and {LONGEST_PATTERN} characters."
        )
    for part, lines in (("must", draft.must), ("must_not", draft.must_not)):
        if len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines):
            yield Flaw(
                part, f"At most {MOST_LINES} lines of {LONGEST_LINE} characters."
            )
    others = SanitizingRule.objects.of(project).in_force().exclude(name=rule.name)
    if others.count() >= MOST_RULES:
        yield Flaw("name", f"A project has at most {MOST_RULES} rules in force.")


def _refuse(flaws: Iterable[Flaw]) -> None:
    found = tuple(flaws)
    if found:
        raise RuleRefused(found)


def _lines(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(line.rstrip("\r\n") for line in lines if line.strip())


def _knowledge_without(project: Project, name: str) -> Knowledge:
    known = knowledge.knowledge_of(project)
    return replace(known, rules=tuple(r for r in known.rules if r.name != name))


def _corpus(project: Project) -> Iterator[Text]:
    size = 0
    for _, _, texts in _newest(project):
        yield from texts
        size += sum(len(one.text) for one in texts)
        if size >= CORPUS_CHARS:
            return


def _newest(
    project: Project, most: int | None = None
) -> Iterator[tuple[int, str, list[Text]]]:
    """Yield key, id and texts of records, newest first; long texts are cut."""
    records = Record.objects.of(project).with_text().order_by("-pk")
    columns = ("pk", "external_id", "sanitization__spans", *_FIELDS)
    rows = records.values_list(*columns)[:most]
    for pk, external_id, spans, *texts in rows.iterator(chunk_size=200):
        some = zip(_FIELDS, texts, strict=True)
        yield pk, external_id, [_text(t, name, spans or {}) for name, t in some if t]


def _text(text: str, name: str, spans: Mapping[str, Sequence[Any]]) -> Text:
    text = text[: rule_pace.LONGEST_TEXT]
    places = [(start, end) for start, end, *_ in spans.get(name, ())]
    return Text(text, [place for place in places if place[1] <= len(text)])


def _hit(pk: int, external_id: str, text: str, place: judging.Place) -> Hit:
    """Return a match with its surroundings, white space as single blanks."""
    before = text[max(0, place.start - _AROUND) : place.start]
    after = text[place.end : place.end + _AROUND]
    return Hit(
        pk,
        external_id,
        _one_line(("…" if place.start > _AROUND else "") + before),
        _one_line(text[place.start : place.end]),
        _one_line(after + ("…" if len(text) > place.end + _AROUND else "")),
    )


def _one_line(text: str) -> str:
    return "".join(" " if char.isspace() else char for char in text)
