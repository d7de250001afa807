"""Run the tests that use a database a second time, on PostgreSQL.

``NETFT_TEST_DATABASE_URL`` names the server. Without it this is a skip with a reason,
unless ``NETFT_REQUIRE_ALL=True`` makes every optional part a must.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    url = os.environ.get("NETFT_TEST_DATABASE_URL", "")
    if not url:
        sys.stderr.write("PostgreSQL: skipped, NETFT_TEST_DATABASE_URL is not set\n")
        return int(os.environ.get("NETFT_REQUIRE_ALL") == "True")
    sys.stderr.write("PostgreSQL: running the tests that use a database\n")
    command = [sys.executable, "-m", "pytest", "-n", "auto", "--database-only"]
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.call([*command, *sys.argv[1:]], cwd=ROOT, env=environment)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
