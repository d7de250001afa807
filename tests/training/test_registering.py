"""Registering the model in a folder, and approving its licence before its first use."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.utils import timezone

from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from tests.training import tiny_models
from training.models import BaseModel, ModelVersion
from training.services import base_models, registering, runs, tokenizing

pytestmark = pytest.mark.django_db
CAUSAL = ("qwen2", "llama", "mistral")
NOTE = "Commercial use and changes are allowed, with notice."


def register(folder, name="ours", **more) -> BaseModel:
    return registering.register_local(
        name=name, folder=folder, **{"licence": "Apache-2.0", **more}
    )


def approve(base, user) -> BaseModel:
    return registering.approve_licence(
        base=base, by=user, note=NOTE, now=timezone.now()
    )


def code_of(call) -> str:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code


@pytest.mark.parametrize("family", ["qwen2", "llama", "mistral"])
def test_a_causal_model_is_registered_with_its_template(tmp_path, family):
    folder = tiny_models.causal(tmp_path / "m", family)

    base = register(folder)

    assert (base.architecture, base.source) == ("CAUSAL", "LOCAL")
    assert base.weights_sha256 == sha256_of(folder / "model.safetensors")
    assert base.context_length == 256
    assert len(base.template_sha256) == 64
    assert base_models.read(base).template == tiny_models.CHATML
    assert tokenizing.token_limit(base=base).count("core router down") > 0


def test_shards_are_pinned_as_one_and_proved_by_the_child(tmp_path):
    from training.ml.base_model import verify_base_model
    from training.ml.outcomes import BadInput

    folder = tiny_models.encoder(tmp_path / "m", "bert", shards=True)
    shards = sorted(folder.glob("model-*.safetensors"))
    base = register(folder)

    files = base_models.files_of(base)
    assert len(shards) > 1
    assert verify_base_model(files) == folder

    shards[0].write_bytes(shards[0].read_bytes()[:-1] + b"\x01")
    with pytest.raises(BadInput) as refusal:
        verify_base_model(files)
    assert refusal.value.code == "weights_changed"


def test_the_same_folder_again_changes_nothing_and_another_is_refused(tmp_path):
    folder = tiny_models.encoder(tmp_path / "m", "bert")
    other = tiny_models.encoder(tmp_path / "o", "roberta")
    first = register(folder)

    assert register(folder) == first
    assert code_of(lambda: register(other)) == "name_taken"
    assert code_of(lambda: register(folder, licence="MIT")) == "name_taken"
    assert code_of(lambda: register(other, name="not a name")) == "bad_name"
    assert code_of(lambda: register(other, name="o", licence=" ")) == "no_licence"
    assert BaseModel.objects.get() == first


def test_a_folder_that_is_none_or_lacks_its_tokenizer_is_refused(tmp_path):
    folder = tiny_models.encoder(tmp_path / "m", "bert")
    (folder / "tokenizer.json").unlink()

    assert code_of(lambda: register(folder)) == "no_tokenizer"
    assert code_of(lambda: register(tmp_path / "none")) == "config_invalid"
    (folder / "config.json").write_text("[]")
    assert code_of(lambda: register(folder)) == "config_invalid"


def test_a_changed_template_is_seen(tmp_path):
    folder = tiny_models.causal(tmp_path / "m", "qwen2")
    base = register(folder)
    assert base_models.read(base).template_holds

    (folder / "chat_template.jinja").write_text("{{ messages }}")

    assert not base_models.read(base).template_holds


def test_no_run_starts_before_a_person_has_approved_the_licence(
    tmp_path, dataset, alice
):
    base = register(tiny_models.encoder(tmp_path / "m", "bert"))

    assert code_of(
        lambda: runs.queue(dataset=dataset, base_model=base)
    ) == "licence_unapproved"  # fmt: skip
    approved = approve(base, alice)

    assert runs.queue(dataset=dataset, base_model=approved).base_model == base
    assert approved.licence_approved_by == "alice"
    assert approved.licence_note == NOTE
    assert code_of(lambda: approve(base, alice)) == "approved"


def test_an_approval_says_what_is_permitted(tmp_path, alice):
    base = register(tiny_models.encoder(tmp_path / "m", "bert"))

    assert code_of(
        lambda: registering.approve_licence(
            base=base, by=alice, note=" ", now=timezone.now()
        )
    ) == "no_note"  # fmt: skip
    base.refresh_from_db()
    assert not base.is_approved


def test_what_comes_with_the_program_needs_no_approval():
    assert all(base.is_approved for base in base_models.register_embedded())


@pytest.mark.parametrize("family", ["distilbert", "xlm-roberta", "qwen2", "mistral"])
def test_a_run_on_a_folder_of_ones_own_leaves_a_model(
    tmp_path, dataset, alice, capsys, family
):
    make = tiny_models.causal if family in CAUSAL else tiny_models.encoder
    folder = make(tmp_path / "m", family, shards=True)
    call_command("register_base_model", "ours", str(folder), "--licence=MIT", "--json")
    told = json.loads(capsys.readouterr().out)
    call_command("approve_licence", "ours", "--by=alice", f"--note={NOTE}", "--json")
    approved = json.loads(capsys.readouterr().out)

    call_command(
        "train", "--dataset=triage", "--base-model=ours", "--set=epochs=1",
        "--wait", "--json",
    )  # fmt: skip
    run = json.loads(capsys.readouterr().out)

    assert (told["approved"], approved["approved"]) == (False, True)
    assert run["state"] == "SUCCEEDED"
    assert ModelVersion.objects.get().base_model.name == "ours"


def test_people_are_told_what_waits(tmp_path, capsys):
    folder = tiny_models.encoder(tmp_path / "m", "bert")

    call_command("register_base_model", "ours", str(folder), "--licence=MIT")

    assert "waits for approval" in capsys.readouterr().out
