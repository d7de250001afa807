"""Where a record came from, where it went, and what overturning it would touch."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.urls import reverse

from annotation.models import Guidelines, Record, Verdict
from evaluation.models import Prediction
from evaluation.services import lineage
from tests.evaluation.pages import content
from tests.factories import (
    START,
    DatasetFactory,
    EvaluationFactory,
    ExampleFactory,
    ModelVersionFactory,
    RecordFactory,
    ReviewFactory,
    SanitizationFactory,
    TrainingRunFactory,
    VerdictFactory,
)
from tests.training.built import build
from tests.training.pages import queries_of
from tests.training.worlds import settle_many
from training.models import Dataset, Example, ModelVersion

pytestmark = pytest.mark.django_db

CAST = ("alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory")


@pytest.fixture
def record(project) -> Record:
    """A settled ticket, high by the verdict, decided."""
    record = RecordFactory(
        project=project, external_id="INC-TRACED", state="SETTLED", decided_at=START
    )
    VerdictFactory(record=record, severity="high", reason="two sites are down")
    return record


def page_of(record: Record) -> str:
    return reverse("admin:evaluation_lineage", args=[record.project.slug, record.pk])


def dataset_with(record: Record, split: str = "TRAIN", **values) -> Dataset:
    dataset = DatasetFactory(project=record.project, frozen=True)
    ExampleFactory(dataset=dataset, record=record, split=split, label="high", **values)
    return dataset


def tuned(dataset: Dataset, name: str, **values) -> ModelVersion:
    return ModelVersionFactory(
        run=TrainingRunFactory(dataset=dataset), name=name, **values
    )


def scored(record: Record, dataset: Dataset, answer: str, items: int = 20):
    """A finished evaluation, right on 15 of its tickets, with this answer."""
    evaluation = EvaluationFactory(
        model_version=tuned(
            DatasetFactory(project=record.project, frozen=True), answer
        ),
        dataset=dataset,
        status="DONE",
        finished_at=START,
        report={
            "n_items": items,
            "accuracy": {"value": 15 / items, "ci": [0.5, 0.9], "n": items},
        },
    )
    Prediction.objects.create(
        evaluation=evaluation,
        record=record,
        item_key=record.external_id,
        gold="high",
        severity=answer,
    )
    return evaluation


def test_a_record_that_went_nowhere_touches_nothing(record):
    found = lineage.trace(record=record)

    assert found.verdict.severity == "high"
    assert (found.appearances, found.runs, found.scored) == ((), (), ())
    assert (found.learned, found.measured) == ((), ())


def test_only_frozen_datasets_hold_it(record):
    frozen = dataset_with(record, copies=3)
    ExampleFactory(dataset__project=record.project, record=record)
    dataset_with(RecordFactory(project=record.project))

    (found,) = lineage.trace(record=record).appearances

    assert (found.dataset, found.split, found.copies) == (frozen, "TRAIN", 3)
    assert not found.is_stale


@pytest.mark.parametrize("now", ["low", None])
def test_an_overturned_verdict_makes_the_frozen_label_stale(record, now):
    dataset_with(record)
    Verdict.objects.update(is_current=False)
    if now:
        VerdictFactory(record=record, severity=now)

    found = lineage.trace(record=record)

    assert [one.label for one in found.stale] == ["high"]
    assert len(found.verdicts) == (2 if now else 1)


@pytest.mark.parametrize(
    ("split", "copies", "words"),
    [
        ("TRAIN", 3, "learned from it as 3 rows"),
        ("TRAIN", 1, "learned from it"),
        ("DEV", 1, "was chosen and stopped by its score on it"),
        ("CALIBRATION", 1, "kept it for calibrating; did not learn from it"),
        ("TEST", 1, "never saw it"),
    ],
)
def test_a_run_is_said_to_have_done_what_its_split_means(record, split, copies, words):
    tuned(dataset_with(record, split, copies=copies), "tuned")

    found = lineage.trace(record=record)

    assert [one.use for one in found.runs] == [words]
    assert found.runs[0].models == ("tuned",)
    assert found.learned == (("tuned",) if split == "TRAIN" else ())


def test_what_was_tuned_further_has_learned_from_it_too(record):
    first = tuned(dataset_with(record), "first")
    elsewhere = DatasetFactory(project=record.project, frozen=True)
    tuned(elsewhere, "second", parent=first)
    tuned(elsewhere, "other")

    assert lineage.trace(record=record).learned == ("first", "second")


def test_a_right_answer_can_only_be_lost(record):
    scored(record, dataset_with(record, "TEST"), "high")

    (found,) = lineage.trace(record=record).scored

    assert found.was_right
    assert found.most_changed == pytest.approx(14 / 20)
    assert found.with_label("low") == pytest.approx(14 / 20)
    assert found.with_label("high") == pytest.approx(15 / 20)


def test_a_wrong_answer_is_gained_only_by_the_label_it_gave(record):
    scored(record, dataset_with(record, "TEST"), "low")

    (found,) = lineage.trace(record=record).scored

    assert found.most_changed == pytest.approx(16 / 20)
    assert found.with_label("low") == pytest.approx(16 / 20)
    assert found.with_label("critical") == pytest.approx(15 / 20)


@pytest.mark.parametrize(
    ("now", "expected"), [("high", None), ("low", 16 / 20), ("critical", 15 / 20)]
)
def test_after_the_fact_todays_verdict_gives_the_figure(record, now, expected):
    scored(record, dataset_with(record, "TEST"), "low")
    Verdict.objects.update(severity=now)

    (found,) = lineage.trace(record=record).scored

    assert found.accuracy_now == (expected and pytest.approx(expected))


def test_an_undefined_accuracy_stays_undefined(record):
    evaluation = scored(record, dataset_with(record, "TEST"), "low")
    evaluation.report = {}
    evaluation.save()

    assert lineage.trace(record=record).scored[0].most_changed is None


def test_an_evaluation_under_way_has_scored_nothing_yet(record):
    evaluation = scored(record, dataset_with(record, "TEST"), "low")
    evaluation.status = "RUNNING"
    evaluation.save()

    assert lineage.trace(record=record).scored == ()


def test_figures_of_models_that_learned_from_it_are_listed(record):
    model = tuned(dataset_with(record), "tuned")
    evaluation = EvaluationFactory(
        model_version=model, status="DONE", finished_at=START
    )

    assert lineage.trace(record=record).measured == (evaluation,)


def test_the_build_keeps_what_stood_behind_each_example(project):
    record = settle_many(project, 60)[0]
    SanitizationFactory(record=record, ruleset="2.4", knowledge=3)
    version = Guidelines.objects.create(project=project, version=2, markdown="x")
    named = ReviewFactory(record=record, guidelines=version)
    unnamed = ReviewFactory(record=record)
    ReviewFactory(record=record, status="SKIPPED", severity="")
    verdict = Verdict.objects.get(record=record)
    build(project)
    record.sanitization.ruleset = "9.9"
    record.sanitization.save()

    (found,) = lineage.trace(record=record).appearances

    assert found.verdict == verdict.pk
    assert found.reviews == ((named.pk, 2), (unnamed.pk, None))
    assert found.guidelines == "version 2, none named"
    assert found.sanitizing == "2.4"


@pytest.mark.parametrize(
    ("rulesets", "words"),
    [
        ([], "not kept"),
        (["1.0"], "1.0 (all of the dataset)"),
        (["1.0", "1.1"], "not kept; the dataset holds 1.0, 1.1"),
    ],
)
def test_what_an_older_dataset_did_not_keep_is_not_guessed(record, rulesets, words):
    SanitizationFactory(record=record, ruleset="9.9")
    ReviewFactory(record=record)
    dataset = DatasetFactory(
        project=record.project,
        frozen=True,
        manifest={"splits": {}, "sanitizing": {"rulesets": rulesets}},
    )
    ExampleFactory(dataset=dataset, record=record)

    (found,) = lineage.trace(record=record).appearances

    assert (found.verdict, found.reviews, found.ruleset) == (None, None, None)
    assert (found.guidelines, found.sanitizing) == ("not kept", words)


@pytest.mark.parametrize("who", CAST)
def test_every_member_of_the_cast_meets_their_own_limits(
    request, browser_of, record, who
):
    browser = browser_of(request.getfixturevalue(who))

    code = browser.get(page_of(record)).status_code

    assert code == {"alice": 200, "erin": 200, "grace": 200, "mallory": 404}.get(
        who, 403
    )


def test_a_stranger_is_sent_to_sign_in(client, record):
    assert client.get(page_of(record)).url.startswith(reverse("admin:login"))


def test_a_record_of_another_project_is_not_found(alice, record, browser_of):
    foreign = RecordFactory()
    address = reverse("admin:evaluation_lineage", args=["noc", foreign.pk])

    assert browser_of(alice).get(address).status_code == 404


def test_the_page_tells_the_whole_way(record, erin, browser_of):
    train, test = dataset_with(record, copies=2), dataset_with(record, "TEST")
    tuned(train, "tuned-one")
    scored(record, test, "low")

    shown = content(browser_of(erin).get(page_of(record)))

    for words in (
        "two sites are down", str(train), str(test), "learned from it as 2 rows",
        "tuned-one", "75.0%", "80.0%", "wrong: only low gives 1 of 20", "not kept",
    ):  # fmt: skip
        assert words in shown


def test_the_page_of_an_unused_record_says_so(record, erin, browser_of):
    assert "Nothing is frozen in this project yet" in content(
        browser_of(erin).get(page_of(record))
    )


def test_the_page_names_datasets_with_an_overturned_label(record, erin, browser_of):
    dataset = dataset_with(record)
    Verdict.objects.update(is_current=False)
    VerdictFactory(record=record, severity="low")

    shown = content(browser_of(erin).get(page_of(record)))

    assert "The verdict says low now." in shown
    assert f"{dataset} holds it as high" in shown


def test_nobody_reads_others_answers_before_it_is_decided(
    record, alice, erin, browser_of
):
    other = ReviewFactory(record=record, reviewer__name="other", severity="critical")
    address = page_of(record)
    assert list(browser_of(alice).get(address).context["answers"]) == [other]
    Record.objects.update(decided_at=None)

    lead, engineer = browser_of(alice).get(address), browser_of(erin).get(address)

    assert list(lead.context["answers"]) == []
    assert "shown once the ticket is decided" in content(lead)
    assert list(engineer.context["answers"]) == []


def test_names_of_reviewers_are_not_shown(record, erin, browser_of):
    ReviewFactory(record=record, reviewer__name="Zebulon")

    assert "Zebulon" not in content(browser_of(erin).get(page_of(record)))


def test_sections_follow_their_rights(record, grace, browser_of):
    ReviewFactory(record=record)
    tuned(dataset_with(record), "tuned-one")
    scored(record, dataset_with(record, "TEST"), "low")
    hidden = ("view_review", "view_trainingrun", "view_evaluation")
    reader = Group.objects.get(name="Reader")
    reader.permissions.remove(*Permission.objects.filter(codename__in=hidden))
    cache.clear()

    shown = content(browser_of(grace).get(page_of(record)))

    for words in ("tuned-one", "Answers", "75.0%", "Runs and models"):
        assert words not in shown.partition("Verdicts")[2].replace("Answers Reason", "")


def test_the_page_costs_the_same_for_one_run_and_for_twenty(record, erin, browser_of):
    browser, taken = browser_of(erin), []
    for count in (1, 19):
        for number in range(count):
            tuned(dataset_with(record), f"m-{count}-{number}")
            scored(record, dataset_with(record, "TEST"), f"level-{count}-{number}")
            ReviewFactory(record=record)
            Verdict.objects.update(is_current=False)
            VerdictFactory(record=record)
        taken.append(queries_of(browser, page_of(record)))

    assert taken[0] == taken[1] <= 25


def test_the_record_leads_there_for_those_who_may(record, erin, carol, browser_of):
    address = f"/admin/annotation/record/{record.pk}/change/"

    assert page_of(record) in browser_of(erin).get(address).content.decode()
    assert page_of(record) not in browser_of(carol).get(address).content.decode()


def test_a_decision_leads_there_for_those_who_may(
    record, alice, dana, browser_of, reviewer_of
):
    Verdict.objects.update(
        method="ADJUDICATED", adjudicated_by=reviewer_of(dana), grade="PRINCIPAL"
    )
    address = f"/admin/annotation/verdict/adjudicate/noc/{record.pk}/decided/"

    assert page_of(record) in browser_of(alice).get(address).content.decode()
    senior = browser_of(dana).get(address)
    assert senior.status_code == 200
    assert page_of(record) not in senior.content.decode()


def test_an_example_of_a_build_names_its_verdict_only_while_it_stands(project):
    settle_many(project, 60)
    dataset = build(project)

    kept = {one.snapshot["verdict"] for one in dataset.examples.all()}

    assert kept == set(Verdict.objects.values_list("pk", flat=True))
    assert Example.objects.count() == len(kept)


def test_a_run_learned_all_rows_of_a_record(record):
    dataset = dataset_with(record, copies=2)
    for task in ("triage", "root_cause"):
        ExampleFactory(
            dataset=dataset, record=record, task_type=task, label="high", copies=2
        )
    tuned(dataset, "tuned")

    (run,) = lineage.trace(record=record).runs

    assert run.rows == 6
    assert run.use.endswith("as 6 rows")


def test_an_overturned_root_cause_is_stale_where_it_is_told(record):
    record.verdicts.update(root_cause="fibre")
    for task in ("severity", "root_cause", "triage"):
        dataset_with(record, task_type=task, snapshot={"root_cause": "power"})

    stale = {one.task: one.is_stale for one in lineage.trace(record=record).appearances}

    assert stale == {"Severity": False, "Root cause": True, "Triage answer": True}
