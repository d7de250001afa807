"""Models of a hub by their commit: from the cache, or not at all."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from netft_site.base.refusals import Refused
from tests.training import tiny_models
from training.models import BaseModel
from training.services import base_models, hub, registering

pytestmark = pytest.mark.django_db
COMMIT = "a1" * 20
REPO = "acme/tiny"


@pytest.fixture
def snapshot(tmp_path, monkeypatch):
    """A model in a cache as the hub's own library lays it out."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    place = tmp_path / "models--acme--tiny"
    folder = tiny_models.causal(place / "snapshots" / COMMIT, "qwen2")
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(COMMIT)
    return folder


def register(repo=REPO, revision=COMMIT) -> BaseModel:
    return registering.register_from_hub(
        name="tiny", repo=repo, revision=revision, licence="Apache-2.0"
    )


def code_of(call) -> str:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code


def test_a_model_in_the_cache_is_registered_by_its_commit(snapshot):
    base = register()

    assert (base.source, base.location, base.revision) == ("HUB", REPO, COMMIT)
    assert base_models.files_of(base).path == str(snapshot)
    assert base_models.read(base).template == tiny_models.CHATML
    assert register() == base


@pytest.mark.parametrize(
    ("repo", "revision", "code"),
    [
        ("tiny", COMMIT, "bad_hub_id"),
        ("../acme/tiny", COMMIT, "bad_hub_id"),
        (REPO, "main", "bad_revision"),
        (REPO, COMMIT[:7], "bad_revision"),
        (REPO, "b2" * 20, "not_cached"),
        ("acme/other", COMMIT, "not_cached"),
    ],
)
def test_what_is_not_pinned_or_not_here_is_refused(snapshot, repo, revision, code):
    assert code_of(lambda: register(repo, revision)) == code
    assert not BaseModel.objects.exists()


def test_nothing_asks_the_network_unless_the_operator_allows_it(
    snapshot, monkeypatch, settings
):
    asked = []

    def spy(repo, **options):
        asked.append(options["local_files_only"])
        return str(snapshot)

    monkeypatch.setattr("huggingface_hub.snapshot_download", spy)
    base = register()
    settings.HUB_ALLOWED = True
    hub.fetched(REPO, COMMIT)
    base_models.files_of(base)

    assert asked == [True, False, True]


def test_a_model_that_left_the_cache_is_a_clear_refusal(snapshot):
    base = register()
    (snapshot / "model.safetensors").unlink()

    assert code_of(lambda: base_models.files_of(base)) == "base_model_missing"


def test_the_command_takes_a_folder_or_a_hub_but_not_both(snapshot, capsys):
    asked = ("register_base_model", "tiny", "--licence=MIT")
    call_command(*asked, f"--hub={REPO}", f"--revision={COMMIT}", "--json")

    assert json.loads(capsys.readouterr().out)["source"] == "HUB"
    with pytest.raises(CommandError, match="Name a folder"):
        call_command(*asked)
    with pytest.raises(CommandError, match="Name a folder"):
        call_command(*asked[:2], str(snapshot), asked[2], f"--hub={REPO}")
