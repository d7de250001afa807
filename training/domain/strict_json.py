"""Frozen dataclasses to JSON and back, with no surprises.

An unknown key, a missing key, a wrong type or a number that is not finite is refused
with the path to the value; nothing is coerced except a whole number where a fraction
is expected. This is not a schema language: it knows exactly the types that the files
between the supervisor and the training process use.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class SpecError(ValueError):
    """A file or a setting of a run is not what the protocol allows."""


def dump(value: Any) -> str:
    """One line of ASCII JSON with sorted keys: equal values give equal bytes."""
    return json.dumps(encode(value), sort_keys=True, allow_nan=False)


def load(cls: type[T], text: str | bytes) -> T:
    """Parse `text` into the dataclass `cls`. Raises SpecError."""
    value: T = decode(cls, parse_object(text), cls.__name__)
    return value


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Parse a JSON object; repeated keys, NaN and what is not finite are refused."""
    try:
        data = json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_no_constant,
            parse_float=finite,
        )
    except SpecError:
        raise
    except ValueError as error:
        raise SpecError("not valid JSON") from error
    if not isinstance(data, dict):
        raise SpecError("expected a JSON object")
    return data


def finite(number: str) -> float:
    """The number of a JSON text. Raises ValueError where it is too large for one."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def encode(value: Any) -> Any:
    """The value as plain JSON types."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    return value


def decode(kind: Any, data: Any, where: str) -> Any:
    """Read plain JSON types as `kind`; `where` names the place in a refusal."""
    if kind is Any or dataclasses.is_dataclass(data):
        # The caller has decoded a part whose type depends on another part.
        return data
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decode_optional(kind, data, where)
    if origin is tuple:
        return _decode_tuple(kind, data, where)
    if origin is dict:
        return _decode_dict(kind, data, where)
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, data, where)
    return _decode_scalar(kind, data, where)


def _decode_dataclass(cls: Any, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise SpecError(f"{where}: expected an object")
    hints = get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls)}
    unknown = sorted(set(data) - set(fields))
    if unknown:
        raise SpecError(f"{where}: unknown key {', '.join(unknown)}")
    missing = sorted(n for n, f in fields.items() if n not in data and _required(f))
    if missing:
        raise SpecError(f"{where}: missing key {', '.join(missing)}")
    values = {n: decode(hints[n], data[n], f"{where}.{n}") for n in fields if n in data}
    return cls(**values)


def _required(field: dataclasses.Field[Any]) -> bool:
    return (
        field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    )


def _decode_optional(kind: Any, data: Any, where: str) -> Any:
    if data is None:
        return None
    inner = [arg for arg in get_args(kind) if arg is not type(None)]
    return decode(inner[0], data, where)


def _decode_tuple(kind: Any, data: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise SpecError(f"{where}: expected a list")
    inner = get_args(kind)[0]
    return tuple(decode(inner, item, f"{where}[{i}]") for i, item in enumerate(data))


def _decode_dict(kind: Any, data: Any, where: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise SpecError(f"{where}: expected an object")
    inner = get_args(kind)[1]
    return {key: decode(inner, item, f"{where}.{key}") for key, item in data.items()}


def _decode_scalar(kind: Any, data: Any, where: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        if data not in list(kind):
            raise SpecError(f"{where}: expected one of {', '.join(kind)}")
        return kind(data)
    if kind is float and type(data) in (int, float):
        if not math.isfinite(data):
            raise SpecError(f"{where}: expected a finite number")
        return float(data)
    if type(data) is not kind:
        raise SpecError(f"{where}: expected {kind.__name__}")
    return data


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise SpecError("a key is given twice")
    return data


def _no_constant(name: str) -> Any:
    raise SpecError(f"{name} is not a JSON number")
