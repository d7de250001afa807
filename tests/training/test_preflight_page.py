"""The page that shows a run before it starts."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.domain.queue import FLAGGED
from annotation.models import KnownSecret, Record
from annotation.services.vault import keyring_of
from tests.factories import ExampleFactory, RecordFactory
from tests.training import tiny_models
from tests.training.frozen import frozen_dataset
from tests.training.pages import queries_of, text_of
from training.models import TrainingRun
from training.services import registering

pytestmark = pytest.mark.django_db

LONG = "The uplink of the core router flaps,\tseen <b>twice</b>.\n" * 60
ALARM = "Router down \U0001f525 now"


def address(dataset, name="preflight", **more) -> str:
    given = {"dataset": dataset.pk, "base_model": "all-minilm-l6-v2", "seed": 0}
    place = reverse(f"admin:training_trainingrun_{name}", args=["noc"])
    return f"{place}?{urlencode({**given, **more})}"


@pytest.fixture
def odd(project):
    extra = {"TRAIN": [{}, {"text": LONG}, {"text": ALARM}]}
    return frozen_dataset(project, extra=extra)


def test_a_sound_run_is_started_from_its_page(dataset, erin, browser_of):
    browser = browser_of(erin)

    page = browser.get(address(dataset, **{"set-epochs": "2"}))
    given = dict(page.context["given"])
    answer = browser.post(
        reverse("admin:training_trainingrun_launch", args=["noc"]), given
    )

    assert "The run may start. No check forbids it." in text_of(page)
    assert "Start training" in text_of(page)
    run = TrainingRun.objects.get()
    assert answer.url == reverse("admin:training_trainingrun_page", args=[run.pk])
    assert run.hyperparameters["epochs"] == 2


def test_a_run_that_shall_write_is_looked_at_by_its_template(
    dataset, erin, browser_of, tmp_path
):
    tiny_models.chat_model(tmp_path / "m", "qwen2")
    base = registering.register_local(name="q", folder=tmp_path / "m", licence="MIT")
    registering.approve_licence(base=base, by=erin, note="Ours.", now=timezone.now())
    browser = browser_of(erin)

    page = browser.get(address(dataset, base_model="q", objective="SFT"))
    answer = browser.post(
        reverse("admin:training_trainingrun_launch", args=["noc"]),
        dict(page.context["given"]),
    )

    assert "The run may start." in text_of(page)
    assert '<span class="token trained">Severity' in page.content.decode()
    assert "the answers with the end of their turns" in text_of(page)
    assert answer.status_code == 302
    assert TrainingRun.objects.get().objective == "SFT"


def test_a_failed_check_leaves_no_button_and_stops_the_launch(
    dataset, erin, browser_of
):
    record = RecordFactory(project=dataset.project)
    ExampleFactory(dataset=dataset, record=record, split="TRAIN")
    Record.objects.filter(pk=record.pk).update(state="EXCLUDED", queued_because=FLAGGED)
    browser = browser_of(erin)

    page = browser.get(address(dataset))
    launch = reverse("admin:training_trainingrun_launch", args=["noc"])
    answer = browser.post(launch, dict(page.context["given"]))

    assert "The run may not start." in text_of(page)
    assert "Start training" not in text_of(page)
    assert answer.status_code == 422
    assert "waits in the sanitizing review" in text_of(answer)
    assert answer.context["look"] in answer.content.decode().replace("&amp;", "&")
    assert not TrainingRun.objects.exists()


def test_the_form_leads_to_the_look_without_starting(dataset, erin, browser_of):
    launch = reverse("admin:training_trainingrun_launch", args=["noc"])
    given = {"dataset": dataset.pk, "base_model": "majority", "seed": "0"}

    answer = browser_of(erin).post(
        launch, {**given, "look": "on", "csrfmiddlewaretoken": "x"}
    )

    assert answer.status_code == 302
    assert answer.url.startswith("/admin/training/trainingrun/preflight/noc/?")
    assert "csrf" not in answer.url
    assert not TrainingRun.objects.exists()


def test_tokens_are_shown_as_what_they_are(odd, erin, browser_of):
    page = browser_of(erin).get(address(odd, **{"set-max_length": "64"}))

    rows = {row.id: row for row in page.context["rows"]}
    assert page.context["rows"][0].id == "TRAIN-1"
    assert rows["TRAIN-1"].is_long
    (one,) = rows["TRAIN-1"].sequences
    assert one.cut == one.count - 64
    assert one.left_out == one.count - 380
    html = page.content.decode()
    assert '<span class="token cut">' in html
    assert "<b>twice" not in html
    assert "1 row over 64 tokens" in text_of(page)
    assert "<i>\u21e5</i>seen" in html


def test_a_word_that_the_model_does_not_know_is_marked(project, erin, browser_of):
    dataset = frozen_dataset(project, TRAIN=3, extra={"TRAIN": [{"text": ALARM}]})

    page = browser_of(erin).get(address(dataset))

    html = page.content.decode()
    assert '<span class="token unknown"><i>\u2423</i>\U0001f525</span>' in html


def test_a_known_secret_in_a_row_keeps_every_row_from_the_page(
    project, erin, browser_of
):
    secret = "brontal2041kvan"
    odd = [{"text": f"we saw {secret} on the label of the rack"}]
    dataset = frozen_dataset(project, TRAIN=5, extra={"TRAIN": odd})
    token = keyring_of(project.key_id).token("cred", secret)
    KnownSecret.objects.create(project=project, token=token)

    page = browser_of(erin).get(address(dataset))

    assert page.context["rows"] == []
    assert "No row is shown." in text_of(page)
    assert secret not in page.content.decode()


@pytest.mark.parametrize(
    ("who", "code"),
    [("alice", 200), ("erin", 200), ("grace", 403), ("bob", 403), ("mallory", 404)],
)
def test_who_may_look(dataset, request, browser_of, who, code):
    browser = browser_of(request.getfixturevalue(who))

    assert browser.get(address(dataset)).status_code == code
    assert browser.get(address(dataset, "looked")).status_code == code


def test_what_is_no_choice_leads_back_to_the_form(dataset, erin, browser_of):
    answer = browser_of(erin).get(address(dataset, base_model="gpt-9"))

    assert answer.url == reverse("admin:training_trainingrun_launch", args=["noc"])


def test_a_long_dataset_is_looked_at_in_stretches(project, erin, browser_of, settings):
    dataset = frozen_dataset(project, TRAIN=1000)
    browser = browser_of(erin)

    told = browser.get(address(dataset, "looked")).json()

    assert told["total"] == 2 * 1012
    assert told["over"] == (told["done"] == told["total"])


def test_a_look_takes_as_many_queries_whatever_the_dataset_holds(
    project, erin, browser_of
):
    small = frozen_dataset(project, name="small", TRAIN=9)
    large = frozen_dataset(project, name="large", TRAIN=600)
    browser = browser_of(erin)

    few, many = (queries_of(browser, address(one)) for one in (small, large))

    assert few == many <= 30
