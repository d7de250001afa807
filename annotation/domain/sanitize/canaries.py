"""Canaries: fake secrets planted in copies of texts, to see whether they come out.

A template is a carrier (some lines of configuration, prose, JSON, a log ...) with a
place for a value. Every copy of a text carries one canary, so a copy that is held says
which canary held it. What was planted is searched for in what the sanitizer returns;
part of a secret that stays counts as survived. Templates are data
(`catalog/canaries.toml`) and were written without the detectors' catalogues.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from annotation.domain.intervals import Figure, share_figure
from annotation.domain.sanitize.canary_values import fake_value
from annotation.domain.sanitize.findings import Sanitized

_CATALOG = Path(__file__).parent / "catalog" / "canaries.toml"
SECRET_TYPES = ("cred", "snmp", "token", "pem")
"""Classes of which none may survive."""
REMADE_TYPES = ("ipv4", "ipv6", "mac", "asn", "serial")
"""Classes whose pseudonyms have the same form: a pseudonym may equal a canary."""
METHOD = "share that did not come through, Wilson interval"
_PIECE = re.compile(r"[A-Za-z0-9]{5,}")
_SHORTEST_HALF = 6


@dataclass(frozen=True, slots=True)
class Template:
    """A carrier: its name, whose syntax it is, and what stands in it."""

    name: str
    vendor: str
    type: str
    form: str
    carrier: str


@dataclass(frozen=True, slots=True)
class Planted:
    """A copy of a text with one canary in it."""

    text: str
    value: str
    span_type: str
    vendor: str
    template: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one canary: `gone`, `held` or `survived`."""

    planted: Planted
    fate: str


@dataclass(frozen=True)
class Tally:
    """Canaries of one class, of one vendor, or all of them.

    `recall` counts gone and held: neither reaches a reader, a dataset or an export.
    """

    name: str
    planted: int
    gone: int
    held: int
    survived: int
    recall: Figure

    def as_dict(self) -> dict[str, object]:
        """Return the public shape."""
        return {
            "name": self.name,
            "planted": self.planted,
            "gone": self.gone,
            "held": self.held,
            "survived": self.survived,
            "recall": self.recall.as_dict(),
        }


def load_templates() -> tuple[Template, ...]:
    """Read the catalogue of carriers."""
    entries = tomllib.loads(_CATALOG.read_text("utf-8"))["template"]
    return tuple(Template(**entry) for entry in entries)


TEMPLATES = load_templates()


def plant(texts: Sequence[str], rng: Random, per_class: int = 0) -> list[Planted]:
    """Return copies of `texts`, each with one canary at the start of a line.

    Every template is used once; a class with fewer templates than `per_class` uses its
    templates again with other values. The values depend on `rng` and `per_class` alone,
    not on the texts.

    Raises
    ------
    ValueError
        There are no texts.
    """
    if not texts:
        raise ValueError("there is no text to plant canaries in")
    chosen = _round(per_class)
    values = [fake_value(rng, each.type, each.form) for each in chosen]
    return [
        _planted(template, value, _without(value, texts, at), rng)
        for at, (template, value) in enumerate(zip(chosen, values, strict=True))
    ]


def survives(canary: Planted, sanitized: str) -> bool:
    """Say whether a canary can still be read in what the sanitizer returned.

    A name or a number must stand there whole. Of a secret a part is enough: a half of
    it, or a run of five letters and digits between its special characters.
    """
    if canary.span_type not in SECRET_TYPES:
        alone = rf"(?<![A-Za-z0-9]){re.escape(canary.value)}(?![A-Za-z0-9])"
        return re.search(alone, sanitized) is not None
    return any(part in sanitized for part in _parts(canary.value))


def fate_of(canary: Planted, result: Sanitized) -> Outcome:
    """Judge what the sanitizer made of one canary."""
    if result.held:
        return Outcome(canary, "held")
    is_there = survives(canary, result.text)
    return Outcome(canary, "survived" if is_there else "gone")


def tally(name: str, outcomes: Iterable[Outcome], reference: str) -> Tally:
    """Count outcomes; the recall has Wilson's 95 % interval."""
    fates = Counter(outcome.fate for outcome in outcomes)
    total = fates.total()
    figure = share_figure(total - fates["survived"], total, reference)
    return Tally(
        name, total, fates["gone"], fates["held"], fates["survived"],
        Figure(figure.value, figure.ci, total, METHOD, reference, figure.reason),
    )  # fmt: skip


def _round(per_class: int) -> list[Template]:
    chosen = list(TEMPLATES)
    for kind, count in Counter(template.type for template in TEMPLATES).items():
        same = [template for template in TEMPLATES if template.type == kind]
        chosen += [same[n % len(same)] for n in range(max(0, per_class - count))]
    return chosen


def _without(value: str, texts: Sequence[str], at: int) -> str:
    """The next text without the value: one that stood there would prove nothing."""
    turned = (texts[(at + step) % len(texts)] for step in range(len(texts)))
    return next((text for text in turned if value not in text), "")


def _planted(template: Template, value: str, text: str, rng: Random) -> Planted:
    lines = text.splitlines()
    at = rng.randrange(len(lines) + 1)
    carrier = template.carrier.replace("{value}", value)
    whole = "\n".join([*lines[:at], carrier, *lines[at:]])
    return Planted(whole, value, template.type, template.vendor, template.name)


def _parts(value: str) -> list[str]:
    half = len(value) // 2
    halves = [value[:half], value[half:]] if half >= _SHORTEST_HALF else []
    return [value, *halves, *_PIECE.findall(value)]
