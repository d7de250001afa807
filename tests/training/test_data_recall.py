"""Data recall: what contains the text in which something was found later."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from annotation.models import Membership, Record
from annotation.services import leaks
from tests.factories import (
    DatasetFactory,
    ExampleFactory,
    LeakFactory,
    MembershipFactory,
    ModelVersionFactory,
    ProjectFactory,
    RecordFactory,
    TrainingRunFactory,
    UserFactory,
)
from tests.training.pages import page_of, queries_of, text_of
from training.models import Dataset, Export
from training.services import recalling

pytestmark = pytest.mark.django_db

PAGE = "/admin/training/dataset/recall/noc/"
CHOOSE = "/admin/training/dataset/recall/"
CAST = ("alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory")


def dataset_with(
    *records: Record, split: str = "TRAIN", frozen: bool = True
) -> Dataset:
    """A dataset of the first record's project with these records in one split."""
    dataset = DatasetFactory(
        project=records[0].project, **({"frozen": True} if frozen else {})
    )
    for record in records:
        ExampleFactory(dataset=dataset, record=record, split=split)
    return dataset


@pytest.fixture
def leaked(project) -> Record:
    record = RecordFactory(project=project, external_id="INC-LEAKED")
    LeakFactory(record=record)
    return record


def names(things) -> list[str]:
    return [thing.name for thing in things]


def test_without_leaks_nothing_is_recalled(project):
    dataset_with(RecordFactory(project=project))

    found = recalling.recall(project=project)

    assert found == recalling.Recall(0, 0, (), (), (), (), ())


def test_a_record_is_listed_once_with_all_that_was_found_in_it(project, leaked):
    LeakFactory(record=leaked, span_type="snmp", cause="MISSED", token="ZCOMM_X")

    found = recalling.recall(project=project)

    (record,) = found.records
    assert (found.leaks, found.record_count) == (2, 1)
    assert record.external_id == "INC-LEAKED"
    assert record.span_types == ("cred", "snmp")
    assert record.causes == ("A newer ruleset", "A value reported as missed")
    assert record.rulesets == ("1.0 to 1.1",)
    assert record.to_do == recalling.ROTATE


def test_a_value_in_two_records_is_one_value_at_two_places(project, leaked):
    LeakFactory(record=leaked, token="ZCOMM_X")
    LeakFactory(record=RecordFactory(project=project), token="ZCOMM_X")

    found = recalling.recall(project=project)

    assert (found.values, found.leaks, found.record_count) == (2, 3, 2)


def test_a_name_is_not_rotated(project):
    LeakFactory(record__project=project, span_type="customer", cause="DICTIONARY")

    (record,) = recalling.recall(project=project).records

    assert record.to_do == recalling.REMOVE


def test_frozen_datasets_are_listed_with_their_splits(project, leaked):
    other = RecordFactory(project=project)
    LeakFactory(record=other)
    both = dataset_with(leaked, other, RecordFactory(project=project))
    ExampleFactory(dataset=both, record=other, split="TEST", task_type="other")
    dataset_with(RecordFactory(project=project))
    dataset_with(leaked, frozen=False)

    (found,) = recalling.recall(project=project).datasets

    assert found.reference == both.reference
    assert found.splits == {"TRAIN": 2, "TEST": 1}
    assert found.records == 3


def test_two_findings_in_a_record_count_it_once(project, leaked):
    LeakFactory(record=leaked, span_type="snmp")
    dataset = dataset_with(leaked)

    (found,) = recalling.recall(project=project).datasets

    assert found.splits == {"TRAIN": 1}
    assert recalling.count_leaking_records(dataset=dataset) == 1


