"""A query whose SQL is made once and run many times with other values.

Building the SQL of a query with subqueries and joins takes Django longer than the
database needs to answer it. Where one is asked for at every click, its text is made
once from sample values and kept; each run puts its own values in their places. There
is still one definition of the query: the queryset that the text is made from. What is
written at every click is in `netft_site.base.compiled_writes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
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
    ``int``, ``str`` or ``datetime``. ``planned_anew`` keeps PostgreSQL from planning it
    once a connection: a plan made while a table is small reads all of it ever after.
    """

    def __init__(
        self,
        build: Callable[..., QuerySet[M]],
        *,
        planned_anew: bool = False,
        **kinds: type,
    ) -> None:
        self._build = build
        self._planned_anew = planned_anew
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
        params = made.parameters.filled(values)
        with (
            _unprepared(connection) if self._planned_anew else nullcontext(),
            connection.cursor() as cursor,
        ):
            cursor.execute(made.sql, params)
            found = cursor.fetchall()
        return [made.object_of(row, connection) for row in found]

    def first(self, **values: Any) -> M | None:
        """Return the first row for some values, or None; the query should end there."""
        return next(iter(self.rows(**values)), None)

    def _make(self) -> _Made[M]:
        given = samples(self._kinds)
        return _Made(self._build(**given), given)


@contextmanager
def _unprepared(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Keep the driver from preparing what is asked here."""
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    driver = connection.connection
    threshold, driver.prepare_threshold = driver.prepare_threshold, None
    try:
        yield
    finally:
        driver.prepare_threshold = threshold


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
