"""Full-text search over records, on PostgreSQL and on SQLite alike.

PostgreSQL keeps a weighted ``tsvector`` in a generated column of the table, SQLite an
FTS5 index beside it that triggers follow; migration 0008 makes both. Title (A) and body
(B) were known at opening, resolution (C) and updates (D) came later and are searched
only where the caller says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self, cast

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Col
from django.db.models.sql.compiler import SQLCompiler
from psycopg.sql import quote

from annotation.domain.search_words import SearchWords, Term
from annotation.querysets.text_index import POSTGRES_COLUMN, SQLITE_INDEX
from annotation.querysets.visible import VisibleThroughProject

RANKED = 2_000
"""How many of the newest matches are put in order of relevance."""

_AT_OPENING = "{title body} : "
# Weights of title, body, resolution and updates; PostgreSQL lists them D to A.
_SQLITE_RANK = f"bm25({SQLITE_INDEX}, 8.0, 3.0, 2.0, 1.0)"
_POSTGRES_WEIGHTS = "{0.1, 0.2, 0.4, 1.0}"


class FoundQuerySet(VisibleThroughProject):
    """Records by the words of their text."""

    def matching(self, words: SearchWords, *, with_later_facts: bool) -> Self:
        """Records with all wanted words and none of the unwanted; all if none."""
        if not words:
            return self
        return self.filter(_Matches(models.F("pk"), words, with_later_facts))

    def by_relevance(self, words: SearchWords, *, with_later_facts: bool) -> Self:
        """The newest `RANKED` matches, the best first. Without words: the newest."""
        newest = self.matching(words, with_later_facts=with_later_facts).order_by("-pk")
        if not words.wanted:
            return newest
        keys = list(newest.values_list("pk", flat=True)[:RANKED])
        ranked = cast("Self", self.model._default_manager.filter(pk__in=keys))
        if connections[self.db].vendor == "postgresql":
            score = _Rank(models.F("pk"), words, with_later_facts)
            return ranked.alias(score=score).order_by("-score", "-pk")
        # The one way to join a table without a model; nothing typed is in the SQL.
        scored = ranked.extra(  # noqa: S610
            tables=[SQLITE_INDEX],
            where=[
                f'{SQLITE_INDEX}.rowid = "{self.model._meta.db_table}"."id"',
                f"{SQLITE_INDEX} MATCH %s",
            ],
            params=[_fts5_wanted(words, with_later_facts)],
            select={"score": _SQLITE_RANK},
            order_by=["score", "-pk"],
        )
        return cast("Self", scored)


class _AboutText(models.Func):
    """An expression about the text of the record with a primary key."""

    def __init__(
        self, key: models.F, words: SearchWords, with_later_facts: bool, **extra: Any
    ) -> None:
        super().__init__(key, **extra)
        self.words = words
        self.with_later_facts = with_later_facts

    def _column(self, compiler: SQLCompiler) -> str:
        """The indexed column beside the primary key, under the alias in use."""
        key = self.get_source_expressions()[0]
        assert isinstance(key, Col)  # noqa: S101  (resolved by then)
        table = compiler.quote_name_unless_alias(key.alias)
        return f"{table}.{POSTGRES_COLUMN}"


class _Matches(_AboutText):
    """Whether the text has the words."""

    output_field: ClassVar[models.Field] = models.BooleanField()

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra: Any,
    ) -> tuple[str, tuple[str | int, ...]]:
        """FTS5 cannot ask for texts *without* a word alone, so both ways stand here."""
        key, _ = compiler.compile(self.get_source_expressions()[0])
        inner = f"SELECT rowid FROM {SQLITE_INDEX} WHERE {SQLITE_INDEX} MATCH %s"  # noqa: S608
        parts: list[str] = []
        params: list[str] = []
        if self.words.wanted:
            parts.append(f"{key} IN ({inner})")
            params.append(_fts5_wanted(self.words, self.with_later_facts))
        if self.words.unwanted:
            parts.append(f"{key} NOT IN ({inner})")
            unwanted = (_fts5(term) for term in self.words.unwanted)
            scope = "" if self.with_later_facts else _AT_OPENING
            params.append(f"{scope}({' OR '.join(unwanted)})")
        return f"({' AND '.join(parts)})", tuple(params)

    def as_postgresql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        **extra: Any,
    ) -> tuple[str, tuple[str | int, ...]]:
        """One ``tsquery``; the weights AB keep later facts out."""
        query = _as_literal(_tsquery(self.words, self.with_later_facts))
        return f"({self._column(compiler)} @@ to_tsquery('simple', {query}))", ()


class _Rank(_AboutText):
    """How well the text suits the wanted words, by cover density."""

    output_field: ClassVar[models.Field] = models.FloatField()

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra: Any,
    ) -> tuple[str, tuple[str | int, ...]]:
        wanted = SearchWords(wanted=self.words.wanted)
        query = _as_literal(_tsquery(wanted, self.with_later_facts))
        return (
            f"ts_rank_cd('{_POSTGRES_WEIGHTS}', {self._column(compiler)}, "
            f"to_tsquery('simple', {query}))",
            (),
        )


def _fts5_wanted(words: SearchWords, with_later_facts: bool) -> str:
    scope = "" if with_later_facts else _AT_OPENING
    return f"{scope}({' AND '.join(_fts5(term) for term in words.wanted)})"


def _fts5(term: Term) -> str:
    """An FTS5 phrase. Words are letters and digits: nothing needs escaping."""
    return f'"{" ".join(term.words)}"{" *" if term.is_beginning else ""}'


def _tsquery(words: SearchWords, with_later_facts: bool) -> str:
    weights = "" if with_later_facts else "AB"
    parts = [_phrase(term, weights) for term in words.wanted]
    parts += [f"!({_phrase(term, weights)})" for term in words.unwanted]
    return " & ".join(parts)


def _as_literal(query: str) -> str:
    """A ``tsquery`` as a part of the statement.

    How many texts have a word decides how to look for it. A connection that has seen
    five searches plans further ones for words it does not know, by a plan that took
    ten times as long at 100,000 records.
    """
    return quote(query).replace("%", "%%")


def _phrase(term: Term, weights: str) -> str:
    """Quoted lexemes in a row. Words are letters and digits: nothing to escape."""
    return f"({' <-> '.join(_lexemes(term, weights))})"


def _lexemes(term: Term, weights: str) -> Iterable[str]:
    last = len(term.words) - 1
    for place, word in enumerate(term.words):
        star = "*" if term.is_beginning and place == last else ""
        marks = star + weights
        yield f"'{word}':{marks}" if marks else f"'{word}'"