def test_only_exports_with_the_record_in_them_are_listed(project, leaked):
    dataset = dataset_with(leaked, split="DEV")
    for split, status in (
        ("", "DONE"), ("DEV", "QUEUED"), ("TEST", "DONE"), ("TRAIN", "DONE"),
    ):  # fmt: skip
        Export.objects.create(
            dataset=dataset, format="openai_chat", split=split, status=status
        )
    Export.objects.create(
        dataset=dataset, format="classification", split="DEV", status="FAILED"
    )

    found = recalling.recall(project=project).exports

    assert sorted(names(found)) == ["openai_chat, DEV", "openai_chat, all splits"]
    assert {one.to_do for one in found} == {recalling.DISCARD}


def test_a_model_that_learned_from_the_record_is_to_be_retired(project, leaked):
    run = TrainingRunFactory(dataset=dataset_with(leaked))
    ModelVersionFactory(run=run, name="tuned")
    elsewhere = TrainingRunFactory(dataset=dataset_with(RecordFactory(project=project)))
    ModelVersionFactory(run=elsewhere, name="clean")

    found = recalling.recall(project=project)

    assert names(found.runs) == [str(run)]
    assert found.runs[0].to_do == recalling.RETRAIN
    assert names(found.models) == ["tuned"]
    assert found.models[0].to_do == recalling.RETIRE


def test_a_model_that_was_only_measured_on_the_record_stays(project, leaked):
    run = TrainingRunFactory(dataset=dataset_with(leaked, split="TEST"))
    ModelVersionFactory(run=run)

    found = recalling.recall(project=project)

    assert found.runs[0].to_do == found.models[0].to_do == recalling.MEASURED


def test_what_was_tuned_further_from_a_leaking_model_leaks_too(project, leaked):
    run = TrainingRunFactory(dataset=dataset_with(leaked))
    parent = ModelVersionFactory(run=run, name="first")
    clean = TrainingRunFactory(dataset=dataset_with(RecordFactory(project=project)))
    child = ModelVersionFactory(run=clean, name="second", parent=parent)
    ModelVersionFactory(
        run=TrainingRunFactory(dataset=clean.dataset), name="third", parent=child
    )

    found = recalling.recall(project=project).models

    assert names(found) == ["first", "second", "third"]
    assert {one.to_do for one in found} == {recalling.RETIRE}


def test_leaks_can_be_narrowed_by_cause_type_and_dataset(project, leaked):
    other = RecordFactory(project=project, external_id="INC-OTHER")
    LeakFactory(record=other, cause="MISSED", span_type="snmp")
    dataset = dataset_with(other)

    def found(**narrowed) -> list[str]:
        records = recalling.recall(project=project, **narrowed).records
        return [record.external_id for record in records]

    assert found() == ["INC-OTHER", "INC-LEAKED"]
    assert found(cause="MISSED") == ["INC-OTHER"]
    assert found(span_type="cred") == ["INC-LEAKED"]
    assert found(dataset=dataset) == ["INC-OTHER"]
    assert found(cause="MISSED", span_type="cred") == []


def test_another_projects_leaks_stay_there(project, leaked):
    foreign = RecordFactory(project=ProjectFactory())
    LeakFactory(record=foreign)
    dataset_with(foreign)

    found = recalling.recall(project=project)

    assert [record.id for record in found.records] == [leaked.pk]
    assert found.datasets == ()


@pytest.mark.parametrize("who", CAST)
def test_every_member_of_the_cast_meets_their_own_limits(
    request, browser_of, leaked, who
):
    browser = browser_of(request.getfixturevalue(who))

    code = browser.get(PAGE).status_code

    assert code == {"alice": 200, "mallory": 404}.get(who, 403)


def test_a_stranger_is_sent_to_sign_in(client, leaked):
    assert client.get(PAGE).url.startswith(reverse("admin:login"))


def test_the_only_project_is_opened_at_once(alice, erin, browser_of, leaked):
    assert browser_of(alice).get(CHOOSE).url == PAGE
    assert browser_of(erin).get(CHOOSE).status_code == 404


