"""Who labels cannot tell a gold or a repeat record from an open one."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotation.models import Gold, Membership, Record
from tests.factories import (
    GoldFactory,
    MembershipFactory,
    ProjectFactory,
    RecordFactory,
    ReviewFactory,
    SavedFilterFactory,
    VerdictFactory,
)

pytestmark = pytest.mark.django_db

API = "/api/v1/projects/noc/records/"
FIND = "/admin/annotation/record/search/noc/"
LIST = "/admin/annotation/record/"
LABELERS = ["bob", "carol", "dana", "frank"]
READERS = ["alice", "erin", "grace"]
TELLING = ["OPEN", "CONTESTED", "SETTLED", "OPEN,CONTESTED", "HELD,SETTLED"]


@pytest.fixture
def gold(project) -> Record:
    """A settled record that is served again, beside an open and a contested one."""
    wait = {"OPEN": "oldest", "SETTLED": "oldest", "CONTESTED": "contested: high, low"}
    for state, why in wait.items():
        RecordFactory(
            project=project,
            external_id=state,
            title="same",
            state=state,
            queued_because=why,
        )
    record = Record.objects.settled().get()
    VerdictFactory(record=record)
    ReviewFactory.create_batch(2, record=record)
    GoldFactory(record=record)
    return record


@pytest.fixture
def browser(request, browser_of, who):
    return browser_of(request.getfixturevalue(who))


def states_told(browser) -> list[set[str]]:
    """What the four places say of the three records' states."""
    listed = browser.get(API).json()["results"]
    found = browser.post(
        f"{API}search/", {"filter": {}}, content_type="application/json"
    ).json()["results"]
    page = browser.get(FIND).context["rows"]
    stock = browser.get(LIST)
    admin = stock.context["cl"].model_admin
    column = next(
        c for c in stock.context["cl"].list_display if str(c).startswith("state")
    )
    rows = stock.context["cl"].result_list
    return [
        {one["state"] for one in listed},
        {one["state"] for one in found},
        {str(one["state"]) for one in page},
        {str(getattr(admin, column)(row)) for row in rows},
    ]


@pytest.mark.parametrize("who", LABELERS)
def test_those_who_label_are_told_one_state_everywhere(gold, browser):
    for told in states_told(browser):
        assert len(told) == 1
        assert "LABELING" in told or "In labeling" in next(iter(told))
    one = browser.get(f"{API}{gold.pk}/").json()
    assert one["state"] == "LABELING"


@pytest.mark.parametrize("who", READERS)
def test_those_who_read_verdicts_are_told_each_state(gold, browser):
    assert [len(told) for told in states_told(browser)] == [3, 3, 3, 3]
    assert browser.get(f"{API}{gold.pk}/").json()["state"] == "SETTLED"
    assert "Settled" in record_page(browser, gold)


def record_page(browser, record: Record) -> str:
    url = reverse("admin:annotation_record_change", args=[record.pk])
    return browser.get(url).content.decode()


@pytest.mark.parametrize("who", LABELERS)
def test_a_record_page_is_the_same_for_gold_as_for_open(gold, browser):
    pages = [record_page(browser, record) for record in Record.objects.all()]

    for page in pages:
        assert '<span class="pill info">In labeling</span>' in page
        assert "Settled" not in page


@pytest.mark.parametrize("asked", TELLING)
@pytest.mark.parametrize("who", LABELERS)
def test_those_who_label_ask_for_no_state_that_tells(gold, browser, asked):
    listed = browser.get(API, {"state": asked})
    found = browser.post(
        f"{API}search/", {"filter": {"state": asked}}, content_type="application/json"
    )

    assert (listed.status_code, found.status_code) == (400, 400)
    assert listed.json()["error"]["code"] == "not_allowed"
    assert browser.get(FIND, {"state": asked}).status_code == 422
    form = browser.post(FIND, {"state": asked.split(",")})
    assert form.status_code == 422


