"""How figures about people and work are written: the value, and its interval below."""

from __future__ import annotations

from collections.abc import Callable

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation.domain.intervals import Figure

register = template.Library()

_FORMS: dict[str, Callable[[float], str]] = {
    "share": lambda value: f"{value:.0%}",
    "levels": lambda value: f"{value:+.2f}".replace("-", "\u2212"),
    "kappa": lambda value: f"{value:.2f}",
    "seconds": lambda value: f"{value:.0f} s",
    "minutes": lambda value: (
        f"{value:.0f} min" if value < 120 else f"{value / 60:.0f} h"
    ),
}


@register.filter
def measured(figure: Figure, form: str) -> SafeString:
    """Write value, interval and n; a missing value gives its reason instead."""
    if figure.value is None:
        return format_html('<span class="quiet">{}</span>', figure.reason or "–")
    write = _FORMS[form]
    return format_html(
        '{} <span class="interval">{} · n = {}</span>',
        write(figure.value),
        _interval(figure, write),
        figure.n,
    )


@register.filter
def in_line(figure: Figure, form: str) -> str:
    """Write a figure within a sentence: the value, interval and n in brackets."""
    return f"{value_of(figure, form)} ({interval_of(figure, form)})"


@register.filter
def brief(figure: Figure, form: str) -> SafeString:
    """Write a figure for a narrow cell; what is missing is a dash with its reason."""
    if figure.value is None:
        why = "too few" if figure.n else "none"
        return format_html(
            '<span class="quiet" title="{}">{} (n = {})</span>',
            figure.reason or "",
            why,
            figure.n,
        )
    return measured(figure, form)


def _interval(figure: Figure, write: Callable[[float], str]) -> str:
    if figure.ci is None:
        return "no interval"
    return f"{write(figure.ci[0])} to {write(figure.ci[1])}"


@register.filter
def value_of(figure: Figure, form: str) -> str:
    """Write the value alone, for where the interval has a line of its own."""
    return "–" if figure.value is None else _FORMS[form](figure.value)


@register.filter
def interval_of(figure: Figure, form: str) -> str:
    """Write the interval and n in words."""
    return f"{_interval(figure, _FORMS[form])}, n = {figure.n}"
