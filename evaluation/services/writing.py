"""A comparison as a document that stands alone: Markdown or HTML.

Both are written from the public shape that the API gives, through one template each.
No ticket text is in them.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.template.loader import render_to_string

from evaluation.services.arranging import Shape, arrange


def as_markdown(comparison: Shape) -> str:
    """Return the comparison as Markdown with tables."""
    text = render_to_string("evaluation/report.md", arrange(comparison))
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(_single_blanks(lines)).strip() + "\n"


def as_html(comparison: Shape) -> str:
    """Return the comparison as one HTML file without scripts."""
    return render_to_string("evaluation/report.html", arrange(comparison))


def _single_blanks(lines: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return kept
