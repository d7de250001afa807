"""The last look before text leaves: no canary, no known secret, nothing unexplained.

Every text is compared with the keyed hashes of canaries and of secrets that were found
before, and goes through the project's sanitizer once more: what it would replace today,
or would ask a person about, must not leave. A person's word counts: the tripwires of a
record that somebody approved pass, and so do its approved false alarms. A finding names
rows and records, never a value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from annotation.domain.sanitize import Keyring, Knowledge, Sanitizer
from annotation.domain.sanitize.canaries import SECRET_TYPES
from annotation.domain.sanitize.knowledge import MISSED as MISSED_RULE
from annotation.domain.sanitize.knowledge import Taught
from annotation.domain.sanitize.seen import distinctive_words
from annotation.domain.sanitize.views import view
from annotation.models import (
    Canary,
    FalseAlarm,
    KnownSecret,
    Project,
    Record,
    Sanitization,
)
from annotation.services.sanitizing import sanitizer_for
from annotation.services.vault import keyring_of

CANARY = "canary"
KNOWN = "known secret"
MISSED = "missed value"
TRIPWIRE = "tripwire"
SECRET = "unsanitized secret"  # noqa: S105  (what a finding is called)
UNREADABLE = "text that the sanitizer cannot read"
_WORDS_OF_SECRETS = ("cred", "snmp", "token")
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

    `tokens` holds, for each finding, the pseudonym of what was found ("" for none).
    """

    tokens: frozenset[tuple[str, str]] = frozenset()
    has_tripwire: bool = False


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
        findings = []
        for row, (text, name) in enumerate(zip(texts, names, strict=True)):
            look = self._look(text)
            found = {
                what
                for what, token in look.tokens
                if not token or token not in excused[name]
            }
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
            (MISSED if span.rule == MISSED_RULE else SECRET, span.token)
            for span in result.spans
            if span.type in SECRET_TYPES or span.rule == MISSED_RULE
        }
        if result.held and not result.tripwires:
            found.add((UNREADABLE, ""))
        if self._canaries and any(self._canaries.find(view(text))):
            found.add((CANARY, ""))
        found |= {(KNOWN, token) for token in self._known_in(text)}
        return _Look(frozenset(found), bool(result.tripwires))

    def _known_in(self, text: str) -> set[str]:
        if not self._known:
            return set()
        tokens = {
            self._keyring.token(kind, word)
            for word in distinctive_words(text)
            for kind in _WORDS_OF_SECRETS
        }
        return tokens & self._known


def check_texts(
    *, project: Project, texts: Sequence[str], external_ids: Sequence[str] = ()
) -> list[GateFinding]:
    """Return why texts of a project may not leave; see `LeakGate.check`.

    Raises:
        VaultRefused: the project's key is not in this process's environment.
    """
    return LeakGate(project).check(texts, external_ids)
