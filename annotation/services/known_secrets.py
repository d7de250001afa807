"""Secrets that were found in some record before, looked for word by word.

No secret is stored: a word is compared by its pseudonym. Only words that look made up
are, see `annotation.domain.sanitize.seen`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from annotation.domain.sanitize import Keyring
from annotation.domain.sanitize.recalled import KINDS_OF_SECRETS
from annotation.domain.sanitize.seen import distinctive_words, places_of
from annotation.models import KnownSecret, Project
from annotation.services.vault import keyring_of

_AT_ONCE = 500


def tokens_in(text: str, keyring: Keyring) -> dict[str, str]:
    """Return, for every word that may be a secret, the pseudonyms it would have."""
    return {
        keyring.token(kind, word): word
        for word in distinctive_words(text)
        for kind in KINDS_OF_SECRETS
    }


def known_secrets_in(project: Project, text: str) -> list[tuple[int, int, str]]:
    """Return start, end and pseudonym of every known secret in a text; disjoint.

    Raises:
        VaultRefused: the project's key is not in this process's environment.
    """
    words = tokens_in(text, keyring_of(project.key_id))
    tokens = {words[token]: token for token in _known(project, words)}
    return [(start, end, tokens[word]) for start, end, word in places_of(tokens, text)]


def without_known_secrets(project: Project, text: str) -> str:
    """Return a text with the pseudonyms of known secrets in their place.

    Raises:
        VaultRefused: the project's key is not in this process's environment.
    """
    for start, end, token in reversed(known_secrets_in(project, text)):
        text = text[:start] + token + text[end:]
    return text


def _known(project: Project, tokens: Iterable[str]) -> set[str]:
    """Those of `tokens` that belong to secrets which were found before."""
    known = KnownSecret.objects.filter(project=project)
    found: set[str] = set()
    rest = iter(tokens)
    while some := list(islice(rest, _AT_ONCE)):
        found.update(known.filter(token__in=some).values_list("token", flat=True))
    return found
