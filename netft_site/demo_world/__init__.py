"""The synthetic world that `make demo` tells its story on.

`build_world` makes it from a seed, `write_files` writes it as the files that the
public import doors take. Nothing here touches Django or a database, and everything in
it is invented.
"""

from __future__ import annotations

from netft_site.demo_world.entities import Secret, SecretKind, Ticket, World
from netft_site.demo_world.export import WorldFiles, write_files
from netft_site.demo_world.world import build_world

__all__ = [
    "Secret",
    "SecretKind",
    "Ticket",
    "World",
    "WorldFiles",
    "build_world",
    "write_files",
]
