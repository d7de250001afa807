"""Shares as people read them."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def share(value: float) -> str:
    """A fraction as whole per cent: 0.384 is 38 %."""
    return f"{value:.0%}".replace("%", " %")


@register.filter
def exact_share(value: float) -> str:
    """A fraction as per cent with one place: 0.9832 is 98.3 %."""
    return f"{value:.1%}".replace("%", " %")


@register.filter
def counted(value: int) -> str:
    """A whole number with its thousands apart: 12676 is 12,676."""
    return f"{value:,}"
