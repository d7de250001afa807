"""What a credential value looks like, and what stands in its place but is none.

Shared by the detectors, which take values, and the tripwire, which judges what they
left. Every exemption here can leak, so each is a closed list or a complete shape.
"""

from __future__ import annotations

import re
from itertools import pairwise

from annotation.domain.sanitize.words import WORDS

QUOTES = "\"'`“”‘’«»"
_CLOSING = {"“": "”", "‘": "’", "«": "»", "”": "”", "’": "’"}
READ_LIMIT = 1024
_JUDGED = 64  # characters of a value that decide what it looks like
_BARE = re.compile(rf"\S{{1,{READ_LIMIT}}}")
# In structured text a value ends where the next key begins.
_NEXT_KEY = re.compile(
    r"[&;,|](?=\s*[\"']?[\w.-]{1,40}[\"']?\s*[:=])|</|[\"'](?=[,}\]>)\s]|$)"
)
_BRACKETS = {"<": ">", "[": "]", "(": ")", "{": "}"}
_TRAILING = ".,;:)]}>\"'`”’»"

_MASK = re.compile(
    r"[*xX•.#_-]{3,}|<[A-Za-z_ .:/-]{1,40}>|\[[A-Za-z_ .:-]{1,40}\]"
    r"|\{(?:code|noformat|password|secret|token|key|value)\}"
    r"|!(?:vault|include|secret|env|Ref|Sub)|[a-z_]{1,40}(?:\.[a-z_]{1,40})+\(\)?"
    r"|(?:settings|config|cfg|os|env|self)(?:\.[A-Za-z_]{1,40}){1,3}"
    r"|\$\{[\w.:-]{1,80}\}?|\$\([\w .-]{1,80}\)|%[sd]|\{\{[\w .|-]{0,80}\}?\}?"
    r"|\(?[nN]one\)?|[{(\[]|\{\d?\}|(?:null|true|false|undefined),?"
)
_INTERFACE = re.compile(
    r"(?:[a-z]{1,4}|(?:two|five|ten|twenty|forty|fifty|hundred|x)*-?gig\w{0,13}|ethernet"
    r"|fast\w{0,9}|serial|bundle-ether|tengige|hundredgige|port-?channel|port|slot)-?"
    r"\d{1,3}(?:[/:]\d{1,4}){1,4}(?:\.\d{1,5})?,?"
    r"|(?:eth|vlan|lo|ae|po|port-channel|bond|ge|xe|et|tunnel|loopback|wlan|vty|swp)-?"
    r"\d{1,5}(?:\.\d{1,5})?,?",
    re.IGNORECASE,
)
_TECHNICAL = re.compile(
    r"(?:tls|ssl|ike|ipv?|http|oauth|base|x|utf|rfc|cve|type|level|version|v|group|port|id"
    r"|seq|psk|layer|l|pkcs|dot|fips|saml|krb|ntlm|mschap|cve)"
    r"v?(?:[-_/. ]?\d{1,5}[a-z]{0,2}){1,4}",
    re.IGNORECASE,
)
_ALGORITHM = re.compile(
    r"(?:(?:hmac|s?cram|md[45]|sha[123]?|aes|cmac|3?des|cbc|cfb|gcm|ctr|xcbc|prf|rsa|ecdsa"
    r"|ecdh|dh|mac|ccmp|tkip|wpa[23]?|krb5)(?:[-_/]?\d{1,4}(?!\d))?[-_/]?){1,5}",
    re.IGNORECASE,
)
_TICKET = re.compile(
    r"(?:INC|CHG|PRB|REQ|RITM|C?TASK|CS|TT|SR|CASE|KB|BUG|TKT|PSIRT)[-#]?\d{2,12}"
    r"|[A-Z]{2,10}-\d{1,6}|CSC[a-z]{2}\d{5}"
)
_NUMERIC = re.compile(
    r"\d[\d.,:/+-]{0,15}(?:[kmgt]?(?:i?b|bit|byte|bp|hz)[ps/]{0,2}s?|m?s|min|h|d|w|x|dbm?"
    r"|[kmg]|th|st|nd|rd|%|chars?|bits?)|0x[\da-f]{1,8}|[\d:.TZ+-]{8,32}",
    re.IGNORECASE,
)
_CODE = re.compile(r"[\s(){}<>\[\]\\@,]|::|->")
_ADDRESS = re.compile(r"[\w.-]+@[\w.-]+")
_PATH = re.compile(r"(?:/[\w.-]{1,80}){2,12}/?")
# One pattern of all shapes, because most words are tried against every one of them.
_KNOWN_SHAPE = re.compile(
    "|".join(
        f"(?i:{shape.pattern})"
        if shape.flags & re.IGNORECASE
        else f"(?:{shape.pattern})"
        for shape in (
            _NUMERIC,
            _INTERFACE,
            _TECHNICAL,
            _ALGORITHM,
            _TICKET,
            _PATH,
            _MASK,
        )
    )
)
_SOFT = frozenset("-_.:/'’")


