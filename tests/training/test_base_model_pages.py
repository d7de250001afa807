"""The registry in the admin and over HTTP: who sees, registers and approves."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.annotation.desk_seats import CAST, caller
from tests.factories import BaseModelFactory
from tests.training import tiny_models
from training.models import BaseModel
from training.services import registering

pytestmark = pytest.mark.django_db
TABLE = "/admin/training/basemodel/"
ROUTE = "/api/v1/projects/noc/base-models/"
NOTE = "Commercial use is allowed."
SEES = {"alice", "erin", "frank"}


@pytest.fixture
def folder(settings, tmp_path):
    """A folder on offer, with a licence in it."""
    settings.MODELS_DIR = tmp_path
    found = tiny_models.causal(tmp_path / "tiny-qwen", "qwen2")
    (found / "LICENSE").write_text("Do as you like <b>within reason</b>.")
    return found


def form(**more):
    return {"folder": "tiny-qwen", "name": "qwen", "licence": "Apache-2.0", **more}


@pytest.mark.parametrize("name", CAST)
def test_who_sees_registers_and_approves(request, project, folder, browser_of, name):
    user = request.getfixturevalue(name)
    base = registering.register_offered(**form(name="there"))
    browser, call = browser_of(user), caller(user)
    sees = user.has_perm("training.view_basemodel")
    may, decides = (
        user.has_perm("training.add_basemodel"),
        user.has_perm("training.approve_licence"),
    )

    page = browser.get(f"{TABLE}{base.pk}/change/").status_code
    added = browser.post(f"{TABLE}add/", form()).status_code
    approved = browser.post(f"{TABLE}{base.pk}/approve/", {"note": NOTE}).status_code
    listed = call("GET", "api-base-models").status_code

    assert page == (200 if sees else 403) or name == "mallory"
    assert BaseModel.objects.filter(name="qwen").exists() == may == (added == 302)
    base.refresh_from_db()
    assert base.is_approved == decides
    assert (approved == 302) == decides
    assert listed == (404 if name == "mallory" else 200 if sees else 403)


def test_a_lead_registers_reads_the_licence_and_approves(alice, folder, browser_of):
    browser = browser_of(alice)
    browser.post(f"{TABLE}add/", form())
    base = BaseModel.objects.get(name="qwen")

    before = browser.get(f"{TABLE}{base.pk}/change/").content.decode()
    browser.post(f"{TABLE}{base.pk}/approve/", {"note": NOTE})
    after = browser.get(f"{TABLE}{base.pk}/change/").content.decode()

    assert "Do as you like &lt;b&gt;within reason" in before
    assert "&lt;|im_start|&gt;" in before or "im_start" in before
    assert "waits for approval" in before
    assert NOTE in after
    assert "I have read it" not in after


def test_refusals_stand_in_the_form_and_a_missing_folder_on_the_page(
    alice, folder, browser_of
):
    browser = browser_of(alice)
    for name in ("model.safetensors",):
        (folder / name).rename(folder / "pytorch_model.bin")

    refused = browser.post(f"{TABLE}add/", form())
    base = BaseModelFactory(source="LOCAL", location=str(folder))
    shown = browser.get(f"{TABLE}{base.pk}/change/").content.decode()

    assert refused.status_code == 422
    assert "runs code when it is read" in refused.content.decode()
    assert "It cannot be used now." in shown


def test_without_folders_the_page_says_where_they_belong(
    alice, settings, tmp_path, browser_of
):
    settings.MODELS_DIR = tmp_path / "none"

    page = browser_of(alice).get(f"{TABLE}add/").content.decode()

    assert "No folder on offer" in page
    assert str(tmp_path / "none") in page


@pytest.mark.parametrize("name", ["../tiny-qwen", "other", "/etc", ".."])
def test_only_folders_on_offer_can_be_named(alice, folder, name):
    call = caller(alice)

    answer = call("POST", "api-base-models", form(folder=name))

    assert (answer.status_code, answer.json()["error"]["code"]) == (
        400,
        "folder_unknown",
    )


def test_weights_too_large_for_a_request_are_for_the_command(
    alice, folder, monkeypatch
):
    monkeypatch.setattr(registering, "AT_ONCE", 1000)

    answer = caller(alice)("POST", "api-base-models", form())

    assert answer.json()["error"]["code"] == "too_large"
    assert "register_base_model" in answer.json()["error"]["message"]


def test_the_api_registers_approves_and_lists(project, alice, folder):
    call = caller(alice)

    made = call("POST", "api-base-models", form())
    again = call("POST", "api-base-models", form())
    approved = call("POST", "api-base-model-licence", {"note": NOTE}, name="qwen")
    listed = {row["name"]: row for row in call("GET", "api-base-models").json()}

    assert (made.status_code, again.status_code) == (201, 201)
    assert made.json()["approved"] is False
    assert approved.json()["licence_approved_by"] == "alice"
    assert listed["qwen"]["approved"] is True
    assert listed["all-minilm-l6-v2"]["approved"] is True
    assert BaseModel.objects.filter(name="qwen").count() == 1


@pytest.mark.parametrize("rows", [1, 20])
def test_the_table_costs_few_queries(
    alice, browser_of, django_assert_max_num_queries, rows
):
    BaseModelFactory.create_batch(rows, licence_approved_at=timezone.now())
    browser = browser_of(alice)
    browser.get(TABLE)

    with django_assert_max_num_queries(12):
        browser.get(TABLE)