def test_who_leads_two_projects_chooses(alice, browser_of, leaked):
    second = ProjectFactory(slug="second", name="Second team")
    MembershipFactory(user=alice, project=second, role=Membership.Role.LEAD)
    third = ProjectFactory(slug="third", name="Third team")
    MembershipFactory(user=alice, project=third, role=Membership.Role.ML)

    page = browser_of(alice).get(CHOOSE).content.decode()

    assert PAGE in page
    assert "Second team" in page
    assert "Third team" not in page


def test_the_page_shows_what_contains_it_and_what_to_do(alice, browser_of, leaked):
    run = TrainingRunFactory(dataset=dataset_with(leaked))
    ModelVersionFactory(run=run, name="tuned")
    Export.objects.create(dataset=run.dataset, format="openai_chat", status="DONE")

    answer = browser_of(alice).get(PAGE)

    shown = text_of(answer)
    for words in (
        "INC-LEAKED", recalling.ROTATE, recalling.REBUILD, recalling.DISCARD,
        recalling.RETRAIN, recalling.RETIRE, "1 in TRAIN", "tuned",
    ):  # fmt: skip
        assert words in shown
    assert page_of(run) in answer.content.decode()
    assert [count for _, count in answer.context["tiles"]] == [1] * 7


def test_the_page_without_leaks_says_what_would_stand_there(alice, browser_of):
    shown = text_of(browser_of(alice).get(PAGE))

    assert "No leak waits in this project." in shown


def test_the_page_is_narrowed_by_its_form(alice, browser_of, project, leaked):
    other = RecordFactory(project=project, external_id="INC-OTHER")
    LeakFactory(record=other, cause="MISSED", span_type="snmp")
    dataset = dataset_with(other)
    browser = browser_of(alice)

    for asked in ({"cause": "MISSED"}, {"type": "snmp"}, {"dataset": dataset.pk}):
        shown = text_of(browser.get(PAGE, asked))
        assert "INC-OTHER" in shown
        assert "INC-LEAKED" not in shown
    assert "No leak of this kind" in text_of(browser.get(PAGE, {"cause": "RULE"}))


@pytest.mark.parametrize("number", ["abc", "-1", "1" * 30, "999999"])
def test_a_dataset_that_is_none_is_not_found(alice, browser_of, leaked, number):
    assert browser_of(alice).get(PAGE, {"dataset": number}).status_code == 404


def test_a_dataset_of_another_project_is_not_found(alice, browser_of, leaked):
    foreign = DatasetFactory(frozen=True)

    assert browser_of(alice).get(PAGE, {"dataset": foreign.pk}).status_code == 404


def test_the_page_costs_the_same_at_one_and_at_twenty(alice, browser_of, project):
    browser = browser_of(alice)
    taken = []
    for count in (1, 19):
        for _ in range(count):
            record = RecordFactory(project=project)
            LeakFactory(record=record)
            run = TrainingRunFactory(dataset=dataset_with(record))
            ModelVersionFactory(run=run)
            Export.objects.create(dataset=run.dataset, format="x", status="DONE")
        taken.append(queries_of(browser, PAGE))

    assert taken[0] == taken[1] <= 16


def test_many_records_are_counted_and_the_newest_named(
    alice, browser_of, project, monkeypatch
):
    monkeypatch.setattr(recalling, "SHOWN_RECORDS", 2)
    for number in range(3):
        LeakFactory(record__project=project, record__external_id=f"INC-{number}")

    shown = text_of(browser_of(alice).get(PAGE))

    assert "The newest 2 of 3" in shown
    assert "INC-2" in shown
    assert "INC-0" not in shown


def test_a_dataset_page_says_that_its_records_leak(
    alice, erin, browser_of, project, leaked
):
    dataset = dataset_with(leaked, RecordFactory(project=project))
    recall = f"{PAGE}?dataset={dataset.pk}"

    lead = browser_of(alice).get(page_of(dataset)).content.decode()
    engineer = browser_of(erin).get(page_of(dataset)).content.decode()

    for page in (lead, engineer):
        assert "1 record of this dataset was found to leak." in page
    assert recall in lead
    assert recall not in engineer


