"""The synthetic world that `make demo` tells its story on.

`build_world` makes it from a seed, `build_fresh` the tickets of this week;
`write_files` and `write_fresh` write them as the files that the public import doors
take. Nothing here touches Django or a database, and everything in it is invented.
"""

from __future__ import annotations

from netft_site.demo_world.entities import Fresh, Secret, SecretKind, Ticket, World
from netft_site.demo_world.export import (
    FreshFiles,
    WorldFiles,
    write_files,
    write_fresh,
)
from netft_site.demo_world.fresh import build_fresh
from netft_site.demo_world.reviewing import judge
from netft_site.demo_world.world import build_world

__all__ = [
    "Fresh",
    "FreshFiles",
    "Secret",
    "SecretKind",
    "Ticket",
    "World",
    "WorldFiles",
    "build_fresh",
    "build_world",
    "judge",
    "write_files",
    "write_fresh",
]
