"""A project works under the key that it began with, and under no other."""

from __future__ import annotations

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured

from annotation.models import Record
from annotation.services import sanitizing
from annotation.services.vault import VaultRefused
from netft_site.env import env_keys
from tests.annotation.imports import run

pytestmark = pytest.mark.django_db
TEXT = "id,text\n1,password: Winter2024!x\n"


@pytest.fixture
def another_key(project, settings):
    """Other bytes under the same name, as after a key was lost and made anew."""

    def change() -> None:
        sanitizing.sanitizer_for(project)
        settings.PSEUDONYM_KEYS = {project.key_id: bytes(range(100, 132))}
        sanitizing._sanitizers.clear()

    return change


def test_the_first_use_of_a_key_is_remembered(project):
    sanitizing.sanitizer_for(project)

    project.refresh_from_db()
    assert len(project.key_check) == 16


def test_another_key_of_the_same_name_is_refused(project, another_key):
    another_key()

    with pytest.raises(VaultRefused, match="not the one") as refusal:
        sanitizing.sanitizer_for(project)

    assert refusal.value.code == "wrong_key"


@pytest.mark.parametrize("helpers", [0, 2])
def test_an_import_under_another_key_stores_nothing(project, another_key, helpers):
    another_key()

    with pytest.raises(VaultRefused):
        run(project, TEXT, helper_count=helpers)

    assert not Record.objects.exists()


@pytest.mark.parametrize("key", [bytes(32), b"k" * 32, b"password" * 4])
def test_a_key_that_nobody_drew_is_no_key(monkeypatch, key):
    monkeypatch.setenv("KEYS", f"main:{base64.b64encode(key).decode()}")

    with pytest.raises(ImproperlyConfigured, match="not random"):
        env_keys("KEYS")
