"""Many reviewers at once over HTTP on PostgreSQL, while web workers are killed.

The small sister of ``benchmarks/desk_load.py``, by the same script: it ends with an
error if a seat was given twice, an answer lost or doubled, or a record served again.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import missing
from tests.journeys.houses import ROOT

pytestmark = pytest.mark.slow
SIZE = ["--records", "80", "--reviewers", "10", "--kill-every", "3"]


def test_ten_reviewers_lose_and_double_nothing_while_workers_die():
    url = os.environ.get("NETFT_TEST_DATABASE_URL")
    if not url:
        missing("PostgreSQL", "NETFT_TEST_DATABASE_URL is not set")
    script = ROOT / "benchmarks" / "desk_load.py"
    command = [sys.executable, str(script), "--database", url, "--only", "kills"]

    done = subprocess.run(
        [*command, *SIZE], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "answers stored: 240" in done.stdout
