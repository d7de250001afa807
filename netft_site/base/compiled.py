"""A query whose SQL is made once and run many times with other values.

Building the SQL of a query with subqueries and joins takes Django longer than the
database needs to answer it. Where one is asked for at every click, its text is made
once from sample values and kept; each run puts its own values in their places. There
is still one definition of the query: the queryset that the text is made from. What is
written at every click is in `netft_site.base.compiled_writes`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

from netft_site.base.parameters import Parameters, samples

M = TypeVar("M", bound=Model)


class CompiledQuery(Generic[M]):
    """The rows of a queryset, for values by name.

    ``build`` returns the queryset for given values; it must put each of them into the
    query as a parameter, and not branch on it. ``kinds`` names each value and its type:
    ``int``, ``str`` or ``datetime``. ``plan_seconds`` is how long PostgreSQL may keep
    to a plan: without it, for as long as a connection lasts, and a plan made while a
    table is small goes on to read all of it.
    """

    def __init__(
        self,
        build: Callable[..., QuerySet[M]],
        *,
        plan_seconds: float | None = None,
        **kinds: type,
    ) -> None:
        self._build = build
        self._plan_seconds = plan_seconds
        self._kinds = kinds
        self._made: dict[str, _Made[M]] = {}

    def rows(self, **values: Any) -> list[M]:
        """Return the rows for some values.

        Raises:
            ValueError: a value does not stand in the query as a parameter.
        """
        connection = connections[DEFAULT_DB_ALIAS]
        made = self._made.get(connection.vendor)
        if made is None:
            made = self._made[connection.vendor] = self._make()
        sql, params = made.sql, made.parameters.filled(values)
        if self._plan_seconds is not None:
            # The driver prepares another text anew, once it is asked several times.
            sql = f"{sql} /* {time.monotonic() // self._plan_seconds:.0f} */"
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            found = cursor.fetchall()
        return [made.object_of(row, connection) for row in found]

    def first(self, **values: Any) -> M | None:
        """Return the first row for some values, or None; the query should end there."""
        return next(iter(self.rows(**values)), None)

    def _make(self) -> _Made[M]:
        given = samples(self._kinds)
        return _Made(self._build(**given), given)


class _Made(Generic[M]):
    """The text of a query, and how an object is made of what it gives.

    An object comes out as from the queryset: with what was selected along, and with
    its annotations. How is found out once, where Django finds it out at every run.
    """

    def __init__(self, queryset: QuerySet[M], given: dict[str, Any]) -> None:
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, params = compiler.as_sql()
        self.parameters = Parameters(params, given)
        selected: Any = compiler.select
        columns = [column for column, *_ in selected[: compiler.col_count]]
        self._converters = list(compiler.get_converters(columns).items())
        own: Any = compiler.klass_info
        self._model: type[M] = own["model"]
        self._begin, self._end = own["select_fields"][0], own["select_fields"][-1] + 1
        self._names = [
            column.target.attname for column, *_ in selected[self._begin : self._end]
        ]
        self._related = get_related_populators(  # type: ignore[call-arg]  # stubs of 6
            own, selected, DEFAULT_DB_ALIAS
        )
        self._annotations = list((compiler.annotation_col_map or {}).items())

    def object_of(self, found: tuple[Any, ...], connection: BaseDatabaseWrapper) -> M:
        """Return the object of a row."""
        row = list(found)
        for place, (converters, column) in self._converters:
            for convert in converters:
                row[place] = convert(row[place], column, connection)
        one = self._model.from_db(
            DEFAULT_DB_ALIAS, self._names, row[self._begin : self._end]
        )
        for related in self._related:
            related.populate(row, one)
        for name, place in self._annotations:
            setattr(one, name, row[place])
        return one