def read_value(text: str, start: int, limit: int) -> tuple[int, int] | None:
    """Return the range of the value that begins at `start`, before `limit`.

    Quotes stay outside the range; a missing closing quote ends at the line's end.
    Returns None where no value stands.
    """
    escape = 1 if text[start : start + 1] == "\\" else 0
    opening = text[start + escape : start + escape + 1]
    if opening and opening in QUOTES and start + escape < limit:
        return _read_quoted(text, start + escape, limit, escaped=bool(escape))
    match = _BARE.match(text, start, limit)
    if match is None:
        return None
    end = match.end()
    cut = _NEXT_KEY.search(text, start + 1, end)
    if cut:
        end = cut.start()
    elif end - start == READ_LIMIT:
        return start, end
    opened = _BRACKETS.get(text[start])
    while end > start + 1 and text[end - 1] in _TRAILING and text[end - 1] != opened:
        end -= 1
    return start, end


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Narrow a matched range: quotes and the punctuation after a value stay."""
    if end - start >= 2 and text[start] in QUOTES and text[end - 1] in QUOTES:
        return start + 1, end - 1
    while start < end and text[start] in QUOTES:
        start += 1
    while end > start and text[end - 1] in _TRAILING:
        end -= 1
    return start, end


def _read_quoted(
    text: str, opening: int, limit: int, *, escaped: bool
) -> tuple[int, int] | None:
    quote = _CLOSING.get(text[opening], text[opening])
    doubled = text.startswith(text[opening] * 2, opening)
    start = (
        opening + 2
        if doubled and text[opening + 2 : opening + 3].isalnum()
        else opening + 1
    )
    position = start
    while True:
        close = text.find(quote, position, limit)
        if close < 0:
            close = limit
            break
        if escaped or text[close - 1] != "\\" or close == start:
            break
        position = close + 1
    if escaped and close > start and text[close - 1] == "\\":
        close -= 1
    return (start, close) if close > start else None


def is_placeholder(value: str) -> bool:
    """Say whether `value` is a mask, a variable or a literal for "nothing"."""
    return bool(_MASK.fullmatch(value))


def is_plain_word(value: str) -> bool:
    """Say whether `value` is a word of ordinary sentences or a status."""
    return value.strip(".,;:!?()[]\"'").lower() in WORDS["plain"]


def is_weak(value: str) -> bool:
    """Say whether a word of sentences is one that people take as a password."""
    return value.strip("\"' ").lower() in WORDS["weak"]


def is_status(value: str) -> bool:
    """Say whether `value` reports the state of a credential instead of being one."""
    return value.strip(".,;:!?()[]\"'").lower() in WORDS["status"]


def is_qualifier(word: str) -> bool:
    """Say whether `word` names the encoding, type or index of the value after it."""
    bare = word.strip("\"':(),").lower()
    return (
        bare in WORDS["qualifiers"]
        or (bare.isdigit() and len(bare) <= 2)
        or _ALGORITHM.fullmatch(bare) is not None
    )


def is_clear(word: str) -> bool:
    """Say whether qualifier `word` announces a value in clear text."""
    return word.strip("\"':(),").lower() in WORDS["clear"]


def may_follow(word: str) -> bool:
    """Say whether `word` may stand after a value on a configuration line."""
    return word.lower() in WORDS["after_value"] or word.isdigit()


def looks_secret(value: str) -> bool:
    """Say whether a bare word, out of context, looks made up rather than written.

    True for mixtures of letters and digits or special characters that are no
    interface, version, algorithm, ticket number, path or plain number.
    """
    if len(value) < 4:
        return False
    value = value[:_JUDGED]
    has_letter = any(map(str.isalpha, value))
    has_digit = any(map(str.isdigit, value))
    if not has_letter:
        return False
    if value.isalpha():
        return _is_scrambled(value)
    special = has_digit or any(not c.isalnum() and c not in _SOFT for c in value[:-1])
    return special and not _is_known_shape(value)


def looks_identifying(value: str) -> bool:
    """Say whether a value with digits names one thing: no interface, version or
    amount.
    """
    return _TICKET.fullmatch(value) is not None or not _is_known_shape(value)


def _is_scrambled(value: str) -> bool:
    """Say whether letters change their case too often for words joined together."""
    changes = sum(a.isupper() != b.isupper() for a, b in pairwise(value))
    return len(value) >= 8 and changes * 5 >= len(value) * 2 and changes >= 5


def is_mixed_case(value: str) -> bool:
    """Say whether `value` is letters with a capital inside, as chosen words may be."""
    return value.isalpha() and value[1:] != value[1:].lower() and not value.isupper()


def looks_like_password(value: str) -> bool:
    """Say whether a word beside a user name looks chosen as a password.

    Mixed beyond what names, hosts and roles are: a special character, three classes,
    or letters and digits that alternate.
    """
    if "@" in value and not _ADDRESS.fullmatch(value):
        value = value.replace("@", "!")
    if len(value) < 6 or not looks_secret(value) or "." in value or _CODE.search(value):
        return False
    classes = [_char_class(char) for char in value[:_JUDGED]]
    changes = sum(a != b for a, b in pairwise(classes))
    return len(set(classes)) >= 3 or changes >= 3


def looks_chosen(value: str) -> bool:
    """Say whether a word in a password's place can be one: digits too, if many."""
    return looks_secret(value) or (value.isdigit() and len(value) >= 6)


