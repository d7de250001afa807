"""Write an owner-only .env with generated keys, unless one is there.

Run by ``make``. An existing file is never touched: losing the pseudonym key would
make new text of a project disagree with the old.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def lines() -> list[str]:
    key = base64.b64encode(secrets.token_bytes(32)).decode("ascii")
    return [
        "# Local settings of this checkout; docs/settings.md describes them all.",
        f"NETFT_SECRET_KEY={secrets.token_urlsafe(50)}",
        f"NETFT_PSEUDONYM_KEYS=local:{key}",
        "NETFT_HTTPS=False",
        "",
    ]


def main() -> None:
    path = ROOT / ".env"
    if path.exists():
        # A touched file keeps make from calling this again and again.
        path.touch()
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines()))
    sys.stderr.write("wrote .env with new keys\n")


if __name__ == "__main__":
    main()
