"""From a cell of any shape to text, and where a cell is found in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_NAMED_VALUES = ("display_value", "displayName", "name", "value", "key")
_DEPTH = 64


def cell_at(cells: Mapping[str, Any], column: str) -> Any:
    """Return the cell of a column; `a.b` also reaches into the object at `a`."""
    if column in cells:
        return cells[column]
    value: Any = cells
    for part in column.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def column_names(cells: Mapping[str, Any]) -> list[str]:
    """Return the columns of a row, with those one or two objects deeper as `a.b`."""
    names: list[str] = []
    for name, value in cells.items():
        names.append(name)
        if isinstance(value, Mapping):
            for inner, deeper in value.items():
                names.append(f"{name}.{inner}")
                if isinstance(deeper, Mapping):
                    names.extend(f"{name}.{inner}.{leaf}" for leaf in deeper)
    return names


def text_of(value: Any) -> str:
    """Return a cell as text with plain newlines, outer blanks removed.

    A tracker's reference object gives its display name, a rich-text document its text,
    a list its parts on lines. Characters that no database stores are dropped.
    """
    text = value if isinstance(value, str) else _text_of(value, _DEPTH)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text.strip()


def _text_of(value: Any, depth: int) -> str:
    if value is None or depth == 0:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return _text_of_object(value, depth)
    if isinstance(value, Sequence):
        parts = (_text_of(part, depth - 1) for part in value)
        return "\n".join(part for part in parts if part)
    return str(value)


def _text_of_object(value: Mapping[str, Any], depth: int) -> str:
    for name in _NAMED_VALUES:
        if isinstance(value.get(name), str | int | float):
            return str(value[name])
    # Atlassian document format: text leaves under nested "content" lists.
    if isinstance(value.get("text"), str):
        return str(value["text"])
    content = value.get("content")
    if not isinstance(content, Sequence) or isinstance(content, str):
        return ""
    inline = value.get("type") in ("paragraph", "heading", "codeBlock")
    parts = (_text_of(part, depth - 1) for part in content)
    return ("" if inline else "\n").join(part for part in parts if part)