def test_the_list_of_datasets_leads_there_for_those_who_may(alice, erin, browser_of):
    url = reverse("admin:training_dataset_changelist")

    assert CHOOSE in browser_of(alice).get(url).content.decode()
    assert CHOOSE not in browser_of(erin).get(url).content.decode()


def test_a_dataset_page_without_leaks_keeps_quiet(alice, browser_of, project, leaked):
    dataset = dataset_with(RecordFactory(project=project))

    assert (
        "found to leak" not in browser_of(alice).get(page_of(dataset)).content.decode()
    )


def test_the_command_prints_the_same_as_json(project, leaked, capsys):
    run = TrainingRunFactory(dataset=dataset_with(leaked))
    ModelVersionFactory(run=run, name="tuned")

    call_command("data_recall", "--project=noc", "--json")
    found = json.loads(capsys.readouterr().out)
    call_command("data_recall", "--project=noc", "--cause=rule")
    nothing = capsys.readouterr().out
    call_command("data_recall", "--project=noc")
    table = capsys.readouterr().out

    assert (found["project"], found["leaks"], found["record_count"]) == ("noc", 1, 1)
    assert found["records"][0]["external_id"] == "INC-LEAKED"
    assert found["datasets"][0]["splits"] == {"TRAIN": 1}
    assert found["datasets"][0]["records"] == 1
    assert found["models"][0]["name"] == "tuned"
    assert "No leak was found" in nothing
    assert "INC-LEAKED" in table
    assert "tuned" in table


def test_a_superuser_sees_every_project(client, leaked):
    root = UserFactory(username="root", is_superuser=True)
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")

    assert "INC-LEAKED" in text_of(client.get(PAGE))


def test_what_was_dealt_with_is_no_longer_recalled(client, project, alice, leaked):
    dataset = dataset_with(leaked)
    client.force_login(alice)

    page = client.post(
        f"{PAGE}settle/", {"record": leaked.pk, "because": "rotated it"}, follow=True
    )

    assert "Noted: 1 leak of INC-LEAKED dealt with." in text_of(page)
    assert recalling.recall(project=project).leaks == 0
    assert recalling.count_leaking_records(dataset=dataset) == 0
    (record,) = recalling.recall(project=project, with_settled=True).records
    assert record.done == "rotated it"


def test_the_first_word_about_a_leak_stands(project, alice, leaked):
    now = timezone.now()
    leaks.settle(record=leaked, because="rotated", by=alice, now=now)

    again = leaks.settle(record=leaked, because="nothing", by=alice, now=now)

    assert again == 0
    assert leaked.leaks.get().settled_because == "rotated"


def test_what_was_done_must_be_said_and_holds_no_secret(project, alice, leaked):
    with pytest.raises(leaks.LeakRefused, match="few words"):
        leaks.settle(record=leaked, because=" ", by=alice, now=timezone.now())

    because = "new password: Xk7mQ2pL9v!"
    leaks.settle(record=leaked, because=because, by=alice, now=timezone.now())

    assert "Xk7mQ2pL9v!" not in leaked.leaks.get().settled_because


@pytest.mark.parametrize("name", [one for one in CAST if one != "alice"])
def test_only_a_lead_says_that_a_leak_was_dealt_with(client, leaked, request, name):
    client.force_login(request.getfixturevalue(name))

    answer = client.post(f"{PAGE}settle/", {"record": leaked.pk, "because": "done"})

    assert answer.status_code in (302, 403, 404)
    assert leaked.leaks.open().exists()


def test_leaks_are_the_next_thing_to_do_for_a_lead(client, alice, leaked):
    Record.objects.filter(pk=leaked.pk).update(state=Record.State.SETTLED)
    client.force_login(alice)

    assert "Deal with leaks in 1 ticket" in text_of(client.get("/admin/"))
