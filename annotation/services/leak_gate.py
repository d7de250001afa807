"""The last look before text leaves: no canary, no known secret, nothing unexplained.

Every text is compared with the keyed hashes of canaries and of secrets that were found
before, and goes through the project's sanitizer once more: a secret that it would
replace today, whatever the project's own knowledge finds (names, missed values, rules),
and what it would ask a person about must not leave. A text that is vouched for has been
through exactly that sanitizer, so it is only compared. A person's word counts: the
tripwires of a record that somebody approved pass, and so do its approved false alarms.
A finding names rows and records, never a value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from annotation.domain.sanitize import Sanitizer, Span
from annotation.domain.sanitize.canaries import REMADE_TYPES, SECRET_TYPES
from annotation.domain.sanitize.identity import DICTIONARY
from annotation.domain.sanitize.knowledge import MISSED as MISSED_RULE
from annotation.domain.sanitize.knowledge import OWN
from annotation.domain.sanitize.recalled import KnownHashes, KnownTokens
from annotation.domain.sanitize.views import view
from annotation.models import FalseAlarm, Project, Record, Sanitization
from annotation.services.leak_standing import Standing, canaries_of, secrets_of
from annotation.services.sanitizing import check_key, sanitizer_for
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

    @property
    def is_odd(self) -> bool:
        """Whether anything stands there that somebody may have excused."""
        return bool(self.tokens or self.remade or self.has_tripwire)

    def without(self, excused: set[str], ours: set[str]) -> set[str]:
        """What remains without false alarms, by pseudonym, and our own pseudonyms.

        A value that somebody reported as missed is no false alarm any more.
        """
        meant = self.tokens | {
            (what, token) for what, token, value in self.remade if value not in ours
        }
        return {what for what, token in meant if what == MISSED or token not in excused}


_NOTHING = _Look()


class LeakGate:
    """What is known of a project's secrets, loaded once for many texts."""

    def __init__(self, project: Project, *, since: Standing | None = None) -> None:
        """Load it; with `since` only what texts checked under that have not met.

        Raises VaultRefused without the project's key.
        """
        check_key(project)
        keyring = keyring_of(project.key_id)
        self._project = project
        self._sanitizer = None if since else sanitizer_for(project)
        self._secrets = KnownTokens(keyring, secrets_of(project, since))
        self._canaries = KnownHashes(keyring, canaries_of(project, since))
        self._looks: dict[tuple[str, bool], _Look] = {}

    def check(
        self,
        texts: Sequence[str],
        external_ids: Sequence[str] = (),
        vouched: Container[int] = (),
    ) -> list[GateFinding]:
        """Return why these texts may not leave; nothing where they may.

        `external_ids` names the record of each text, whose approvals then count;
        `vouched` has the rows whose text is what today's sanitizer made of it.
        """
        names = list(external_ids) or [""] * len(texts)
        looks = [self._look(text, row in vouched) for row, text in enumerate(texts)]
        met = {name for look, name in zip(looks, names, strict=True) if look.is_odd}
        approved, excused = self._approvals(met - {""})
        remade = {n for look, n in zip(looks, names, strict=True) if look.remade}
        ours = self._pseudonyms_of(remade)
        findings = []
        for row, (look, name) in enumerate(zip(looks, names, strict=True)):
            if not look.is_odd:
                continue
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

    def _look(self, text: str, is_vouched: bool) -> _Look:
        key = text, is_vouched
        look = self._looks.get(key)
        if look is None:
            if len(self._looks) >= _KEPT:
                self._looks.clear()
            look = self._looks[key] = self._look_anew(text, is_vouched)
        return look

    def _look_anew(self, text: str, is_vouched: bool) -> _Look:
        found = {(KNOWN, token) for token in self._secrets.find(text)}
        if self._canaries.stand_in(view(text).text):
            found.add((CANARY, ""))
        if self._sanitizer is None or is_vouched:
            return _Look(frozenset(found)) if found else _NOTHING
        look = _sanitized(self._sanitizer, text)
        return replace(look, tokens=look.tokens | found)


def _sanitized(sanitizer: Sanitizer, text: str) -> _Look:
    """What the sanitizer of today still finds in a text."""
    result = sanitizer.sanitize(text)
    found = {
        (SECRET, span.token)
        for span in result.spans
        if span.type in SECRET_TYPES and not _is_own(span.rule)
    }
    remade: set[tuple[str, str, str]] = set()
    if result.spans or result.held:
        # Where the whole sanitizer replaces nothing, its knowledge finds nothing.
        for one in sanitizer.recognises(text):
            what = _kind_of(one.rule)
            if one.type in REMADE_TYPES:
                remade.add((what, one.token, one.value))
            else:
                found.add((what, one.token))
    if result.held and not result.tripwires:
        found.add((UNREADABLE, ""))
    return _Look(frozenset(found), frozenset(remade), bool(result.tripwires))


def _is_own(rule: str) -> bool:
    return rule == MISSED_RULE or rule.startswith(OWN)


def _kind_of(rule: str) -> str:
    if rule == DICTIONARY:
        return NAME
    return MISSED if rule == MISSED_RULE else OWN_RULE


def check_texts(
    *, project: Project, texts: Sequence[str], external_ids: Sequence[str] = ()
) -> list[GateFinding]:
    """Return why texts of a project may not leave; see `LeakGate.check`.

    Raises:
        VaultRefused: the project's key is not in this process's environment.
    """
    return LeakGate(project).check(texts, external_ids)
