"""Statements that write one thing, whose SQL is made once.

`save` and `update` build their SQL anew, which takes Django several times as long as
sending it. That is nothing where somebody presses a button now and then, and half of
the time where somebody labels all day. Many rows at once are
`netft_site.base.bulk_insert`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, Model, QuerySet
from django.db.models.sql import UpdateQuery

from netft_site.base.parameters import Parameters, samples

M = TypeVar("M", bound=Model)


class CompiledInsert(Generic[M]):
    """Store new objects of a model, one at a time; an object gets its key.

    The database's constraints hold; `save` and signals do not take part.
    """

    def __init__(self, model: type[M]) -> None:
        self._model = model

    def store(self, one: M) -> M:
        """Store an object; return it.

        Raises:
            IntegrityError: a constraint of the table is broken.
        """
        self._store(one, self._sql)
        return one

    def store_unless_taken(self, one: M) -> bool:
        """Store an object unless a unique constraint has another in its place.

        What another transaction is about to store is waited for. The transaction goes
        on, where an `IntegrityError` would have broken it.

        Raises:
            IntegrityError: another constraint than a unique one is broken.
        """
        return self._store(one, f"{self._sql} ON CONFLICT DO NOTHING")

    def _store(self, one: M, sql: str) -> bool:
        connection = connections[DEFAULT_DB_ALIAS]
        params = [
            field.get_db_prep_save(field.pre_save(one, True), connection)
            for field in self._fields
        ]
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} {self._returning}", params)
            keys = cursor.fetchall()
        if not keys:
            return False
        one.pk = keys[0][0]
        one._state.adding, one._state.db = False, DEFAULT_DB_ALIAS
        return True

    @cached_property
    def _fields(self) -> list[Field[Any, Any]]:
        return [f for f in self._model._meta.concrete_fields if not f.primary_key]

    @cached_property
    def _sql(self) -> str:
        names = ", ".join(_quoted(field.column) for field in self._fields)
        holders = ", ".join(["%s"] * len(self._fields))
        table = _quoted(self._model._meta.db_table)
        # Only names of the model stand in the text.
        return f"INSERT INTO {table} ({names}) VALUES ({holders})"  # noqa: S608

    @cached_property
    def _returning(self) -> str:
        return f"RETURNING {_quoted(self._model._meta.pk.column)}"


class CompiledUpdate(Generic[M]):
    """Set columns of the rows of a queryset, for values by name.

    ``build`` and ``kinds`` are those of `CompiledQuery`; ``sets`` returns the new
    values by field, from the same values by name or from expressions.
    """

    def __init__(
        self,
        build: Callable[..., QuerySet[M]],
        sets: Callable[..., Mapping[str, Any]],
        **kinds: type,
    ) -> None:
        self._build = build
        self._sets = sets
        self._kinds = kinds
        self._made: dict[str, tuple[str, Parameters]] = {}

    def run(self, **values: Any) -> int:
        """Change the rows for some values; return how many.

        Raises:
            ValueError: a value does not stand in the statement as a parameter.
        """
        connection = connections[DEFAULT_DB_ALIAS]
        made = self._made.get(connection.vendor)
        if made is None:
            made = self._made[connection.vendor] = self._make()
        sql, parameters = made
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters.filled(values))
            return int(cursor.rowcount)

    def _make(self) -> tuple[str, Parameters]:
        given = samples(self._kinds)
        query = cast("UpdateQuery", self._build(**given).query.chain(UpdateQuery))
        query.add_update_values(dict(self._sets(**given)))
        sql, params = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        return sql, Parameters(params, given)


def _quoted(name: str | None) -> str:
    return str(connections[DEFAULT_DB_ALIAS].ops.quote_name(str(name)))
