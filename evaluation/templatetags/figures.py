"""How figures are written for people: shares as percentages, intervals in brackets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

Figure = Mapping[str, Any]
DASH = "–"
_TONES = {
    "improved": "good",
    "better": "good",
    "equivalent": "good",
    "no_worse": "info",
    "worse": "bad",
    "inconclusive": "warn",
}


@register.filter
def percent(value: float | None) -> str:
    """Write a share as a percentage with one decimal; nothing as a dash."""
    return DASH if value is None else f"{100 * value:.1f}%"


@register.filter
def points(value: float | None) -> str:
    """Write a difference of shares in signed percentage points."""
    return DASH if value is None else f"{100 * value:+.1f}"


@register.filter
def decimal(value: float | None) -> str:
    """Write a coefficient with three decimals."""
    return DASH if value is None else f"{value:.3f}"


@register.filter
def p_value(value: float | None) -> str:
    """Write a p value with its sign; a very small one as a bound."""
    if value is None:
        return DASH
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


_FORMS: dict[str, tuple[Callable[[float | None], str], Callable[[float], str]]] = {
    "percent": (percent, lambda value: f"{100 * value:.1f}"),
    "points": (points, points),
    "decimal": (decimal, decimal),
}


@register.filter
def interval(figure: Figure | None, form: str = "percent") -> str:
    """Write a figure's interval in the given form; empty where it has none."""
    if not figure or not figure.get("ci"):
        return ""
    low, high = (_FORMS[form][1](end) for end in figure["ci"])
    return f"[{low}, {high}]"


@register.filter
def figure(figure: Figure | None, form: str = "percent") -> str:
    """Write value and interval in one line, or the reason why there is no value."""
    if not figure:
        return DASH
    if figure["value"] is None:
        return f"not defined: {figure.get('reason', '')}"
    return f"{_FORMS[form][0](figure['value'])} {interval(figure, form)}".rstrip()


@register.filter
def cell(figure: Figure | None, form: str = "percent") -> str | SafeString:
    """Write value and interval as HTML, the interval below the value."""
    if not figure:
        return DASH
    if figure["value"] is None:
        why = figure.get("reason", "")
        return format_html('<span class="quiet" title="{}">not defined</span>', why)
    return format_html(
        '{}<span class="interval">{}</span>',
        _FORMS[form][0](figure["value"]),
        interval(figure, form) or "no interval",
    )


@register.filter
def item(mapping: Mapping[str, Any], key: str) -> Any:
    """Look a key up in a mapping."""
    return mapping.get(key)


@register.filter
def words(value: str) -> str:
    """Write a code word as words."""
    return str(value).replace("_", " ")


@register.filter
def tone(verdict: str) -> str:
    """Name the pill that goes with a verdict or a standing."""
    return _TONES.get(str(verdict), "quiet")


@register.filter
def markdown(value: object) -> str:
    """Write plain text so that it stays inside its cell of a Markdown table."""
    text = " ".join(str(value).split())
    for sign in "\\|<>`*_[]":
        text = text.replace(sign, f"\\{sign}")
    return text
