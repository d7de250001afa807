"""The labeling rules of a project: versions that never change, written in markdown.

A new text is a new version; reviews name the version that was shown. What people write
passes the sanitizer before it is stored or shown. Raw HTML, images and links to
anything but pages and mail addresses are shown as the plain text they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from annotation.models import Guidelines, Project
from annotation.services.typed_text import made_safe
from annotation.templatetags.chips import chips
from netft_site.base.refusals import Refused

LONGEST = 50_000
LONGEST_SUMMARY = 300
_DEEPEST = 6
# A page has its title and each card its own: the text's headings come below them.
_BELOW = 2


class GuidelinesRefused(Refused):
    """The guidelines cannot be stored; the code says why."""


def current(project: Project) -> Guidelines | None:
    """Return the guidelines in force, or None where none have been written."""
    return Guidelines.objects.filter(project=project).order_by("-version").first()


def history(project: Project) -> QuerySet[Guidelines]:
    """Return all versions, the newest first, with who wrote them."""
    rows = Guidelines.objects.filter(project=project)
    return rows.select_related("author").order_by("-version")


def rendered(guidelines: Guidelines) -> SafeString:
    """Return a stored version as HTML that is safe to show."""
    if guidelines.pk is None:
        return render(guidelines.markdown)
    return _rendered(guidelines.pk, guidelines.markdown)


def render(markdown: str) -> SafeString:
    """Return sanitized markdown as HTML that is safe to show."""
    # Built from escaped text by a renderer that knows no raw HTML.
    return mark_safe(_MARKDOWN.render(markdown))  # noqa: S308


def safe_text(*, project: Project, text: str) -> str:
    """Return what somebody wrote without what the sanitizer removes.

    Raises:
        GuidelinesRefused: it holds what cannot be made safe (``held_text``).
    """
    plain = text.replace("\r\n", "\n").strip()
    safe = made_safe(project, plain)
    if safe is None:
        raise GuidelinesRefused(
            "held_text",
            "The text holds something that looks like a secret and cannot be made "
            "safe. Leave it out and try again.",
        )
    return safe


@transaction.atomic
def write(
    *, project: Project, markdown: str, summary: str, by: User, expected: int | None
) -> Guidelines:
    """Store a text as the next version of a project's guidelines.

    ``expected`` is the version the text was written on, 0 for none; None is not asked.

    Raises:
        GuidelinesRefused: no text (``no_text``), no word on what changed
            (``no_summary``), too long (``too_long``), the text in force
            (``unchanged``), somebody wrote another version meanwhile (``changed``), a
            closed project (``closed``), or unsafe text (``held_text``).
    """
    project = Project.objects.select_for_update().get(pk=project.pk)
    if not project.is_active:
        raise GuidelinesRefused("closed", "The project is closed.")
    _check_length(markdown, summary)
    newest = current(project)
    number = newest.version if newest else 0
    if expected is not None and expected != number:
        raise GuidelinesRefused(
            "changed",
            f"Version {number} was written since you opened this page. Compare it "
            "with your text, which is kept below, and save again.",
        )
    text = safe_text(project=project, text=markdown)
    if newest and newest.markdown == text:
        raise GuidelinesRefused("unchanged", "This is the text in force already.")
    return Guidelines.objects.create(
        project=project,
        version=number + 1,
        markdown=text,
        summary=safe_text(project=project, text=summary)[:LONGEST_SUMMARY],
        author=by,
    )


def _check_length(markdown: str, summary: str) -> None:
    if not markdown.strip():
        raise GuidelinesRefused("no_text", "Write the guidelines first.")
    if not summary.strip():
        raise GuidelinesRefused(
            "no_summary", "Say in a line what changed: those who label read it."
        )
    if len(markdown) > LONGEST or len(summary) > LONGEST_SUMMARY:
        raise GuidelinesRefused(
            "too_long",
            f"Guidelines have at most {LONGEST:,} characters, and the line on what "
            f"changed {LONGEST_SUMMARY}.",
        )


@lru_cache(maxsize=64)
def _rendered(pk: int, markdown: str) -> SafeString:
    return render(markdown)


def _text(tokens: Sequence[Token], place: int, *_: object) -> str:
    return chips(tokens[place].content)


def _heading(tokens: Sequence[Token], place: int, *_: object) -> str:
    token = tokens[place]
    level = min(int(token.tag[1:]) + _BELOW, _DEEPEST)
    return f"<h{level}>" if token.nesting > 0 else f"</h{level}>\n"


def _table(tokens: Sequence[Token], place: int, *_: object) -> str:
    if tokens[place].nesting < 0:
        return "</table></div>\n"
    return (
        '<div class="table-scroll" tabindex="0" role="region" aria-label="Table">'
        '<table class="data">\n'
    )


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    for name, rule in (
        ("text", _text),
        ("heading_open", _heading),
        ("heading_close", _heading),
        ("table_open", _table),
        ("table_close", _table),
    ):
        parser.renderer.rules[name] = rule  # type: ignore[attr-defined]
    parser.validateLink = _is_page  # type: ignore[method-assign]
    return parser


def _is_page(url: str) -> bool:
    return url.strip().lower().startswith(("https://", "http://", "mailto:", "#", "/"))


_MARKDOWN = _parser()
