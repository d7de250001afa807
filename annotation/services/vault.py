"""Raw text at rest: sealed under the project's key, recognised by a keyed hash.

AES-256-GCM with a random nonce; what a blob belongs to is authenticated with it, so a
blob moved to another record does not open. The keys come from the key ring in the
environment and never reach the database. This module needs no configured Django until
`vault_of` is called, so that helper processes can use `Vault` alone.
"""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from annotation.domain.sanitize.pseudonyms import Keyring
from netft_site.base.refusals import Refused

_NONCE = 12


class VaultRefused(Refused):
    """A blob that cannot be opened, or a key that is not here."""


class Vault:
    """Seals, opens and recognises raw text under one key ring."""

    def __init__(self, keyring: Keyring) -> None:
        self.key_id = keyring.key_id
        self._aead = AESGCM(keyring.subkey("vault"))
        self._mac_key = keyring.subkey("vault-mac")

    def seal(self, payload: bytes, *, about: str) -> bytes:
        """Encrypt `payload`; `about` names what it belongs to and is needed to open."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, payload, about.encode())

    def open(self, blob: bytes, *, about: str) -> bytes:
        """Decrypt what `seal` returned.

        Raises:
            VaultRefused: the blob was changed, or belongs to something else.
        """
        blob = bytes(blob)
        try:
            return self._aead.decrypt(blob[:_NONCE], blob[_NONCE:], about.encode())
        except InvalidTag:
            raise VaultRefused(
                "blob_unreadable", "The stored raw text cannot be decrypted."
            ) from None

    def mac(self, payload: bytes) -> str:
        """A keyed hash in hex: equal for equal texts, worthless without the key."""
        return hmac.digest(self._mac_key, payload, "sha256").hex()


def keyring_of(key_id: str) -> Keyring:
    """Return the key ring with this id.

    Raises:
        VaultRefused: the environment of this process holds no such key.
    """
    key = settings.PSEUDONYM_KEYS.get(key_id)
    if key is None:
        raise VaultRefused(
            "unknown_key", f"The key {key_id} is not set in NETFT_PSEUDONYM_KEYS."
        )
    return Keyring(key, key_id)


def vault_of(key_id: str) -> Vault:
    """Return the vault under the key with this id; raises VaultRefused without it."""
    return Vault(keyring_of(key_id))
