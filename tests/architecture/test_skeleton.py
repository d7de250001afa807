"""The shape of the house: migrations, import contracts, secrets, no torch upstairs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_the_models_and_the_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_import_contracts_hold():
    outcome = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert outcome.returncode == 0, outcome.stdout[-3000:]


@pytest.mark.parametrize(
    "entry", ["netft_site.wsgi", "netft_site.urls", "django_q.cluster"]
)
def test_web_and_worker_processes_never_load_torch(entry: str):
    script = (
        "import sys, django; django.setup()\n"
        f"import {entry}\n"
        "import netft_site.urls, pkgutil, importlib\n"
        "import annotation.tasks, training.tasks, evaluation.tasks\n"
        "from django.urls import get_resolver; get_resolver().url_patterns\n"
        "heavy = {'torch', 'transformers', 'peft', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )

    outcome = _python(script)

    assert outcome.returncode == 0, outcome.stderr[-2000:]


@pytest.mark.parametrize("name", ["NETFT_SECRET_KEY", "NETFT_PSEUDONYM_KEYS"])
def test_the_site_refuses_to_start_without_a_secret(name: str):
    outcome = _python("import django; django.setup()", **{name: ""})

    assert outcome.returncode != 0
    assert f"{name} is not set" in outcome.stderr


def _python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "netft_site.settings",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
