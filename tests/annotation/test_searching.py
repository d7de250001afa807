"""Full-text search: the same answers on SQLite and PostgreSQL, and no bad input."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.domain.search_words import LONGEST, MOST_TERMS, parse_words
from annotation.models import Record
from tests.factories import RecordFactory

pytestmark = pytest.mark.django_db

CORPUS = {
    "loop": ("Spanning tree loop", "Port Gi1/0/5 is flapping on the access switch."),
    "bgp": ("BGP session down", "Peer 192.0.2.7 went idle; hold timer expired."),
    "wifi": ("Wireless clients drop", "Tree of access points, spanning two floors."),
    "host": ("Core ZHOST_A7KQ2MNBVCX3D", "Fan alarm. Part no. WS-C3850-24T-E."),
    "umlaut": ("Störung in Zürich", "Der Zugang fällt aus, 1e5 errors, 3com hub."),
    "empty": ("", ""),
}
LATER = {
    "bgp": ("Replaced the optic.", [{"text": 'Carrier said "dirty\nfibre" at splice'}]),
    "wifi": ("Rogue radio", [{"text": "moved"}, {"role": "noc", "text": None}]),
}
ANSWERS = {
    "spanning tree": {"loop", "wifi"},
    '"spanning tree"': {"loop"},
    '"spanning tree': {"loop"},
    "SPANNING -wireless": {"loop"},
    "-access": {"bgp", "host", "umlaut", "empty"},
    "-access -bgp": {"host", "umlaut", "empty"},
    "flap*": {"loop"},
    "flap": set(),
    "gi1/0/5": {"loop"},
    "Gi1/0": {"loop"},
    "gi1/0/*": {"loop"},
    "192.0.2.7": {"bgp"},
    "192.0.2": {"bgp"},
    "0.192": set(),
    "ZHOST_A7KQ2MNBVCX3D": {"host"},
    "a7k*": {"host"},
    "ws-c3850-24t-e": {"host"},
    "störung": {"umlaut"},
    "STÖRUNG": {"umlaut"},
    "1e5": {"umlaut"},
    "3com": {"umlaut"},
    '"tree loop port"': set(),
    '"drop tree"': set(),
    '"spanning tre"*': {"loop"},
    "": set(CORPUS),
    '* - "" \'': set(CORPUS),
    "OR AND NOT NEAR": set(),
}
LATER_ANSWERS = {
    "optic": {"bgp"},
    '"dirty fibre"': {"bgp"},
    "nfibre": set(),
    "rogue moved": {"wifi"},
    "noc": set(),
    "text": set(),
    "bgp -optic": set(),
}


@pytest.fixture
def corpus(project):
    for name, (title, body) in CORPUS.items():
        resolution, thread = LATER.get(name, ("", []))
        RecordFactory(
            project=project,
            external_id=name,
            title=title,
            body=body,
            resolution=resolution,
            thread=thread,
        )
    return Record.objects.of(project)


def found(records, typed: str, *, with_later_facts: bool = False) -> set[str]:
    matched = records.matching(parse_words(typed), with_later_facts=with_later_facts)
    return set(matched.values_list("external_id", flat=True))


@pytest.mark.parametrize("typed", ANSWERS)
def test_the_same_words_find_the_same_records_on_both_databases(corpus, typed):
    assert found(corpus, typed) == ANSWERS[typed]


@pytest.mark.parametrize("typed", LATER_ANSWERS)
def test_later_facts_are_searched_only_where_asked(corpus, typed):
    assert found(corpus, typed, with_later_facts=True) == LATER_ANSWERS[typed]
    assert found(corpus, typed) == ({"bgp"} if typed == "bgp -optic" else set())


def test_a_phrase_never_spans_two_texts(corpus):
    assert not found(corpus, '"loop port"', with_later_facts=True)
    assert not found(corpus, '"expired replaced"', with_later_facts=True)


def test_relevance_puts_a_title_before_a_body(corpus, project):
    RecordFactory(
        project=project, external_id="late", title="x", body="bgp " + "a " * 90
    )

    best = corpus.by_relevance(parse_words("bgp"), with_later_facts=False)

    assert [one.external_id for one in best] == ["bgp", "late"]


def test_relevance_counts_no_words_that_came_later(corpus, project):
    RecordFactory(
        project=project, external_id="told", title="bgp", resolution="bgp " * 50
    )

    best = corpus.by_relevance(parse_words("bgp optic"), with_later_facts=False)

    assert not list(best)


def test_relevance_narrows_within_what_was_filtered_before(corpus, project):
    RecordFactory(project=project, state="EXCLUDED", title="bgp", external_id="out")

    best = corpus.open().by_relevance(parse_words("bgp"), with_later_facts=False)

    assert [one.external_id for one in best] == ["bgp"]


@given(typed=st.text(max_size=60) | st.text("\"*-()':&|! {}^ab1_\\\0", max_size=40))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_input_breaks_either_database(corpus, typed):
    words = parse_words(typed)

    for with_later_facts in (True, False):
        list(corpus.matching(words, with_later_facts=with_later_facts))
        list(corpus.by_relevance(words, with_later_facts=with_later_facts))


@given(typed=st.text())
def test_every_word_is_letters_and_digits_and_few(typed):
    words = parse_words(typed)

    terms = [*words.wanted, *words.unwanted]
    assert len(terms) <= MOST_TERMS
    assert all(word.isalnum() or word for term in terms for word in term.words)
    assert not any(
        sign in word for term in terms for word in term.words for sign in "\"'*\\\0 "
    )


@pytest.mark.parametrize("typed", ["𠀀" * 3000, "x" * 9000, '"a ' * 400, "zz* " * 300])
def test_long_input_is_cut_and_not_refused(corpus, typed):
    assert not found(corpus, typed)
    assert sum(len(w) for t in parse_words(typed).wanted for w in t.words) <= LONGEST


@given(
    text=st.text("abe15. /-_xé", min_size=1, max_size=25),
)
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_text_is_found_by_itself(project, text):
    record = RecordFactory(project=project, body=f"before {text} after", title="")

    assert record.pk in set(
        Record.objects.of(project)
        .matching(parse_words(f'"{text}"'), with_later_facts=False)
        .values_list("pk", flat=True)
    )


def test_the_index_is_used(corpus, project):
    """Few matches among many records are not found by reading them all."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no other way than its index")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("ANALYZE annotation_record")

    plan = Record.objects.matching(parse_words("bgp"), with_later_facts=True)

    assert "record_full_text" in plan.order_by().values("pk").explain()


def test_the_database_plans_a_search_for_its_words_however_often_it_was_asked(corpus):
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL keeps plans")
    found = Record.objects.matching(parse_words("bgp"), with_later_facts=True)

    statement, values = found.order_by().values("pk").query.sql_with_params()

    assert "to_tsquery('simple', '(''bgp'')')" in statement
    assert values == ()


@pytest.mark.parametrize("typed", ["100% %s bgp", "o'brien bgp", "bgp \\' OR 1=1"])
def test_what_is_typed_stays_words(corpus, project, typed):
    found = Record.objects.of(project).matching(
        parse_words(typed), with_later_facts=True
    )

    assert list(found) == []
