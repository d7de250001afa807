"""A query whose SQL is made once and run many times with other values.

Building the SQL of a query with subqueries and joins takes Django longer than the
database needs to answer it. Where one is asked for at every click, its text is made
once from sample values and kept; each run puts its own values in their places. There
is still one definition of the query: the queryset that the text is made from.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)

_FIRST_SAMPLE = 1_900_000_001
_MOMENT = datetime(2999, 1, 1, tzinfo=UTC)


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
        self._made: dict[str, _Made] = {}

    def rows(self, **values: Any) -> list[M]:
        """Return the rows for some values.

        Raises:
            ValueError: a value does not stand in the query as a parameter.
        """
        vendor = connections[DEFAULT_DB_ALIAS].vendor
        made = self._made.get(vendor)
        if made is None:
            made = self._made[vendor] = self._make()
        adapted = {name: _adapted(value) for name, value in values.items()}
        params = tuple(
            adapted[place.name] if isinstance(place, _Place) else place
            for place in made.places
        )
        found = made.queryset.all()
        found.query = _Run(made.compiler, params)  # type: ignore[assignment]
        with _unprepared() if self._planned_anew else nullcontext():
            return list(found)

    def first(self, **values: Any) -> M | None:
        """Return the first row for some values, or None; the query should end there."""
        return next(iter(self.rows(**values)), None)

    def _make(self) -> _Made:
        samples = {
            name: _sample(number, kind)
            for number, (name, kind) in enumerate(self._kinds.items())
        }
        queryset = self._build(**samples)
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        names = {_adapted(sample): name for name, sample in samples.items()}
        places = [_Place(names[p]) if _is_in(p, names) else p for p in params]
        used = {place.name for place in places if isinstance(place, _Place)}
        if used != set(samples):
            raise ValueError(f"no parameters of the query: {set(samples) - used}")
        compiler.made_sql = sql
        columns = [column for column, *_ in compiler.select[: compiler.col_count]]
        compiler.made_converters = compiler.get_converters(columns)
        return _Made(queryset, compiler, places)


@contextmanager
def _unprepared() -> Iterator[None]:
    """Keep the driver from preparing what is asked here."""
    connection = connections[DEFAULT_DB_ALIAS]
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


class _Place:
    """Where a value goes."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Made:
    """A queryset with its compiler, which knows the columns, and its parameters."""

    def __init__(
        self, queryset: QuerySet[Any], compiler: SQLCompiler, places: Sequence[object]
    ) -> None:
        self.queryset = queryset
        self.compiler = compiler
        self.places = places


class _Run:
    """Stands for a queryset's query: hands out the compiler that is done already."""

    # What a queryset looks for on a query that is handed to it.
    values_select = ()

    def __init__(self, compiler: SQLCompiler, params: tuple[Any, ...]) -> None:
        self._compiler = compiler
        self._params = params

    def get_compiler(self, using: str | None = None, **_more: Any) -> SQLCompiler:
        compiler = copy.copy(self._compiler)
        compiler.connection = connections[using or DEFAULT_DB_ALIAS]
        # The text is made, and so is how its columns are read; only what it is asked
        # with changes.
        made: str = compiler.made_sql  # type: ignore[attr-defined]
        converters = compiler.made_converters  # type: ignore[attr-defined]
        compiler.as_sql = lambda *_, **__: (made, self._params)  # type: ignore[method-assign]
        compiler.get_converters = lambda expressions: converters  # type: ignore[method-assign]
        return compiler


def _sample(number: int, kind: type) -> Any:
    """Return a value that no query holds by itself."""
    if kind is datetime:
        return _MOMENT + timedelta(days=number)
    return kind(_FIRST_SAMPLE + number)


def _is_in(param: object, names: dict[Any, str]) -> bool:
    return isinstance(param, (int, str, datetime)) and param in names


def _adapted(value: Any) -> Any:
    if isinstance(value, datetime):
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(value)
    return value
