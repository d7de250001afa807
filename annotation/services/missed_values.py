"""Values that somebody found in sanitized text, added to what the project knows.

A secret is kept by its keyed hash alone, a name goes sealed into the dictionary. What
would tear ordinary words out of many tickets, or would not be found again, is refused.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from django.contrib.auth.models import User
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from annotation.domain.importing.cleaning import Places
from annotation.domain.sanitize import (
    TOKEN_SHAPE,
    Context,
    Knowledge,
    Sanitizer,
    value_hash,
    value_range,
)
from annotation.models import (
    MissedValue,
    Project,
    Record,
    Term,
)
from annotation.services import dictionary
from annotation.services.knowledge import bump
from annotation.services.vault import keyring_of
from netft_site.base.refusals import Refused

LONGEST = 200
_MOST_WORDS = 4
_SHORTEST = 4
_COMMON_SHARE = 0.02
_ALWAYS_RARE = 2  # records; in a small project two are more than two percent
_PLAIN = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)*")

SECRETS = {
    "cred": "Password or key",
    "snmp": "SNMP community",
    "token": "Access token",
    "phone": "Phone number",
    "email": "E-mail address",
    "card": "Payment card",
    "ssn": "Social security number",
    "iban": "Bank account",
    "circuit": "Circuit number",
    "serial": "Serial number",
    "location": "Place or address",
    "domain": "Domain name",
}
"""Span types that are known by a keyed hash, with their names."""

NAMES = {
    "customer": "Customer",
    "person": "Person",
    "user": "Account",
    "hostname": "Host name",
}
"""Span types that become names of the dictionary, with their names."""

_KINDS = {
    "customer": Term.Kind.CUSTOMER,
    "person": Term.Kind.PERSON,
    "user": Term.Kind.USER,
    "hostname": Term.Kind.HOSTNAME,
}


class MissedRefused(Refused):
    """A selection that cannot be taken; the message never quotes it."""


class Place(NamedTuple):
    """A selection in a sanitized text, and what was replaced in that text before."""

    text: str
    start: int
    end: int
    spans: Places


class Added(NamedTuple):
    """What finds a value from now on, and its pseudonym ("" if not known)."""

    finder: Sanitizer
    token: str


@sensitive_variables("place", "value")
def add(*, record: Record, place: Place, span_type: str, by: User) -> Added:
    """Teach the project a missed value. The caller holds the transaction.

    Raises:
        MissedRefused: unknown_type, nothing_selected, too_long, too_many_words,
            inside_token, too_short, not_a_word or too_common.
    """
    start, end = _checked(place)
    value, project = place.text[start:end], record.project
    if span_type not in SECRETS and span_type not in NAMES:
        raise MissedRefused("unknown_type", "Say what kind of value it is.")
    finder = _finder(project, value, span_type)
    if not any(a <= start and end <= b for a, b in finder.knows(place.text)):
        raise MissedRefused(
            "not_a_word",
            "Select whole words on one line: a part of one would not be found again.",
        )
    if _is_common(project, value):
        raise MissedRefused(
            "too_common",
            "This is an ordinary word of many tickets. Removing it everywhere would "
            "tear holes into them; write a rule for the place it stands in instead.",
        )
    if span_type in NAMES:
        kind = str(_KINDS[span_type].value)
        dictionary.add_terms(project=project, kind=kind, names=[value], by=by)
    else:
        _add_secret(record, value, span_type, by)
    return Added(finder, _token(finder, value))


@sensitive_variables("place", "value", "seen")
def still_stands(added: Added, place: Place, after: str) -> bool:
    """Say whether a reported value may stand in its text yet.

    It is gone from its very place where it stands nowhere in the text any more as what
    finds it would see it, and fewer times than before as mere letters.
    """
    value = place.text[slice(*value_range(place.text, place.start, place.end))]
    seen = [after[low:high].casefold() for low, high in added.finder.knows(after)]
    return any(value.casefold() in one for one in seen) or (
        value in after and after.count(value) >= place.text.count(value)
    )


@sensitive_variables("value")
def _add_secret(record: Record, value: str, span_type: str, by: User) -> None:
    """Keep a value's keyed hash. Under another type it is reported anew."""
    project = record.project
    name = value_hash(keyring_of(project.key_id), value)
    known = MissedValue.objects.of(project).in_force().filter(value_hmac=name)
    if known.filter(span_type=span_type).exists():
        return
    known.update(withdrawn_at=timezone.now())
    MissedValue.objects.create(
        project=project,
        record=record,
        span_type=span_type,
        value_hmac=name,
        reported_by=by,
    )
    bump(project)


def _checked(place: Place) -> tuple[int, int]:
    if not 0 <= place.start < place.end <= len(place.text):
        raise MissedRefused("nothing_selected", "Select the value that was missed.")
    start, end = value_range(place.text, place.start, place.end)
    value = place.text[start:end]
    if not value:
        raise MissedRefused("nothing_selected", "Select the value that was missed.")
    if len(value) > LONGEST:
        raise MissedRefused("too_long", f"Select at most {LONGEST} characters.")
    if len(value.split()) > _MOST_WORDS:
        raise MissedRefused("too_many_words", f"Select at most {_MOST_WORDS} words.")
    replaced = [(one[0], one[1]) for one in place.spans]
    replaced += [match.span() for match in TOKEN_SHAPE.finditer(place.text)]
    if any(low < end and high > start for low, high in replaced):
        raise MissedRefused(
            "inside_token", "Part of this is a pseudonym already; select beside it."
        )
    if len(value) < _SHORTEST:
        raise MissedRefused(
            "too_short",
            f"A value of fewer than {_SHORTEST} characters would be found in places "
            "that mean something else. Select more of it, or write a rule.",
        )
    return start, end


@sensitive_variables("value", "known")
def _finder(project: Project, value: str, span_type: str) -> Sanitizer:
    """Return a sanitizer that knows what would be stored, and nothing else."""
    keyring = keyring_of(project.key_id)
    if span_type in NAMES:
        names = {str(_KINDS[span_type].value): (" ".join(value.split()),)}
        known = Knowledge(context=Context(**names))
    else:
        known = Knowledge(missed={value_hash(keyring, value): span_type})
    return Sanitizer(keyring, known)


@sensitive_variables("value")
def _token(finder: Sanitizer, value: str) -> str:
    found = finder.sanitize(value)
    whole = len(found.spans) == 1 and found.spans[0].token == found.text
    return found.text if whole else ""


@sensitive_variables("value", "word", "texts")
def _is_common(project: Project, value: str) -> bool:
    """Say whether words stand, in any case, in more than 2 % of the records."""
    if not _PLAIN.fullmatch(value):
        return False
    word = re.compile(rf"(?<!\w){re.escape(value.casefold())}(?!\w)")
    records = Record.objects.of(project).with_text().order_by()
    most = max(_ALWAYS_RARE, records.count() * _COMMON_SHARE)
    found = 0
    holding = records.containing(value)
    columns = holding.values_list("title", "body", "resolution", "thread")
    for *texts, thread in columns.iterator(chunk_size=200):
        texts += [entry["text"] for entry in thread]
        found += any(word.search(text.casefold()) for text in texts)
        if found > most:
            return True
    return False
