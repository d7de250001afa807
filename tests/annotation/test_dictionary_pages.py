"""The dictionary in the admin: adding, looking for and withdrawing names."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.urls import reverse
from django.views.debug import SafeExceptionReporterFilter

from annotation.admin import dictionary as pages
from annotation.models import Term
from annotation.services import dictionary
from tests.factories import MembershipFactory, ProjectFactory, TermFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:annotation_term_changelist")
ADD = reverse("admin:annotation_term_add")
FIND = reverse("admin:annotation_term_find")
NAME = "Umbrella Freight"


def add(browser, project, **more):
    return browser.post(
        ADD, {"project": project.pk, "kind": "customers", "names": NAME, **more}
    )


def withdraw(browser, *terms, **more):
    keys = [term.pk for term in terms]
    return browser.post(LIST, {"action": "withdraw", "_selected_action": keys, **more})


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("alice", 200),
        ("bob", 403),
        ("carol", 403),
        ("erin", 403),
        ("frank", 403),
        ("grace", 403),
    ],
)
@pytest.mark.parametrize("page", [LIST, ADD])
def test_only_leads_see_the_dictionary(request, browser_of, page, who, code):
    browser = browser_of(request.getfixturevalue(who))

    assert browser.get(page).status_code == code


@pytest.mark.parametrize("who", ["bob", "erin", "frank", "grace"])
def test_others_neither_add_nor_find_nor_withdraw(request, browser_of, project, who):
    term = TermFactory(project=project)
    browser = browser_of(request.getfixturevalue(who))

    codes = [
        add(browser, project).status_code,
        browser.post(FIND, {"name": "x"}).status_code,
        withdraw(browser, term, confirmed="yes").status_code,
        browser.get(
            reverse("admin:annotation_term_change", args=[term.pk])
        ).status_code,
    ]

    assert codes == [403] * 4
    assert list(Term.objects.in_force()) == [term]


def test_an_empty_dictionary_says_what_it_is_for(browser_of, alice):
    page = browser_of(alice).get(LIST).content.decode()

    assert "No names yet" in page
    assert "stored encrypted" in page
    assert f'href="{ADD}"' in page


def test_names_are_added_and_shown_and_nowhere_else(browser_of, alice, project):
    browser = browser_of(alice)

    answer = add(browser, project, names=f"{NAME}\n\nInitech\numbrella freight\n")
    page = browser.get(answer["Location"])

    assert answer.status_code == 302
    text = page.content.decode()
    assert NAME in text
    assert "Initech" in text
    assert "Added to NOC: 2, 1 known already." in text
    assert "sanitized again" in text
    assert "no-store" in page["Cache-Control"]
    assert NAME not in answer["Location"]
    assert not LogEntry.objects.exists()


def test_a_file_is_taken_like_names(browser_of, alice, project):
    content = b"kind,name\npeople,Priya Raman\nhostnames,fra1-core-rtr01\n"

    answer = add(
        browser_of(alice), project, names="", file=SimpleUploadedFile("n.csv", content)
    )

    assert answer.status_code == 302
    assert set(Term.objects.values_list("kind", flat=True)) == {"people", "hostnames"}


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"names": ""}, "Write names here or choose a file."),
        ({"names": f"{NAME}\nx"}, "Line 2: a name needs two letters or digits."),
        ({"kind": "suppliers"}, "Select a valid choice"),
        ({"file": SimpleUploadedFile("n.csv", b"kind,name\nx,y\n")}, "choose one"),
        (
            {"names": "", "file": SimpleUploadedFile("n.csv", b"a,b\nc,d\n")},
            "columns kind and name",
        ),
        (
            {"names": "", "file": SimpleUploadedFile("n.csv", b"x" * (8 << 20) + b"x")},
            "larger than 8 MiB",
        ),
    ],
)
def test_what_cannot_be_added_is_said_beside_the_field(
    browser_of, alice, project, wish, words
):
    answer = add(browser_of(alice), project, **wish)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Term.objects.exists()


def test_no_name_is_added_to_a_project_of_others(browser_of, alice):
    other = ProjectFactory(slug="secret", name="Secret team")

    answer = add(browser_of(alice), other)

    assert answer.status_code == 422
    assert "Secret team" not in answer.content.decode()
    assert not Term.objects.exists()


def test_rows_of_other_projects_cannot_be_seen(browser_of, alice, project):
    other = TermFactory(project=ProjectFactory(), name="Hidden Customer")
    mine = TermFactory(project=project, name="Known Customer")
    MembershipFactory(user=alice, project=other.project, role="READER")
    browser = browser_of(alice)

    page = browser.get(LIST).content.decode()
    found = browser.post(FIND, {"name": "hidden customer"}, follow=True)
    withdraw(browser, other, mine, confirmed="yes")

    assert "Known Customer" in page
    assert "Hidden Customer" not in page
    assert "does not hold that name" in found.content.decode()
    assert list(Term.objects.in_force()) == [other]


def test_a_name_is_looked_for_without_standing_in_the_address(
    browser_of, alice, project
):
    TermFactory(project=project, name=NAME)
    TermFactory(project=project, name="Initech Networks")
    browser = browser_of(alice)

    answer = browser.post(FIND, {"name": "UMBRELLA-freight"})
    page = browser.get(answer["Location"]).content.decode()

    assert "umbrella" not in answer["Location"].lower()
    assert NAME in page
    assert "Initech" not in page
    assert "Show all" in page


def test_looking_for_a_name_is_a_post(browser_of, alice):
    assert browser_of(alice).get(FIND, {"name": "x"}).status_code == 405


def test_a_name_is_withdrawn_after_a_question(browser_of, alice, project):
    term = TermFactory(project=project, name=NAME)
    browser = browser_of(alice)

    asked = withdraw(browser, term)
    still = Term.objects.in_force().count()
    done = withdraw(browser, term, confirmed="yes")

    term.refresh_from_db()
    assert NAME in asked.content.decode()
    assert still == 1
    assert done.status_code == 302
    assert term.withdrawn_at is not None
    entry = LogEntry.objects.get()
    assert entry.user == alice
    assert NAME not in str(LogEntry.objects.values().get())


def test_all_rows_of_a_filtered_list_can_be_withdrawn_at_once(
    browser_of, alice, project
):
    terms = TermFactory.create_batch(60, project=project)
    browser = browser_of(alice)

    asked = withdraw(browser, terms[0], select_across="1").content.decode()
    withdraw(browser, terms[0], select_across="1", confirmed="yes")

    assert "These 60 are withdrawn" in asked
    assert "and 40 more" in asked
    assert asked.count('name="_selected_action"') == 1
    assert not Term.objects.in_force().exists()


def test_what_is_withdrawn_already_is_not_asked_about(browser_of, alice, project):
    term = TermFactory(project=project, withdrawn_at="2026-01-01T00:00:00Z")

    answer = browser_of(alice).post(
        LIST, {"action": "withdraw", "_selected_action": [term.pk]}, follow=True
    )

    assert "None of the chosen is in force." in answer.content.decode()


def test_the_page_of_a_name_offers_to_withdraw_it_and_nothing_to_edit(
    browser_of, alice, project
):
    term = TermFactory(project=project, name=NAME)
    url = reverse("admin:annotation_term_change", args=[term.pk])
    browser = browser_of(alice)

    page = browser.get(url).content.decode()
    posted = browser.post(url, {"kind": "people"})

    assert NAME in page
    assert 'form="withdraw-form"' in page
    assert 'name="kind"' not in page
    assert posted.status_code == 403


def test_a_name_under_a_key_that_is_gone_does_not_break_the_list(
    browser_of, alice, project, settings
):
    TermFactory(project=project, name=NAME)
    project.key_id = "gone"
    project.save()

    page = browser_of(alice).get(LIST)
    found = browser_of(alice).post(FIND, {"name": NAME}, follow=True)

    assert page.status_code == 200
    assert "The key gone is not set" in page.content.decode()
    assert "The key gone is not set" in found.content.decode()


def test_error_reports_do_not_carry_names(rf: RequestFactory, alice, monkeypatch):
    """What a report would show of the request is asked of Django's own filter."""
    request = rf.post(ADD, {"names": NAME, "kind": "customers"})
    request.user = alice

    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(pages, "projects_allowing", broken)
    with pytest.raises(RuntimeError):
        pages.admin.site._registry[Term].add_view(request)
    shown = SafeExceptionReporterFilter().get_post_parameters(request)

    assert shown["kind"] == "customers"
    assert NAME not in str(shown)


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_costs_the_same_queries_at_any_length(
    browser_of, alice, project, django_assert_max_num_queries, count
):
    TermFactory.create_batch(count, project=project, added_by=UserFactory())
    browser = browser_of(alice)

    with django_assert_max_num_queries(12):
        page = browser.get(LIST)

    assert page.content.decode().count("Customer 0") == count


def test_adding_names_costs_the_same_queries_at_any_length(
    project, django_assert_max_num_queries
):
    names = [f"Customer {number:04d} Networks" for number in range(400)]

    with django_assert_max_num_queries(10):
        dictionary.add_terms(project=project, kind="customers", names=names, by=None)

    assert Term.objects.count() == 400
