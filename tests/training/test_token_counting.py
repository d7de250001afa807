"""Tokens of a dataset: what is counted, in stretches, kept, and where it is shown."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from django.core.management import call_command
from django.urls import reverse

from netft_site.base.refusals import Refused
from tests.factories import BaseModelFactory, DatasetFactory
from tests.training.built import build, read
from tests.training.frozen import frozen_dataset
from tests.training.pages import text_of
from tests.training.worlds import settle_many
from training.domain.findings import Weight
from training.domain.text_checks import estimated_tokens
from training.domain.token_counts import Lengths, findings, report
from training.models import BaseModel
from training.services import base_models, tokenizing
from training.services.datasets import folders, token_counting

ROUTE = "/api/v1/projects/noc/datasets/triage/tokens/"


def lengths(texts, answers, rows, instruction=10):
    texts = np.array(texts)
    return Lengths(texts, np.array(answers), np.array(rows), texts + instruction)


def test_an_epoch_is_paid_for_whole_and_teaches_by_its_answers():
    found = report(lengths([5, 7, 90], [2, 3, 4], [1, 3, 0]))

    assert found.read == 5 + 3 * 7
    assert found.paid == (5 + 10 + 2) + 3 * (7 + 10 + 3)
    assert found.taught == 2 + 3 * 3
    assert found.texts == {"0.5": 7, "0.9": 90, "0.95": 90, "0.99": 90, "1": 90}
    assert found.prompts["0.5"] == 17
    assert (found.over, found.nearly) == (None, None)


@pytest.mark.parametrize(("whole", "over", "nearly"), [(False, 1, 2), (True, 2, 2)])
def test_a_classifier_reads_the_text_and_a_language_model_the_exchange(
    whole, over, nearly
):
    found = report(
        lengths([90, 91, 100, 101], [5] * 4, [1] * 4, 0), limit=100, whole=whole
    )

    assert (found.over, found.nearly) == (over, nearly)
    said = findings(found, limit=100, whole=whole, model="m")
    assert said[0].severity is (Weight.ERROR if whole else Weight.WARNING)
    assert said[0].message.startswith(f"{over} example")


def test_nothing_is_counted_of_nothing():
    found = report(lengths([], [], []), limit=10)

    assert (found.texts, found.paid, found.over) == ({}, 0, 0)


@pytest.mark.parametrize(("characters", "tokens"), [(0, 0), (1, 1), (4, 1), (5, 2)])
def test_four_characters_are_estimated_as_a_token(characters, tokens):
    assert estimated_tokens(characters) == tokens


@pytest.fixture
def encoder(db) -> BaseModel:
    return base_models.resolve_base_model(base_models.EMBEDDED)


@pytest.fixture
def dataset(project):
    settle_many(project, 60)
    return build(project, upsampling={"weights": {"SENIOR": 2, "PRINCIPAL": 3}})


def test_the_tokenizer_of_the_model_counts(dataset, encoder):
    found = token_counting.count(dataset=dataset, base=encoder)

    limit = tokenizing.token_limit(base=encoder)
    rows = read(dataset, "TRAIN")
    assert found.report.read == sum(limit.count(row["text"]) for row in rows)
    assert found.report.taught == sum(
        limit.count(f"Severity: {row['label']}") - 2 for row in rows
    )
    assert found.examples == found.counted == 60
    assert (found.limit, found.whole) == (encoder.context_length, False)
    texts = [r["text"] for s in ("TRAIN", "DEV", "TEST") for r in read(dataset, s)]
    assert found.report.texts["1"] >= max(map(limit.count, texts))


def test_a_language_model_reads_prompt_and_answer(dataset, encoder):
    chat = BaseModelFactory(
        architecture="CAUSAL",
        source="LOCAL",
        location=str(base_models.embedded_folder()),
        context_length=120,
    )

    read_whole = token_counting.count(dataset=dataset, base=chat)
    read_text = token_counting.count(dataset=dataset, base=encoder)

    assert (read_whole.whole, read_text.whole) == (True, False)
    assert read_whole.report.texts == read_text.report.texts
    assert read_whole.report.texts["1"] < encoder.context_length
    assert read_whole.report.over == 60
    assert [f.rule for f in read_whole.findings()] == ["length_over_limit"]


def test_without_a_model_tokens_are_estimated(dataset):
    found = token_counting.count(dataset=dataset, base=None)

    characters = dataset.manifest["quality"]["texts"]["characters"]
    assert found.report.texts == {k: estimated_tokens(n) for k, n in characters.items()}
    assert found.findings() == []
    assert found.as_dict()["method"] == "four characters a token"


def test_counting_goes_on_where_it_stopped(dataset, encoder, monkeypatch):
    monkeypatch.setattr(token_counting, "_CHUNK", 7)
    whole = token_counting.count(dataset=dataset, base=None)
    stretches = []
    while not stretches or not stretches[-1].is_complete:
        stretches.append(token_counting.count(dataset=dataset, base=encoder, seconds=0))
    at_once = token_counting.count(dataset=dataset, base=encoder)

    assert len(stretches) > 5
    assert stretches[-1].report == at_once.report
    assert at_once.counted == whole.counted


def test_what_was_counted_is_kept_by_the_hashes(dataset, encoder, monkeypatch):
    first = token_counting.count(dataset=dataset, base=encoder)
    monkeypatch.setattr(token_counting, "load", None)

    assert token_counting.count(dataset=dataset, base=encoder) == first
    (kept,) = folders.quality_folder(dataset).iterdir()
    assert kept.name.startswith("lengths-")
    assert dataset.sha256 in str(kept)


def test_a_base_without_a_tokenizer_and_an_unfrozen_dataset_are_refused(
    project, dataset, encoder
):
    with pytest.raises(Refused) as of_base:
        token_counting.count(
            dataset=dataset, base=BaseModel.objects.get(name="majority")
        )
    with pytest.raises(Refused) as of_dataset:
        token_counting.count(dataset=DatasetFactory(project=project), base=None)

    assert of_base.value.code == "no_tokenizer"
    assert of_dataset.value.code == "not_frozen"


def test_the_page_counts_by_the_model_that_is_chosen(
    dataset, encoder, erin, browser_of
):
    page = reverse("admin:training_dataset_quality", args=[dataset.pk])
    browser = browser_of(erin)

    usual = text_of(browser.get(page))
    estimated = text_of(browser.get(f"{page}?base="))

    assert "Counted by the tokenizer of all-minilm-l6-v2" in usual
    assert "you pay for" in usual
    assert "An estimate of four characters a token" in estimated


def test_texts_that_the_model_would_cut_are_said(project, encoder, erin, browser_of):
    dataset = frozen_dataset(project, extra={"TRAIN": [{"text": "router " * 400}]})
    page = reverse("admin:training_dataset_quality", args=[dataset.pk])

    text = text_of(browser_of(erin).get(page))

    assert "1 example is longer than the 256 tokens" in text


def test_a_large_dataset_is_counted_while_the_page_is_open(
    dataset, erin, browser_of, monkeypatch
):
    monkeypatch.setattr(token_counting, "_CHUNK", 7)
    monkeypatch.setattr(token_counting, "AT_ONCE", 0)
    browser = browser_of(erin)
    page = reverse("admin:training_dataset_quality", args=[dataset.pk])

    assert "The figures are of the examples counted so far" in browser.get(page).text
    watch = reverse("admin:training_dataset_tokens", args=[dataset.pk])
    states = [browser.get(watch).json() for _ in range(40)]

    assert states[0]["total"] == 60
    assert not states[0]["over"]
    assert states[-1]["over"]
    assert "counted so far" not in browser.get(page).text


def test_the_api_and_the_command_say_the_same(dataset, encoder, frank, browser_of):
    out = io.StringIO()
    call_command(
        "count_tokens", "triage", "--base-model", encoder.name, "--json", stdout=out
    )

    said = json.loads(out.getvalue())
    got = browser_of(frank).get(f"{ROUTE}?base_model={encoder.name}").json()
    assert {**got, "dataset": "noc/triage@1"} == said
    assert got["counted"] == got["examples"] == 60
    out = io.StringIO()
    call_command("count_tokens", "triage", stdout=out)
    assert "tokens to pay for" in out.getvalue()


def test_the_api_keeps_to_the_project(dataset, mallory, bob, browser_of):
    assert browser_of(mallory).get(ROUTE).status_code == 404
    assert browser_of(bob).get(ROUTE).status_code == 403


def test_each_task_is_counted_with_its_own_instruction(project):
    """Whichever stands first: nothing of one task's words counts for another's."""
    causes = [{"task": "root_cause", "root_cause": "optics"}]
    tasks = ("severity", "root_cause")

    found = [
        token_counting.count(
            dataset=frozen_dataset(
                project, name=name, tasks=tasks, extra={"TRAIN": extra}
            ),
            base=None,
        ).report
        for name, extra in (("first", causes), ("last", [{}] * 23 + causes))
    ]

    alone = token_counting.count(dataset=frozen_dataset(project), base=None).report
    assert [one.texts["0.5"] for one in found] == [alone.texts["0.5"]] * 2
    assert [one.prompts["0.5"] for one in found] == [alone.prompts["0.5"]] * 2
    assert found[0].read == alone.read
