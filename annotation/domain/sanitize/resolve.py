"""From overlapping findings to disjoint replacements, and from those to a new text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from annotation.domain.sanitize.findings import Finding, Span
from annotation.domain.sanitize.layout import GAP

# Where findings overlap, the first of these types names the replacement.
_RANK = {
    kind: rank
    for rank, kind in enumerate(
        ("pem", "token", "cred", "snmp", "email", "customer", "person", "card", "iban",
         "ssn", "phone", "serial", "circuit", "account", "hostname", "domain",
         "location", "user", "ipv6", "mac", "ipv4", "asn")
    )
}  # fmt: skip
SECRETS = frozenset(("pem", "token", "cred", "snmp"))
ADDRESSES = frozenset(("ipv6", "mac", "ipv4", "asn", "serial"))
"""Types whose pseudonyms are written in the same form as what they replace."""
# A letter of a serial number may be a hexadecimal digit where its pseudonym has none.
_ALIKE = ADDRESSES - {"serial"}
_OPENING = "\"'([<{"
_CLOSING = ".,;:!?)]}>\"'"
_PROMPTS = ("#", ">")


def merge(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield disjoint findings in order: overlapping ones become their union.

    The union leaves no uncovered head or tail behind. A union that is no address any
    more (part of it came from another finding) is replaced as a host name.
    """
    group: list[Finding] = []
    end = -1
    for finding in sorted(findings, key=lambda item: (item.start, -item.end)):
        if group and finding.start < end:
            group.append(finding)
            end = max(end, finding.end)
            continue
        if group:
            yield _union(group, end)
        if finding.end > finding.start:
            group, end = [finding], finding.end
    if group:
        yield _union(group, end)


def _union(group: Sequence[Finding], end: int) -> Finding:
    best = min(group, key=lambda item: (_RANK[item.type], item.start - item.end))
    start = group[0].start
    if best.start == start and best.end == end:
        return best
    kind = "hostname" if best.type in ADDRESSES else best.type
    return Finding(start, end, kind, best.rule)


def outside(
    findings: Iterable[Finding], taken: Sequence[tuple[int, int]]
) -> Iterator[Finding]:
    """Yield the parts of `findings` that no taken range covers.

    An address that is partly taken is none; of anything else the uncovered parts that
    hold a letter or digit remain (the caller drops the others, see `has_content`).
    """
    for finding in findings:
        at = bisect_right(taken, (finding.start, -1))
        if at and taken[at - 1][1] > finding.start:
            at -= 1
        overlapping = []
        while at < len(taken) and taken[at][0] < finding.end:
            overlapping.append(taken[at])
            at += 1
        if not overlapping:
            yield finding
        elif finding.type not in ADDRESSES:
            yield from _uncovered(finding, overlapping)


def _uncovered(
    finding: Finding, overlapping: Iterable[tuple[int, int]]
) -> Iterator[Finding]:
    position = finding.start
    for low, high in overlapping:
        if low > position:
            yield Finding(position, low, finding.type, finding.rule)
        position = max(position, high)
    if position < finding.end:
        yield Finding(position, finding.end, finding.type, finding.rule)


def is_glued(text: str, piece: Span) -> bool:
    """Say whether a replacement changes how what stands beside it reads.

    Of "Meridian Freightfra1-rtr01#" the name leaves a word that begins its line, and
    such a word before a `#` is a host's prompt; so does "Meridian Freight.fra1-rtr01#".
    A gap that has shrunk to one space makes one phrase of two columns.
    """
    if piece.type == GAP:
        before = text[max(0, piece.start - 2) : piece.start]
        return not piece.token and before[-1:] == " " != before[:1]
    if piece.type in _ALIKE:
        return False
    before = text[max(0, piece.start - 2) : piece.start][::-1]
    after = text[piece.end : piece.end + 2]
    if len(text[piece.start : piece.end].split()) > 1:
        return _joins(before) or _joins(after)
    # One word for one word: neither a sentence nor a prompt reads otherwise.
    is_host = piece.type == "hostname" and not before[:1].strip()
    if is_host and after[:1] in _PROMPTS:
        return False
    return _joins(before, _OPENING) or _joins(after, _CLOSING)


def _joins(beside: str, harmless: str = "") -> bool:
    """Judge the two characters beside a piece, the nearer one first."""
    near, far = beside[:1], beside[1:]
    if not near or near.isspace():
        return False
    return near not in harmless or bool(far and not far.isspace())


def apply(
    text: str, spans: Sequence[Span], pieces: Sequence[Span]
) -> tuple[str, list[Span]]:
    """Replace `pieces` in `text` and return it with all spans in their new places.

    Pieces carry ranges of `text` and what goes there; `spans` are already replaced
    and are only moved. The two never overlap.
    """
    out = StringIO()
    moved: list[Span] = []
    position = size = 0
    for span in sorted((*spans, *pieces), key=lambda item: item.start):
        out.write(text[position : span.start])
        out.write(span.token)
        size += span.start - position
        end = size + len(span.token)
        if span.type != GAP:
            moved.append(Span(size, end, span.type, span.rule, span.token))
        size = end
        position = span.end
    out.write(text[position:])
    return out.getvalue(), moved
