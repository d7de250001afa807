"""The SQL of the full-text index: what of a record is indexed, and where it is kept.

PostgreSQL: a stored generated ``tsvector`` column with weights A (title), B (body),
C (resolution) and D (updates), and a GIN index. SQLite: an FTS5 index without content
of its own, kept in step by triggers; a row leaves it by the very words it came with, so
what is indexed changes only together with a migration that makes the index anew.
Both part words at whatever is neither letter nor digit.
"""

from __future__ import annotations

CHARACTERS = 150_000
"""How much of each text is indexed: a tsvector takes 1 MB, and a text of this size is a
whole configuration or capture."""

SQLITE_INDEX = "annotation_record_fts"
SQLITE_PAUSE = "annotation_record_fts_pause"
"""While a row stands here, inserted records wait to be indexed together."""

POSTGRES_COLUMN = "search"
COLUMNS = "title, body, resolution, thread"
EVENTS = ("insert", "delete", "update")

# The sign parts the texts, so that no phrase spans two; it is no word of any query.
_GAP = "'§:1'::tsvector"


def _vector(text: str, weight: str) -> str:
    plain = f"regexp_replace(left({text}, {CHARACTERS}), '[^[:alnum:]]+', ' ', 'g')"
    return f"setweight(to_tsvector('simple'::regconfig, {plain}), '{weight}')"


# Escapes of JSON go, the words of the updates stay.
_POSTGRES_UPDATES = (
    r"regexp_replace(jsonb_path_query_array(thread, '$[*].text')::text, "
    r"'\\(u[0-9a-f]{4}|.)', ' ', 'g')"
)
_VECTORS = f" || {_GAP} || ".join(
    [
        _vector("title", "A"),
        _vector("body", "B"),
        _vector("resolution", "C"),
        _vector(_POSTGRES_UPDATES, "D"),
    ]
)


def _updates(row: str) -> str:
    return (
        "coalesce((SELECT group_concat(json_extract(value, '$.text'), char(10)) "  # noqa: S608
        f"FROM json_each({row}thread)), '')"
    )


def _texts(row: str) -> str:
    texts = (f"{row}title", f"{row}body", f"{row}resolution", _updates(row))
    return ", ".join(f"substr({text}, 1, {CHARACTERS})" for text in texts)


_ADD = (
    f"INSERT INTO {SQLITE_INDEX}(rowid, {COLUMNS}) "  # noqa: S608
    f"VALUES (new.id, {_texts('new.')})"
)
_REMOVE = (
    f"INSERT INTO {SQLITE_INDEX}({SQLITE_INDEX}, rowid, {COLUMNS}) "  # noqa: S608
    f"VALUES ('delete', old.id, {_texts('old.')})"
)
SQLITE_ADD_LATER_THAN = (
    f"INSERT INTO {SQLITE_INDEX}(rowid, {COLUMNS}) "  # noqa: S608
    f"SELECT id, {_texts('annotation_record.')} FROM annotation_record WHERE id > %s"
)

MAKE: dict[str, list[str]] = {
    "postgresql": [
        f"ALTER TABLE annotation_record ADD COLUMN {POSTGRES_COLUMN} tsvector "
        f"GENERATED ALWAYS AS ({_VECTORS}) STORED",
        "CREATE INDEX record_full_text ON annotation_record "
        f"USING gin ({POSTGRES_COLUMN})",
    ],
    "sqlite": [
        f"CREATE VIRTUAL TABLE {SQLITE_INDEX} USING fts5({COLUMNS}, content='', "
        "tokenize='unicode61 remove_diacritics 0')",
        f"CREATE TABLE {SQLITE_PAUSE} (later_than integer NOT NULL)",
        f"CREATE TRIGGER {SQLITE_INDEX}_insert AFTER INSERT ON annotation_record "  # noqa: S608
        f"WHEN NOT EXISTS (SELECT 1 FROM {SQLITE_PAUSE}) BEGIN {_ADD}; END",
        f"CREATE TRIGGER {SQLITE_INDEX}_delete AFTER DELETE ON annotation_record "
        f"BEGIN {_REMOVE}; END",
        f"CREATE TRIGGER {SQLITE_INDEX}_update AFTER UPDATE OF id, {COLUMNS} "
        f"ON annotation_record BEGIN {_REMOVE}; {_ADD}; END",
        SQLITE_ADD_LATER_THAN.replace("%s", "0"),
    ],
}
DROP: dict[str, list[str]] = {
    "postgresql": [
        "DROP INDEX IF EXISTS record_full_text",
        f"ALTER TABLE annotation_record DROP COLUMN IF EXISTS {POSTGRES_COLUMN}",
    ],
    "sqlite": [
        *(f"DROP TRIGGER IF EXISTS {SQLITE_INDEX}_{event}" for event in EVENTS),
        f"DROP TABLE IF EXISTS {SQLITE_INDEX}",
        f"DROP TABLE IF EXISTS {SQLITE_PAUSE}",
    ],
}
