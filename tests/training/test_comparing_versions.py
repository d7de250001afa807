"""Two frozen versions compared: by service, page, route and command."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.models import Record, Verdict
from netft_site.base.refusals import Refused
from tests.factories import (
    DatasetFactory,
    ExampleFactory,
    RecordFactory,
    VerdictFactory,
)
from tests.training.built import build
from tests.training.pages import page_of, queries_of, text_of
from tests.training.worlds import settle_many
from training.domain.version_diff import Kind
from training.models import Dataset, Example
from training.services.datasets import comparing

pytestmark = pytest.mark.django_db

CAST = ("alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory")
CHOOSE = "/admin/training/dataset/compare/"
PAGE = f"{CHOOSE}noc/"
DIFF = "/api/v1/projects/noc/datasets/triage@2/diff/"


def overturn(record, severity: str) -> None:
    """Another verdict takes the place of the record's current one."""
    Verdict.objects.filter(record=record).update(is_current=False)
    VerdictFactory(record=record, severity=severity, grade="PRINCIPAL")


@pytest.fixture
def versions(project) -> tuple[Dataset, Dataset]:
    """Sixty settled tickets; then one overturned, one excluded, ten more, a recipe."""
    records = settle_many(project, 60)
    first = build(project)
    overturn(records[0], "medium")
    records[1].state = "EXCLUDED"
    records[1].save()
    settle_many(project, 10, start=60)
    return first, build(project, seed=7)


def test_what_was_built_otherwise_is_found(versions):
    first, second = versions

    found = comparing.compare_versions(before=first, after=second)

    counts = found.diff.counts
    assert (counts["added"], counts["removed"], counts["relabelled"]) == (10, 1, 1)
    assert counts["moved"] == 0
    assert found.diff.labels == {("high", "medium"): 1}
    assert found.settings == [("seed", "1", "7")]
    assert found.diff.sizes == (60, 69)
    assert found.diff.mix["category"]["wan"].examples == (20, 24)


def test_a_dataset_does_not_differ_from_itself(versions):
    found = comparing.compare_versions(before=versions[0], after=versions[0])

    assert found.is_same
    assert found.diff.unchanged == 60


def test_another_root_cause_is_another_content(project):
    for record in settle_many(project, 30):
        record.verdicts.update(root_cause="power")
    first = build(project, tasks=["root_cause"])
    overturned = first.examples.order_by("pk").first().record
    overturned.verdicts.update(root_cause="fibre")
    second = build(project, tasks=["root_cause"])

    found = comparing.compare_versions(before=first, after=second)

    assert not found.is_same
    assert found.diff.counts[Kind.RECAUSED] == 1
    (change,) = found.diff.changes
    assert (change.before.cause, change.after.cause) == ("power", "fibre")


def test_contents_that_differ_beside_the_examples_are_not_the_same(versions):
    _, second = versions
    again = Dataset.objects.get(pk=second.pk)
    again.sha256 = "0" * 64

    found = comparing.compare_versions(before=second, after=again)

    assert found.is_alike
    assert not found.is_same


def test_mix_ins_are_known_by_their_text(project):
    datasets = [DatasetFactory(project=project, frozen=True) for _ in range(2)]
    for dataset, texts in zip(datasets, ("ba", "cb"), strict=True):
        for text in texts:
            ExampleFactory(dataset=dataset, record=None, text_sha256=text)

    found = comparing.compare_versions(before=datasets[0], after=datasets[1]).diff

    assert found.counts == {"added": 1, "removed": 1}
    assert found.unchanged == 1


def test_examples_of_two_tasks_of_a_record_are_two(project):
    record = RecordFactory(project=project)
    datasets = [DatasetFactory(project=project, frozen=True) for _ in range(2)]
    for dataset, tasks in zip(datasets, ("ab", "ba"), strict=True):
        for task in tasks:
            ExampleFactory(
                dataset=dataset, record=record, task_type=task, text_sha256=task
            )

    found = comparing.compare_versions(before=datasets[0], after=datasets[1])

    assert found.is_same


