"""The API's documentation names every route and method that there is."""

from __future__ import annotations

import re
from pathlib import Path

from drf_spectacular.generators import SchemaGenerator

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api.md"
METHODS = {"get", "post", "put", "patch", "delete"}


def test_every_route_is_documented_and_nothing_else():
    schema = SchemaGenerator().get_schema(public=True)

    served = {
        (method.upper(), path)
        for path, methods in schema["paths"].items()
        for method in METHODS & set(methods)
    }
    documented = set(
        re.findall(
            r"^\| `([A-Z]+) (/api/v1/projects\S+)` \|", DOCUMENT.read_text(), re.M
        )
    )

    assert documented == served