def looks_like_key(value: str) -> bool:
    """Say whether the value of a mere `key` or `token` is a secret.

    At least eight characters with letters and digits; no path, code or sentence.
    """
    if len(value) < 8 or not looks_secret(value) or _CODE.search(value):
        return False
    if "/" in value or "." in value:
        return (
            len(value) >= 20
            and len({_char_class(c) for c in value[:_JUDGED]} - {3}) == 3
        )
    return any(char.isdigit() for char in value)


def looks_random(value: str) -> bool:
    """Say whether `value` is almost certainly a generated secret.

    At least ten characters of three classes (lower, upper, digit, special), changing
    class often, without the separators of paths, code and addresses.
    """
    if (
        len(value) < 10
        or not looks_secret(value)
        or any(c in "/\\(){}<>:." for c in value)
    ):
        return False
    classes = [_char_class(char) for char in value[:_JUDGED]]
    changes = sum(a != b for a, b in pairwise(classes))
    return len(set(classes)) >= 3 and changes * 3 >= len(classes)


def _char_class(char: str) -> int:
    if char.isdigit():
        return 0
    if char.isalpha():
        return 1 if char.islower() else 2
    return 3


def _is_known_shape(value: str) -> bool:
    return _KNOWN_SHAPE.fullmatch(value) is not None