@pytest.mark.parametrize("code", ["not_frozen", "other_project"])
def test_what_cannot_be_compared_is_refused(project, code):
    frozen = DatasetFactory(project=project, frozen=True)
    other = (
        DatasetFactory(project=project)
        if code == "not_frozen"
        else DatasetFactory(frozen=True)
    )

    with pytest.raises(Refused) as refused:
        comparing.compare_versions(before=frozen, after=other)

    assert refused.value.code == code


def test_the_version_before_is_of_the_same_name_and_frozen(project):
    first = DatasetFactory(project=project, name="a", version=1, frozen=True)
    DatasetFactory(project=project, name="a", version=2, status="FAILED")
    DatasetFactory(project=project, name="b", version=2, frozen=True)
    third = DatasetFactory(project=project, name="a", version=3, frozen=True)

    assert comparing.previous_version(third) == first
    assert comparing.previous_version(first) is None


def test_an_example_keeps_what_stood_behind_it(versions):
    verdicts = dict(Verdict.objects.values_list("record_id", "id"))
    example = Example.objects.filter(dataset=versions[0]).first()

    assert example.snapshot["verdict"] in verdicts.values()
    assert example.snapshot["label_reviews"] == []
    assert "sanitizing" not in example.snapshot


@pytest.mark.parametrize("who", CAST)
def test_every_member_of_the_cast_meets_their_own_limits(
    request, browser_of, versions, who
):
    browser = browser_of(request.getfixturevalue(who))

    codes = (browser.get(PAGE).status_code, browser.get(DIFF).status_code)

    may = {"alice": (200, 200), "erin": (200, 200), "grace": (200, 200)}
    assert codes == {**may, "mallory": (404, 404)}.get(who, (403, 403))


def test_a_stranger_is_sent_to_sign_in(client, project):
    assert client.get(PAGE).url.startswith(reverse("admin:login"))


def test_the_only_project_opens_at_once(versions, grace, browser_of):
    assert browser_of(grace).get(CHOOSE).url == PAGE


def test_the_page_shows_counts_flows_and_records(versions, erin, browser_of):
    answer = browser_of(erin).get(PAGE)

    shown = text_of(answer)
    assert "Added 10" in shown
    assert "Relabelled 1" in shown
    assert "high medium 1" in shown
    assert "seed 1 7" in shown
    assert "1 to " in shown
    record = Record.objects.get(external_id="INC00000")
    assert reverse("admin:evaluation_lineage", args=["noc", record.pk]) in (
        answer.content.decode()
    )


def test_the_page_lists_one_kind(versions, erin, browser_of):
    answer = browser_of(erin).get(PAGE, {"kind": "removed"})

    (row,) = answer.context["rows"]
    assert row.name == "INC00001"
    assert row.facts[0][0] == "Removed"


def test_without_a_choice_the_version_before_is_meant(versions, erin, browser_of):
    found = browser_of(erin).get(PAGE, {"after": versions[1].pk}).context["comparison"]

    assert (found.before, found.after) == versions


def test_a_long_list_is_turned_page_by_page(project, erin, browser_of):
    datasets = [DatasetFactory(project=project, frozen=True) for _ in range(2)]
    for _ in range(102):
        ExampleFactory(dataset=datasets[1], record__project=project)
    asked = {"before": datasets[0].pk, "after": datasets[1].pk}
    browser = browser_of(erin)

    first, second = browser.get(PAGE, asked), browser.get(PAGE, {**asked, "skip": 100})

    assert "1 to 100 of 102" in text_of(first)
    assert "skip=100" in first.content.decode()
    assert "101 to 102 of 102" in text_of(second)
    assert "skip=0" in second.content.decode()


def test_one_version_alone_says_what_to_do(project, erin, browser_of):
    DatasetFactory(project=project, frozen=True)

    assert "There is nothing to compare" in text_of(browser_of(erin).get(PAGE))


