"""Secrets that are blocks: PEM, hex certificates, vaults, public SSH keys.

A block may have lost its end, its line breaks or its margin; what looks like its body
goes with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.views import View

_BEGIN = re.compile(r"-{4,5}[ ]?BEGIN [A-Z0-9 ]{1,40}-{4,5}")
_END = re.compile(r"-{4,5}[ ]?END [A-Z0-9 ]{1,40}-{4,5}")
# A line of a body: margin, base64 or an RFC 1421 header, perhaps a closing quote.
_BODY_LINE = re.compile(
    r"[ \t>|+]{0,16}(?:[A-Za-z0-9+/=_-]{8,}|[A-Za-z0-9+/]{1,7}={1,2}"
    r"|[A-Z][\w-]{2,20}: [^\n]{1,80})?"
    r"[\"';,\\ \t\r]{0,6}(?:\n|$)"
)
# Line breaks lost or written out; the last, shorter line may have no padding.
_FLAT_BODY = re.compile(
    r"(?:(?:\s|\\[nr]){0,8}[A-Za-z0-9+/=]{16,})+(?:(?:\s|\\[nr]){1,4}[A-Za-z0-9+/]{1,15}={0,2})?"
)
_BODY_LIMIT = 20_000
_HEX_CERTIFICATE = re.compile(
    r"^[ \t]{0,8}certificate [^\n]{0,80}\n"
    r"((?:[ \t]{0,8}(?:[0-9A-Fa-f]{2,8}[ \t]{0,4}){1,12}\r?\n)+)",
    re.MULTILINE,
)
_VAULT = re.compile(
    r"\$ANSIBLE_VAULT;[^\n]{0,60}\n((?:[ \t]{0,40}[0-9a-f]{16,}[ \t]*(?:\r?\n|$))+)"
)
_SSH_KEY = re.compile(
    r"(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d{3}|sk-[\w-]{1,20}@openssh\.com)"
    r"[ \t]{1,4}"
    r"(AAAA[A-Za-z0-9+/]{16,}={0,3})"
)


def find_blocks(view: View) -> Iterator[Finding]:
    """Yield the block secrets of `view`, markers included for PEM."""
    text = view.text
    if "BEGIN " in text:
        yield from _find_pem(text)
    if "certificate " in text:
        for match in _HEX_CERTIFICATE.finditer(text):
            yield Finding(match.start(1), match.end(1) - 1, "pem", "hex-certificate")
    if "$ANSIBLE_VAULT" in text:
        for match in _VAULT.finditer(text):
            yield Finding(*match.span(1), "cred", "vault")
    if "AAAA" in text:
        for match in _SSH_KEY.finditer(text):
            yield Finding(*match.span(1), "pem", "ssh-key")


def _find_pem(text: str) -> Iterator[Finding]:
    position = 0
    while begin := _BEGIN.search(text, position):
        end = _end_of_pem(text, begin.end())
        yield Finding(begin.start(), end, "pem", "pem")
        position = end


def _end_of_pem(text: str, start: int) -> int:
    following = _BEGIN.search(text, start)
    limit = following.start() if following else len(text)
    end = _END.search(text, start, min(limit, start + _BODY_LIMIT))
    if end:
        return end.end()
    newline = text.find("\n", start, limit)
    if not 0 <= newline <= start + 8:
        flat = _FLAT_BODY.match(text, start, limit)
        return flat.end() if flat else start
    position = newline + 1
    while line := _BODY_LINE.match(text, position, limit):
        if line.end() == position:
            break
        position = line.end()
    while text[position - 1].isspace():
        position -= 1
    return position