@pytest.mark.parametrize(
    "asked",
    [{"reviews_from": "1"}, {"reviews_to": "1"}, {"because": "contested"}],
)
@pytest.mark.parametrize("who", LABELERS)
def test_those_who_label_ask_neither_for_counts_nor_for_reasons(gold, browser, asked):
    found = browser.post(
        f"{API}search/", {"filter": asked}, content_type="application/json"
    )

    assert found.status_code == 400
    assert browser.get(FIND, asked).status_code == 422
    assert not set(asked) & set(browser.get(FIND).context["form"].fields)


@pytest.mark.parametrize("who", ["carol", "bob", "frank", "alice"])
def test_in_labeling_is_asked_for_as_one(gold, browser):
    RecordFactory(project=gold.project, state="EXCLUDED")

    assert len(browser.get(API, {"state": "LABELING"}).json()["results"]) == 3
    assert len(browser.get(API, {"state": "excluded"}).json()["results"]) == 1
    assert browser.get(FIND, {"state": "LABELING"}).context["count"].value == 3


def test_a_find_page_names_neither_counts_nor_reasons(gold, carol, alice, browser_of):
    hers = browser_of(carol).get(FIND).content.decode()
    leads = browser_of(alice).get(FIND).content.decode()

    for words in ("contested: high", "2 of 2", "Waits because", "Reviews", "Settled"):
        assert words in leads
        assert words not in hers


def test_a_form_keeps_what_was_asked_for(gold, carol, browser_of):
    browser = browser_of(carol)

    page = browser.get(browser.post(FIND, {"state": ["LABELING", "HELD"]}).url)

    assert page.context["form"]["state"].value() == ["HELD", "LABELING"]


def test_a_shared_filter_for_settled_records_is_of_no_use_to_a_reviewer(
    gold, alice, carol, browser_of
):
    saved = SavedFilterFactory(
        project=gold.project, owner=alice, is_shared=True, query={"state": "SETTLED"}
    )

    assert browser_of(carol).get(f"{FIND}?saved={saved.pk}").status_code == 422


@pytest.mark.parametrize(
    "asked",
    [
        "state__exact",
        "state__in",
        "priority__gte",
        "queued_because__startswith",
        "round__gt",
        "decided_at__isnull",
        "reviews_wanted__gt",
        "near_duplicate_of__state",
    ],
)
def test_the_stock_list_takes_no_telling_filter_from_an_address(
    gold, carol, browser_of, asked
):
    value = "SETTLED" if "state" in asked else "1"

    assert browser_of(carol).get(LIST, {asked: value}).status_code == 400


def test_the_stock_list_is_not_ordered_by_what_it_does_not_tell(
    gold, carol, alice, browser_of
):
    def sorted_by_state(user) -> list[str]:
        browser = browser_of(user)
        listed = browser.get(LIST).context["cl"].list_display
        place = next(n for n, c in enumerate(listed) if str(c).startswith("state"))
        rows = browser.get(LIST, {"o": place}).context["cl"].result_list
        return [row.external_id for row in rows]

    assert sorted_by_state(alice) == ["CONTESTED", "OPEN", "SETTLED"]
    assert sorted_by_state(carol) != ["CONTESTED", "OPEN", "SETTLED"]


def test_the_stock_list_filters_by_what_a_person_is_told(
    gold, carol, alice, browser_of
):
    def found(user, state: str) -> int:
        return browser_of(user).get(LIST, {"state": state}).context["cl"].result_count

    assert (found(alice, "SETTLED"), found(alice, "OPEN")) == (1, 1)
    assert found(carol, "LABELING") == 3
    assert found(carol, "SETTLED") == 3, "ignored, as any state that is not offered"


def test_who_labels_elsewhere_is_told_states_of_the_own_project_alone(
    gold, grace, browser_of
):
    elsewhere = ProjectFactory(slug="second")
    MembershipFactory(user=grace, project=elsewhere, role=Membership.Role.REVIEWER)
    RecordFactory(project=elsewhere, state="SETTLED", external_id="THEIRS")
    browser = browser_of(grace)

    page = browser.get(LIST)
    told = {
        row.external_id: str(page.context["cl"].model_admin.state_told(row))
        for row in page.context["cl"].result_list
    }

    assert "Settled" in told["SETTLED"]
    assert "In labeling" in told["THEIRS"]
    assert browser.get(LIST, {"state__exact": "SETTLED"}).status_code == 400
    assert Gold.objects.count() == 1
