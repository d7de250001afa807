"""Index many new records at once.

On SQLite a trigger indexes each inserted record, and every statement after it makes
the index write out what it has gathered: an import would lose a fifth of its pace. Here
the records of a block are inserted first and indexed by one statement. PostgreSQL
indexes by a generated column and needs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Max

from annotation.models import Record
from annotation.querysets.text_index import SQLITE_ADD_LATER_THAN, SQLITE_PAUSE


@contextmanager
def indexed_together() -> Iterator[None]:
    """Index the records that the block inserts when it ends.

    The caller holds the transaction, and changes or deletes no record in the block.
    """
    if connection.vendor != "sqlite":
        yield
        return
    last = Record.objects.aggregate(last=Max("pk"))["last"] or 0
    with connection.cursor() as cursor:
        # Names of tables only.
        cursor.execute(f"INSERT INTO {SQLITE_PAUSE} VALUES (%s)", [last])  # noqa: S608
        yield
        cursor.execute(f"DELETE FROM {SQLITE_PAUSE}")  # noqa: S608
        cursor.execute(SQLITE_ADD_LATER_THAN, [last])
