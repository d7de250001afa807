"""Many rows into one table with one prepared statement.

`bulk_create` makes an object of every row and builds its SQL anew, value by value,
which takes several times as long as the database needs for the rows. Where a hundred
thousand rows come at once, that is most of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model

_AS_THEY_ARE = frozenset(
    (
        "CharField",
        "TextField",
        "ForeignKey",
        "OneToOneField",
        "IntegerField",
        "PositiveIntegerField",
        "PositiveSmallIntegerField",
    )
)
"""Kinds of field whose values, `str`, `int` or `None`, a driver takes unchanged."""


def insert_many(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each a mapping of column attributes (`project_id`) to values.

    Every row names the columns that the first one names; the others get the default of
    their field. The database's constraints hold; `save`, signals and `auto_now_add` do
    not take part. Runs in the caller's transaction.

    Raises:
        IntegrityError: a constraint of the table is broken.
        KeyError: a row lacks a column.
    """
    if not rows:
        return
    database = connections[DEFAULT_DB_ALIAS]
    fields = [f for f in model._meta.concrete_fields if not f.primary_key]
    given = [field for field in fields if field.attname in rows[0]]
    others = [field for field in fields if field.attname not in rows[0]]
    defaults = [_prepare(field, database)(field.get_default()) for field in others]
    columns = [(field.attname, _prepare(field, database)) for field in given]
    quote = database.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in (*given, *others))
    holders = ", ".join(["%s"] * len(fields))
    table = quote(model._meta.db_table)
    with database.cursor() as cursor:
        cursor.executemany(
            # Only names of the model stand in the text.
            f"INSERT INTO {table} ({names}) VALUES ({holders})",  # noqa: S608
            [
                [prepare(row[name]) for name, prepare in columns] + defaults
                for row in rows
            ],
        )


def _prepare(
    field: Field[Any, Any], database: BaseDatabaseWrapper
) -> Callable[[Any], Any]:
    """Return what makes the driver's value of a value of `field`."""
    kind = field.get_internal_type()
    if kind in _AS_THEY_ARE:
        return _same

    def prepare(value: Any) -> Any:
        return field.get_db_prep_save(value, database)

    # The rows of one call share their moments.
    return lru_cache(maxsize=512)(prepare) if kind == "DateTimeField" else prepare


def _same(value: Any) -> Any:
    return value