@pytest.mark.parametrize("number", ["abc", "-1", "9" * 30, "999999"])
def test_a_dataset_that_is_none_is_said_to_be_none(versions, erin, browser_of, number):
    answer = browser_of(erin).get(PAGE, {"before": number})

    assert answer.status_code == 200
    assert "These cannot be compared" in text_of(answer)


def test_a_dataset_of_another_project_is_no_choice(versions, erin, browser_of):
    foreign = DatasetFactory(frozen=True)

    answer = browser_of(erin).get(PAGE, {"before": foreign.pk})

    assert "comparison" not in answer.context


def test_the_same_version_twice_says_so(versions, erin, browser_of):
    number = versions[0].pk

    shown = text_of(browser_of(erin).get(PAGE, {"before": number, "after": number}))

    assert "They are the same" in shown


def test_the_page_costs_the_same_for_few_and_many(project, erin, browser_of):
    datasets = [DatasetFactory(project=project, frozen=True) for _ in range(2)]
    asked = f"{PAGE}?before={datasets[0].pk}&after={datasets[1].pk}"
    browser, taken = browser_of(erin), []
    for count in (1, 30):
        for _ in range(count):
            ExampleFactory(dataset=datasets[1], record__project=project)
            DatasetFactory(project=project, frozen=True)
        taken.append(queries_of(browser, asked))

    assert taken[0] == taken[1] <= 20


def test_the_dataset_page_leads_to_the_comparison(versions, erin, frank, browser_of):
    link = f"{PAGE}?after={versions[1].pk}"

    assert link in browser_of(erin).get(page_of(versions[1])).content.decode()
    assert link not in browser_of(frank).get(page_of(versions[1])).content.decode()


def test_the_list_leads_to_the_comparison(versions, erin, browser_of):
    listed = browser_of(erin).get("/admin/training/dataset/").content.decode()

    assert CHOOSE in listed


def test_the_route_answers_with_the_public_shape(versions, erin, browser_of):
    browser = browser_of(erin)

    found = browser.get(DIFF, {"kind": "relabelled"}).json()

    assert found["before"]["version"] == 1
    assert found["counts"]["added"] == 10
    assert found["relabelled"] == [{"from": "high", "to": "medium", "count": 1}]
    assert [one["external_id"] for one in found["changes"]] == ["INC00000"]
    assert found["changes"][0]["after"]["label"] == "medium"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"before": "nothing"}, 404),
        ({"kind": "sideways"}, 400),
        ({"limit": "0"}, 400),
        ({"skip": "-1"}, 400),
        ({"before": "triage@1", "skip": "5", "limit": "1"}, 200),
    ],
)
def test_the_route_refuses_what_makes_no_sense(
    versions, erin, browser_of, asked, status
):
    assert browser_of(erin).get(DIFF, asked).status_code == status


def test_the_first_version_has_none_before_it(versions, erin, browser_of):
    answer = browser_of(erin).get("/api/v1/projects/noc/datasets/triage@1/diff/")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "no_earlier_version"


def test_the_command_prints_the_same_as_the_route(versions, erin, browser_of, capsys):
    call_command("diff_datasets", "triage@1", "noc/triage@2", "--json")
    printed = json.loads(capsys.readouterr().out)

    assert printed == browser_of(erin).get(DIFF).json()


def test_the_command_shows_tables(versions, capsys):
    call_command("diff_datasets", "triage@1", "triage@2", "--kind=added", "--limit=3")

    out = capsys.readouterr().out
    assert "From triage@1, 60 examples, to triage@2, 69" in out
    assert "relabelled from" in out
    assert "7 more; --limit 0 lists all." in out


def test_the_command_says_that_nothing_differs(versions, capsys):
    call_command("diff_datasets", "triage@1", "triage@1")

    assert "They are the same." in capsys.readouterr().out
