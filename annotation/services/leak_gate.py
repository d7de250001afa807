"""The last look before text leaves: no canary, no known secret, nothing unexplained.

Every text is compared with the keyed hashes of canaries and of secrets that were found
before, and goes through the project's sanitizer once more: a secret that it would
replace today, whatever the project's own knowledge finds (names, missed values, rules),
and what it would ask a person about must not leave. A person's word counts: the
tripwires of a record that somebody approved pass, and so do its approved false alarms.
A finding names rows and records, never a value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Max

from annotation.domain.sanitize import RULESET, Keyring, Knowledge, Sanitizer, Span
from annotation.domain.sanitize.canaries import REMADE_TYPES, SECRET_TYPES
from annotation.domain.sanitize.identity import DICTIONARY
from annotation.domain.sanitize.knowledge import MISSED as MISSED_RULE
from annotation.domain.sanitize.knowledge import OWN, Taught
from annotation.domain.sanitize.views import view
from annotation.models import (
    Canary,
    FalseAlarm,
    KnownSecret,
    Project,
    Record,
    Sanitization,
)
from annotation.services.known_secrets import tokens_in
from annotation.services.sanitizing import sanitizer_for
from annotation.services.vault import keyring_of

CANARY = "canary"
KNOWN = "known secret"
NAME = "name of the dictionary"
MISSED = "missed value"
OWN_RULE = "own rule"
TRIPWIRE = "tripwire"
SECRET = "unsanitized secret"  # noqa: S105  (what a finding is called)
UNREADABLE = "text that the sanitizer cannot read"
_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class GateFinding:
    """One reason why a text may not leave. `row` counts the texts from 0."""

    row: int
    what: str
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class _Look:
    """What stands in a text, before anybody's word is heard.

    `tokens` holds, for each finding, the pseudonym of what was found ("" for none);
    `remade` the finding, pseudonym and value of what may be a pseudonym itself: those
    of a serial number have its form.
    """

    tokens: frozenset[tuple[str, str]] = frozenset()
    remade: frozenset[tuple[str, str, str]] = frozenset()
    has_tripwire: bool = False

    def without(self, excused: set[str], ours: set[str]) -> set[str]:
        """What remains without false alarms, by pseudonym, and our own pseudonyms.

        A value that somebody reported as missed is no false alarm any more.
        """
        meant = self.tokens | {
            (what, token) for what, token, value in self.remade if value not in ours
        }
        return {what for what, token in meant if what == MISSED or token not in excused}


class LeakGate:
    """What is known of a project's secrets, loaded once for many texts."""

    def __init__(self, project: Project) -> None:
        """Load it. Raises VaultRefused without the project's key."""
        self._project = project
        self._keyring: Keyring = keyring_of(project.key_id)
        self._sanitizer: Sanitizer = sanitizer_for(project)
        known = KnownSecret.objects.filter(project=project)
        self._known = frozenset(known.values_list("token", flat=True))
        planted = Canary.objects.filter(project=project)
        hashes = dict.fromkeys(planted.values_list("value_hmac", flat=True), CANARY)
        self._canaries = (
            Taught(self._keyring, Knowledge(missed=hashes)) if hashes else None
        )
        self._looks: dict[str, _Look] = {}

    def check(
        self, texts: Sequence[str], external_ids: Sequence[str] = ()
    ) -> list[GateFinding]:
        """Return why these texts may not leave; nothing where they may.

        `external_ids` names the record of each text, whose approvals then count.
        """
        names = list(external_ids) or [""] * len(texts)
        approved, excused = self._approvals(set(names) - {""})
        looks = [self._look(text) for text in texts]
        remade = {n for look, n in zip(looks, names, strict=True) if look.remade}
        ours = self._pseudonyms_of(remade)
        findings = []
        for row, (look, name) in enumerate(zip(looks, names, strict=True)):
            found = look.without(excused[name], ours[name])
            if look.has_tripwire and name not in approved:
                found.add(TRIPWIRE)
            findings += [GateFinding(row, what, name) for what in sorted(found)]
        return findings

    def _approvals(self, names: set[str]) -> tuple[set[str], dict[str, set[str]]]:
        """Records that a person approved, and tokens that are false alarms there."""
        excused: dict[str, set[str]] = defaultdict(set)
        if not names:
            return set(), excused
        records = Record.objects.of(self._project).with_external_ids(names)
        approved = records.filter(sanitization__state=Sanitization.State.APPROVED)
        alarms = FalseAlarm.objects.of(self._project).approved()
        for name, token in alarms.filter(record__in=records).values_list(
            "record__external_id", "token"
        ):
            excused[name].add(token)
        return set(approved.values_list("external_id", flat=True)), excused

    def _pseudonyms_of(self, names: set[str]) -> dict[str, set[str]]:
        """What stands for something in the texts of records, by their ids."""
        ours: dict[str, set[str]] = defaultdict(set)
        if not names:
            return ours
        records = Record.objects.of(self._project).with_external_ids(names)
        rows = Sanitization.objects.filter(record__in=records)
        for name, spans in rows.values_list("record__external_id", "spans"):
            for places in spans.values():
                ours[name].update(Span(*place).token for place in places)
        return ours

    def _look(self, text: str) -> _Look:
        look = self._looks.get(text)
        if look is None:
            if len(self._looks) >= _KEPT:
                self._looks.clear()
            look = self._looks[text] = self._look_anew(text)
        return look

    def _look_anew(self, text: str) -> _Look:
        result = self._sanitizer.sanitize(text)
        found = {
            (SECRET, span.token)
            for span in result.spans
            if span.type in SECRET_TYPES and not _is_own(span.rule)
        }
        remade: set[tuple[str, str, str]] = set()
        if result.spans or result.held:
            # Where the whole sanitizer replaces nothing, its knowledge finds nothing.
            for one in self._sanitizer.recognises(text):
                what = _kind_of(one.rule)
                if one.type in REMADE_TYPES:
                    remade.add((what, one.token, one.value))
                else:
                    found.add((what, one.token))
        if result.held and not result.tripwires:
            found.add((UNREADABLE, ""))
        if self._canaries and any(self._canaries.find(view(text))):
            found.add((CANARY, ""))
        if self._known:
            words = tokens_in(text, self._keyring)
            found |= {(KNOWN, token) for token in words.keys() & self._known}
        wires = bool(result.tripwires)
        return _Look(frozenset(found), frozenset(remade), wires)


def _is_own(rule: str) -> bool:
    return rule == MISSED_RULE or rule.startswith(OWN)


def _kind_of(rule: str) -> str:
    if rule == DICTIONARY:
        return NAME
    return MISSED if rule == MISSED_RULE else OWN_RULE


def standing_of(project: Project) -> dict[str, str | int]:
    """Return what a check of today rests on; while it is equal, so is what is found.

    What a person excuses later only lets more pass.
    """
    secrets = KnownSecret.objects.filter(project=project)
    planted = Canary.objects.filter(project=project)
    return {
        "knowledge": Project.objects.knowledge_version_of(project),
        "ruleset": RULESET,
        "key": project.key_id,
        "known_secret": secrets.aggregate(newest=Max("pk"))["newest"] or 0,
        "canary": planted.aggregate(newest=Max("pk"))["newest"] or 0,
    }


def check_texts(
    *, project: Project, texts: Sequence[str], external_ids: Sequence[str] = ()
) -> list[GateFinding]:
    """Return why texts of a project may not leave; see `LeakGate.check`.

    Raises:
        VaultRefused: the project's key is not in this process's environment.
    """
    return LeakGate(project).check(texts, external_ids)
