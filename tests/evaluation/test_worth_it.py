"""Should we fine-tune? The page, its forms and the API, as people meet them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import Guidelines
from evaluation.services import worth_facts
from evaluation.services.advising import advise
from tests.evaluation.pages import content
from tests.factories import (
    DatasetFactory,
    EvaluationFactory,
    ExampleFactory,
    ModelVersionFactory,
    RecordFactory,
)
from tests.training.pages import queries_of
from tests.training.priced import (
    DAY,
    TODAY,
    TUNED,
    fill_book,
    price,
    save,
    share,
    worked_example,
)
from training.domain.ranges import Range
from training.domain.worth_it import Answer
from training.models import Dataset, ProjectEconomics, Scenario

pytestmark = pytest.mark.django_db

CHOOSE = "/admin/evaluation/evaluation/worth-it/"
PAGE = f"{CHOOSE}noc/"
ADD = f"{PAGE}scenarios/add/"
API = "/api/v1/projects/noc/worth-it/"
SHARED = {
    "currency": "usd",
    "requests": "40,000 / 50,000 / 60,000",
    "horizon_months": 12,
    "draws": 50,
    "seed": 7,
}
FORM = {
    "name": "small",
    "kind": "TODAY",
    "answers_by": '["acme", "small"]',
    "prompt_tokens": "1,800",
    "cached_tokens": "1000 / 1200 / 1500",
    "answer_tokens": "250",
    "billing": "NONE",
}


def thresholds(**changed: object) -> dict[str, object]:
    usual = {
        "requests_for": 10000,
        "repeated_share": "0.5",
        "target_accuracy": "0.9",
        "break_even_for": 3,
        "requests_against": 1000,
        "examples": 500,
        "break_even_against": 6,
        "guideline_versions": 2,
        "agreement": "0.667",
        "reasons_needed": 2,
    }
    return usual | changed


CAST = [
    ("alice", 200, 302, 302),
    ("bob", 403, 403, 403),
    ("carol", 403, 403, 403),
    ("dana", 403, 403, 403),
    ("erin", 200, 302, 403),
    ("frank", 403, 403, 403),
    ("grace", 200, 403, 403),
    ("mallory", 404, 404, 404),
]


@pytest.mark.parametrize(("who", "look", "edit", "set_rules"), CAST)
def test_who_may_look_edit_and_set_thresholds(
    request, project, browser_of, who, look, edit, set_rules
):
    worked_example(project)
    browser = browser_of(request.getfixturevalue(who))
    row = Scenario.objects.get(name="tuned")

    assert browser.get(PAGE).status_code == look
    assert browser.get(API).status_code == look
    assert browser.post(f"{PAGE}shared/", SHARED).status_code == edit
    assert browser.post(ADD, FORM | {"kind": "RETRIEVAL", "name": "x"}).status_code == (
        edit
    )
    answer = browser.post(f"{PAGE}thresholds/", thresholds())
    assert answer.status_code == set_rules
    removed = browser.post(f"{PAGE}scenarios/{row.pk}/remove/")
    assert removed.status_code == edit
    assert Scenario.objects.filter(name="tuned").exists() == (edit != 302)


def test_a_stranger_is_sent_to_sign_in(client, project):
    assert client.get(PAGE).url.startswith(reverse("admin:login"))
    assert client.get(API).status_code in (401, 403)


def test_the_only_project_opens_at_once(project, grace, browser_of):
    assert browser_of(grace).get(CHOOSE).url == PAGE


def test_an_empty_project_says_what_to_write_down(project, alice, grace, browser_of):
    lead, reader = (content(browser_of(who).get(PAGE)) for who in (alice, grace))

    assert "Not known yet" in lead
    assert "Write down the currency and the requests a month" in lead
    assert "No dataset is frozen yet" in lead
    assert "Add a scenario" not in reader


def test_the_worked_example_stands_on_the_page(project, grace, browser_of):
    worked_example(project)

    shown = content(browser_of(grace).get(PAGE))

    for figure in ("21.00", "19.50", "14.40", "1.50", "9.6 months"):
        assert figure in shown
    assert "83.3%" in shown
    assert "late or never Against" in shown


def test_what_never_pays_says_never(project, grace, browser_of):
    worked_example(project)
    row = Scenario.objects.get(name="small")
    row.inputs |= {"cached_tokens": "1500"}
    row.save()

    shown = content(browser_of(grace).get(PAGE))

    assert "Break-even" in shown
    assert "never in 100% of the draws" in shown
    assert "-4.13" in shown


def test_every_alternative_is_named_with_its_cost_where_it_is_known(
    project, grace, browser_of
):
    worked_example(project)
    save(project, "shorter", TODAY | {"kind": "BETTER_PROMPT", "cached_tokens": "1500"})

    shown = content(browser_of(grace).get(PAGE))

    assert "shorter: 15.38 USD a month" in shown
    for words in ("A better prompt", "Retrieval", "A smaller model"):
        assert words in shown


def test_a_scenario_without_prices_is_left_out_and_says_what_it_lacks(
    project, grace, browser_of
):
    share(project)
    price(project)
    price(project, unit="OUTPUT", currency="EUR")
    save(project, "small", TODAY)

    shown = content(browser_of(grace).get(PAGE))

    assert "small lacks prices" in shown
    assert "1M tokens of answer (there is one in EUR)" in shown
    assert "Nothing is worked out yet" in shown


def test_a_stale_price_is_flagged_where_it_is_used(project, grace, browser_of):
    share(project)
    fill_book(project, expires_on=DAY)
    save(project, "small", TODAY)

    assert "Some prices are stale" in content(browser_of(grace).get(PAGE))


def test_what_scenarios_share_is_saved_and_shown_again(project, erin, browser_of):
    browser = browser_of(erin)

    answer = browser.post(f"{PAGE}shared/", SHARED)

    kept = ProjectEconomics.objects.get()
    assert answer.url == PAGE
    assert (kept.currency, kept.requests) == ("USD", ["40000", "50000", "60000"])
    assert b"40000 / 50000 / 60000" in browser.get(PAGE).content


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"requests": "3 / 2 / 1"}, "in order"),
        ({"requests": "1 / 2"}, "low, likely and high"),
        ({"requests": "many"}, "Expected a number"),
        ({"requests": "-1"}, "none negative"),
        ({"currency": "$"}, "three capital letters"),
        ({"draws": 5001}, "less than or equal to 5000"),
    ],
)
def test_wrong_assumptions_say_what_is_wrong(project, erin, browser_of, wrong, words):
    answer = browser_of(erin).post(f"{PAGE}shared/", SHARED | wrong)

    assert answer.status_code == 422
    assert words in content(answer)
    assert not ProjectEconomics.objects.exists()


def test_a_scenario_is_written_changed_and_kept(project, erin, browser_of):
    fill_book(project)
    share(project)
    browser = browser_of(erin)

    browser.post(ADD, FORM)
    row = Scenario.objects.get()
    address = f"{PAGE}scenarios/{row.pk}/"
    shown = browser.get(address).content.decode()
    browser.post(address, FORM | {"answer_tokens": "300"})

    row.refresh_from_db()
    assert "1000 / 1200 / 1500" in shown
    assert row.inputs["answer_tokens"] == "300"
    assert row.inputs["cached_tokens"] == ["1000", "1200", "1500"]
    assert row.changed_by == erin


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"answers_by": ""}, "expected what answers"),
        ({"cached_tokens": "1801"}, "more than the prompt has"),
        ({"success": "80"}, "shares from 0 to 1"),
        ({"label_hours": "5"}, "need an entry of the price book"),
        ({"answers_by": '["nobody", "x"]'}, "valid choice"),
        ({"name": "taken", "kind": "RETRIEVAL"}, "Another has this name"),
        ({"name": "two"}, "Another scenario is what answers today"),
    ],
)
def test_a_wrong_scenario_says_what_is_wrong(project, erin, browser_of, wrong, words):
    fill_book(project)
    save(project, "taken", TODAY)

    answer = browser_of(erin).post(
        ADD,
        FORM
        | {"kind": "RETRIEVAL"}
        | wrong
        | ({"kind": "TODAY"} if wrong.get("name") == "two" else {}),
    )

    assert answer.status_code == 422
    assert words in content(answer)
    assert Scenario.objects.count() == 1


def test_a_scenario_of_another_project_is_not_found(project, mallory, browser_of):
    row = save(project, "small", TODAY)
    elsewhere = f"{CHOOSE}elsewhere/scenarios/{row.pk}/"

    assert browser_of(mallory).get(elsewhere).status_code == 404
    assert browser_of(mallory).post(f"{elsewhere}remove/").status_code == 404


def test_a_moved_threshold_changes_what_a_rule_says(project, alice, browser_of):
    worked_example(project)
    before = advise(project=project, now=timezone.now()).decision

    browser_of(alice).post(
        f"{PAGE}thresholds/", thresholds(break_even_for=10, break_even_against=12)
    )

    after = advise(project=project, now=timezone.now()).decision
    said = [
        {one.rule.key: str(one.speaks) for one in found.findings}
        for found in (before, after)
    ]
    assert said[0]["late_break_even"] == "AGAINST"
    assert said[1]["late_break_even"] == "NOTHING"
    assert said[1]["early_break_even"] == "FOR"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"agreement": "2"}, "expected a number from 0 to 1"),
        ({"examples": "few"}, "Enter a number"),
        ({"examples": ""}, "required"),
        ({"requests_against": 20000}, "more than what speaks for"),
    ],
)
def test_a_wrong_threshold_says_what_is_wrong(project, alice, browser_of, wrong, words):
    worked_example(project)

    answer = browser_of(alice).post(f"{PAGE}thresholds/", thresholds(**wrong))

    assert answer.status_code == 422
    assert words in content(answer)
    assert ProjectEconomics.objects.get().thresholds == {}


def test_thresholds_wait_for_what_scenarios_share(project, alice, browser_of):
    answer = browser_of(alice).post(f"{PAGE}thresholds/", thresholds())

    assert answer.status_code == 422


def test_examples_are_those_of_the_newest_frozen_dataset(project):
    dataset = DatasetFactory(project=project, name="triage")
    ticket, other, general = (
        RecordFactory(project=project, origin=origin)
        for origin in ("REAL", "REAL", "GENERAL")
    )
    for record, task, split in (
        (ticket, "severity", "TRAIN"),
        (ticket, "resolution", "TRAIN"),
        (general, "question_answer", "TRAIN"),
        (other, "severity", "TEST"),
    ):
        ExampleFactory(dataset=dataset, record=record, task_type=task, split=split)
    Dataset.objects.filter(pk=dataset.pk).update(
        status="FROZEN", frozen_at=timezone.now(), sha256="0" * 64, path="d"
    )

    known = worth_facts.examples_of(project)

    assert (known.value, known.source) == (1, "Tickets in TRAIN of triage@1")


def test_accuracy_is_what_was_measured_unless_today_has_its_own(project):
    model = ModelVersionFactory(
        run__dataset__project=project,
        run__objective="BASELINE",
        run__tuning="NONE",
        run__method="embedding_lr",
        name="base",
    )
    report = {"accuracy": {"value": 0.7, "ci": [0.6, 0.8], "n": 90}}
    EvaluationFactory(
        model_version=model,
        status="DONE",
        finished_at=timezone.now(),
        report=report,
    )

    measured = _figure(project, "below_target")
    worked_example(project)
    written = _figure(project, "below_target")

    assert measured.value == Decimal("0.7")
    assert "60.0% to 80.0%, n = 90" in measured.detail
    assert (written.value, written.source) == (
        Decimal("0.8"),
        "Written down for small",
    )


def test_only_further_versions_of_the_guidelines_count_and_only_recent_ones(project):
    now = timezone.now()
    for version, days in ((1, 1), (2, 100), (3, 80), (4, 5)):
        row = Guidelines.objects.create(
            project=project, version=version, markdown=f"v{version}"
        )
        Guidelines.objects.filter(pk=row.pk).update(
            created_at=now - timedelta(days=days)
        )

    assert worth_facts.guideline_versions(project, now).value == 2


def test_hours_and_agreement_come_from_the_labels(project, models):
    hours = worth_facts.label_hours(project)
    agreement = worth_facts.agreement_of(project)

    assert hours >= 0
    assert 0 < agreement.value < 1
    assert "60 tickets" in agreement.source


def test_without_labels_there_is_no_agreement(project):
    assert worth_facts.agreement_of(project).value is None


def test_every_reason_for_and_none_against_is_worth_trying(project, models, alice):
    worked_example(project)
    share(project, requests=Range.exactly(200_000))
    ProjectEconomics.objects.update(
        thresholds={"target_accuracy": "0.9", "examples": "1", "agreement": "0"}
    )

    decision = advise(project=project, now=timezone.now()).decision

    assert decision.answer is Answer.WORTH_TRYING


def _figure(project, rule: str):
    found = advise(project=project, now=timezone.now()).decision.findings
    return next(one.figure for one in found if one.rule.key == rule)


def test_the_api_says_what_the_page_says(project, grace, browser_of):
    worked_example(project)

    shape = browser_of(grace).get(API).json()

    assert shape["answer"] == "NOT_NOW"
    assert shape["currency"] == "USD"
    by_rule = {one["rule"]: one for one in shape["rules"]}
    assert by_rule["late_break_even"]["figure"]["value"] == "9.6"
    tuned = shape["scenarios"][1]
    assert Decimal(tuned["likely"]["training"]) == Decimal("14.40")
    assert Decimal(tuned["against_today"]["saving"]) == Decimal("1.50")
    assert tuned["against_today"]["never"] is False


def test_the_api_says_never_without_a_number(project, grace, browser_of):
    worked_example(project)
    row = Scenario.objects.get(name="small")
    row.inputs |= {"cached_tokens": "1500"}
    row.save()

    shape = browser_of(grace).get(API).json()

    by_rule = {one["rule"]: one for one in shape["rules"]}
    assert by_rule["late_break_even"]["figure"]["value"] is None
    assert by_rule["late_break_even"]["figure"]["never"] is True
    assert shape["scenarios"][1]["against_today"]["break_even_months"] is None


def test_a_scenario_is_worked_out_and_not_stored(project, grace, browser_of):
    worked_example(project)
    sent = {"scenarios": {"now": TODAY, "new": TUNED}}

    shape = browser_of(grace).post(API, sent, content_type="application/json").json()

    months = shape["scenarios"][1]["against_today"]["break_even_months"]
    assert Decimal(months) == Decimal("9.6")
    assert Scenario.objects.count() == 2


@pytest.mark.parametrize(
    ("scenarios", "code"),
    [
        ({"x": TODAY | {"price": "1"}}, "scenario_invalid"),
        ({"x": TODAY | {"prompt_tokens": 0.5}}, "scenario_invalid"),
        ({str(n): TODAY for n in range(9)}, "too_many"),
    ],
)
def test_a_refusal_of_the_api_is_400_with_its_code(
    project, grace, browser_of, scenarios, code
):
    worked_example(project)

    answer = browser_of(grace).post(
        API, {"scenarios": scenarios}, content_type="application/json"
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


def test_the_api_works_nothing_out_before_anything_is_shared(
    project, grace, browser_of
):
    sent = {"scenarios": {"now": TODAY}}

    answer = browser_of(grace).post(API, sent, content_type="application/json")

    assert answer.json()["error"]["code"] == "nothing_shared"


def test_names_cannot_inject_markup(project, grace, browser_of):
    worked_example(project)
    save(project, "<script>alert(1)</script>", TODAY | {"kind": "RETRIEVAL"})

    assert b"<script>alert" not in browser_of(grace).get(PAGE).content


def test_looking_changes_nothing(project, erin, browser_of):
    worked_example(project)
    before = list(Scenario.objects.values()), list(ProjectEconomics.objects.values())
    browser = browser_of(erin)

    for address in (PAGE, ADD, API):
        browser.get(address)

    after = list(Scenario.objects.values()), list(ProjectEconomics.objects.values())
    assert after == before


def test_many_scenarios_take_as_many_queries_as_two(project, erin, browser_of):
    worked_example(project)
    few = queries_of(browser_of(erin), PAGE)
    for n in range(6):
        save(project, f"way {n}", TODAY | {"kind": "RETRIEVAL"})

    assert queries_of(browser_of(erin), PAGE) == few <= 25
