"""The dictionary of names: sealed, found by their hash, replaced from then on."""

from __future__ import annotations

import io
import logging

import pytest
from django.db import connection
from django.utils import timezone

from annotation.models import Record, Term
from annotation.services import dictionary, importing
from annotation.services.knowledge import open_term
from annotation.services.vault import VaultRefused, vault_of
from tests.factories import ProjectFactory, TermFactory

pytestmark = pytest.mark.django_db
NAME = "Umbrella Freight"


def add(project, *names, kind="customers", by=None):
    return dictionary.add_terms(project=project, kind=kind, names=names, by=by)


def read(project, text):
    """Import one ticket and return its body as it is stored."""
    importing.add(
        project=project,
        rows=[{"external_id": f"T{Record.objects.count()}", "body": text}],
        now=timezone.now(),
    )
    return Record.objects.latest("pk").body


def whole_database() -> str:
    """Every row of every table, as the database holds it."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += cursor.fetchall()
    cells = [cell for row in rows for cell in row]
    binary = [bytes(c) for c in cells if isinstance(c, bytes | memoryview)]
    return repr(cells) + repr([cell.decode("latin-1") for cell in binary])


def test_an_import_after_adding_a_name_replaces_it(project, alice):
    before = read(project, "call Umbrella Freight about the first link")

    outcome = add(project, NAME, by=alice)

    after = read(project, "call UMBRELLA-FREIGHT about the second link")
    assert (outcome.added, outcome.known) == (1, 0)
    assert "Umbrella Freight" in before
    assert "umbrella" not in after.lower()
    assert "ZCUST_" in after
    assert Term.objects.get().added_by == alice


def test_a_withdrawn_name_stands_again_and_can_be_added_again(project, alice):
    add(project, NAME)
    read(project, "call Umbrella Freight about the first link")
    term = Term.objects.get()

    dictionary.withdraw_term(term=term, by=alice, now=timezone.now())
    stands = read(project, "call Umbrella Freight about the third link")
    again = add(project, NAME)

    assert "Umbrella Freight" in stands
    assert again.added == 1
    assert "Umbrella" not in read(project, "Umbrella Freight, the fourth link")
    assert Term.objects.in_force().count() == 1


def test_withdrawing_twice_changes_nothing(project, alice):
    add(project, NAME)
    term = Term.objects.get()
    first = timezone.now()
    dictionary.withdraw_term(term=term, by=alice, now=first)
    version = term.project.knowledge_version

    dictionary.withdraw_term(term=term, by=alice, now=timezone.now())

    project.refresh_from_db()
    assert term.withdrawn_at == first
    assert project.knowledge_version == version


def test_every_change_and_only_a_change_bumps_the_knowledge(project):
    versions = []
    for names in ([NAME, "Initech"], [NAME], ["INITECH", "", "umbrella-freight"]):
        add(project, *names)
        project.refresh_from_db()
        versions.append(project.knowledge_version)

    assert versions == [1, 1, 1]
    assert Term.objects.count() == 2


def test_spellings_of_one_name_are_one_name(project):
    outcome = add(project, "Umbrella Freight", "umbrella-freight", "  UmbrellaFREIGHT ")

    assert (outcome.added, outcome.known) == (1, 2)


def test_one_name_can_be_of_two_kinds_and_in_two_projects(project):
    other = ProjectFactory()

    assert add(project, "delta").added == 1
    assert add(project, "delta", kind="users").added == 1
    assert add(other, "delta").added == 1


@pytest.mark.parametrize(
    ("names", "code", "told"),
    [
        (["", "Initech", "x"], "name_too_short", "Line 3"),
        (["-- _ --"], "name_too_short", "Line 1"),
        (["Initech", "a" * 201], "name_too_long", "Line 2"),
        (["Acme ------ Corp"], "name_never_found", "Line 1"),
        ([" ", ""], "no_names", "no name"),
        (["?"] * 12, "name_too_short", "and 2 more"),
    ],
)
def test_names_that_would_do_nothing_are_refused_by_line(project, names, code, told):
    with pytest.raises(dictionary.TermsRefused, match=told) as refusal:
        add(project, *names)

    assert refusal.value.code == code
    assert not Term.objects.exists()


def test_a_refusal_never_quotes_a_name(project):
    with pytest.raises(dictionary.TermsRefused) as refusal:
        add(project, NAME, "Umbrella" * 40)

    assert "Umbrella" not in str(refusal.value)


def test_an_unknown_kind_and_too_many_names_are_refused(project, monkeypatch):
    with pytest.raises(dictionary.TermsRefused, match="no such kind"):
        add(project, NAME, kind="suppliers")

    monkeypatch.setattr(dictionary, "MOST_AT_ONCE", 1)
    with pytest.raises(dictionary.TermsRefused, match="At most 1 names"):
        add(project, NAME, "Initech")


def test_no_name_stands_in_any_table_or_log(project, alice, caplog):
    caplog.set_level(logging.DEBUG)

    add(project, NAME, "Initech", by=alice)
    add(project, "Priya Raman", kind="people", by=alice)
    dictionary.withdraw_term(term=Term.objects.first(), by=alice, now=timezone.now())

    stored = whole_database().lower()
    for part in ("umbrella", "freight", "initech", "priya", "raman"):
        assert part not in stored
        assert part not in caplog.text.lower()
    # The search would find one: it finds what is stored in clear.
    assert project.name.lower() in stored
    assert open_term(vault_of(project.key_id), Term.objects.first()) == NAME


def test_a_name_of_another_project_does_not_open(project):
    term = TermFactory(project=ProjectFactory())
    term.project = project

    with pytest.raises(VaultRefused):
        open_term(vault_of(project.key_id), term)


def test_a_file_brings_names_of_several_kinds(project):
    content = (
        "\ufeffKind;Name\ncustomers;Umbrella Freight\nperson;Priya Raman\n;\n"
        "hostname;fra1-core-rtr01\ncustomers;umbrella freight\n"
    )

    outcome = dictionary.import_terms(
        project=project,
        stream=io.BytesIO(content.replace("\n;\n", "\n\n").encode()),
        by=None,
    )

    assert (outcome.added, outcome.known) == (3, 1)
    kinds = Term.objects.values_list("kind", flat=True)
    assert list(kinds) == ["customers", "people", "hostnames"]
    text = read(project, "Raman, Priya saw FRA1-CORE-RTR01 of Umbrella Freight down")
    assert "Priya" not in text
    assert "FRA1" not in text
    assert "Umbrella" not in text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("name\nUmbrella\n", "columns kind and name"),
        ("kind,name\nsupplier,Umbrella\n", "Row 2: the kind is none of"),
        ('kind,name\ncustomers,"Umbrella\n', "never closed"),
        ("kind,name\n", "no name"),
        ("", "empty"),
        ("kind,name\ncustomers,U\n", "Line 2"),
        ("kind,name\ncustomers,Umbrella,x\n", "Row 2"),
    ],
)
def test_a_bad_file_is_refused_as_a_whole_and_not_quoted(project, content, told):
    with pytest.raises(dictionary.TermsRefused, match=told) as refusal:
        dictionary.import_terms(
            project=project, stream=io.BytesIO(content.encode()), by=None
        )

    assert "Umbrella" not in str(refusal.value)
    assert not Term.objects.exists()


def test_a_name_is_found_by_its_hash_in_any_spelling(project):
    add(project, NAME, "Initech")

    found = dictionary.find_terms(projects=[project], name="UMBRELLA freight")

    assert Term.objects.filter(value_hmac__in=found).count() == 1
    assert dictionary.find_terms(projects=[project], name="  ") == []
    none = dictionary.find_terms(projects=[project], name="Umbrella")
    assert not Term.objects.filter(value_hmac__in=none).exists()
