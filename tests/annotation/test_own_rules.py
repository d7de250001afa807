"""Rules of a project's own: what they must pass, and what they do once saved."""

from __future__ import annotations

from itertools import count

import pytest
from django.utils import timezone

from annotation.domain.sanitize import Keyring, Knowledge, OwnRule
from annotation.domain.sanitize import own_rules as judging
from annotation.domain.sanitize.resolve import _RANK
from annotation.models import Record, SanitizingRule
from annotation.services import dictionary, importing, own_rules, rule_pace
from tests.annotation.sanitizing import KEY
from tests.factories import ProjectFactory, RecordFactory

pytestmark = pytest.mark.django_db
PATTERN = r"\bCTR-\d{6}\b"


def save(project, **changed):
    given = {
        "name": "contract",
        "span_type": "circuit",
        "pattern": PATTERN,
        "must": ["see CTR-123456 of last year"],
        "must_not": ["CTR-12 is a part number"],
        "by": None,
        "now": timezone.now(),
    }
    return own_rules.save_rule(project=project, **{**given, **changed})


def refused(project, **changed) -> list[tuple[str, str]]:
    """The parts and words of what is wrong with a rule; nothing is saved."""
    before = SanitizingRule.objects.count()
    with pytest.raises(own_rules.RuleRefused) as refusal:
        save(project, **changed)
    assert SanitizingRule.objects.count() == before
    return [tuple(flaw) for flaw in refusal.value.flaws]


def read(project, text):
    importing.add(
        project=project,
        rows=[{"external_id": f"T{Record.objects.count()}", "body": text}],
        now=timezone.now(),
    )
    return Record.objects.latest("pk").body


def test_an_import_after_saving_a_rule_uses_it(project, alice):
    before = read(project, "the first ticket about CTR-471199 and more")

    rule = save(project, by=alice)

    after = read(project, "the second ticket about CTR-471199 and more")
    assert "CTR-471199" in before
    assert "CTR-471199" not in after
    assert "ZCKT_" in after
    assert rule.created_by == alice


def test_a_withdrawn_rule_finds_nothing_more(project, alice):
    rule = save(project)

    own_rules.withdraw_rule(rule=rule, by=alice, now=timezone.now())
    own_rules.withdraw_rule(rule=rule, by=alice, now=timezone.now())

    project.refresh_from_db()
    assert project.knowledge_version == 2
    assert "CTR-471199" in read(project, "one ticket about CTR-471199")


def test_a_new_version_takes_the_place_of_the_old_one(project):
    old = save(project)

    new = save(project, pattern=r"\bCTR-\d{6,8}\b")

    old.refresh_from_db()
    assert old.withdrawn_at is not None
    assert old.pattern == PATTERN
    assert list(SanitizingRule.objects.in_force()) == [new]


def test_rules_of_other_projects_with_the_same_name_stay(project):
    other = save(ProjectFactory())

    save(project)

    other.refresh_from_db()
    assert other.withdrawn_at is None


@pytest.mark.parametrize(
    ("changed", "part", "words"),
    [
        ({"pattern": "("}, "pattern", "RE2 cannot read it"),
        ({"pattern": "(?=x)CTR"}, "pattern", "RE2 cannot read it"),
        ({"pattern": r"(CTR)\1"}, "pattern", "RE2 cannot read it"),
        ({"pattern": r"(CTR-\d{6})?"}, "pattern", "empty text"),
        ({"pattern": r"CTR-(?P<n>\d{6})"}, "pattern", "named groups"),
        ({"pattern": ""}, "pattern", "between 1 and 500"),
        ({"pattern": "x" * 501}, "pattern", "between 1 and 500"),
        ({"name": "  "}, "name", "between 1 and 60"),
        ({"span_type": "contract"}, "span_type", "no such type"),
        ({"must": []}, "must", "At least one line"),
        ({"must": ["CTR-123456", "CTR-1"]}, "must", "Line 2 of the lines that must"),
        ({"must_not": ["a", "CTR-123456"]}, "must_not", "Line 2"),
        ({"must": ["CTR-123456"] * 51}, "must", "At most 50 lines"),
        ({"must": ["CTR-123456" * 51]}, "must", "500 characters"),
        ({"pattern": r"^CTR-\d{6}"}, "must", "does not"),
        ({"pattern": r"^see CTR-\d{6}"}, "must", "only as the whole text"),
        ({"span_type": "ipv4"}, "span_type", "no such type"),
    ],
)
def test_a_rule_is_refused_at_the_part_that_is_wrong(project, changed, part, words):
    flaws = refused(project, **changed)

    assert [flaw[0] for flaw in flaws] == [part]
    assert words in flaws[0][1]


def test_all_lines_that_are_wrong_are_told_at_once(project):
    flaws = refused(project, must=["a", "CTR-123456", "b"], must_not=["CTR-123456"])

    assert [words.split(" of")[0] for _, words in flaws] == [
        "Line 1",
        "Line 3",
        "Line 1",
    ]


def test_lines_may_mean_lines(project):
    rule = save(project, pattern=r"(?m)^see CTR-\d{6}")

    assert rule.pk


def test_known_names_do_not_stand_in_a_rule(project):
    dictionary.add_terms(
        project=project, kind="customers", names=["Umbrella Freight"], by=None
    )

    flaws = refused(
        project,
        name="umbrella freight numbers",
        must=["CTR-123456 of Umbrella Freight"],
        must_not=["mail noc@umbrellafreight.example"],
    )

    assert [flaw[0] for flaw in flaws] == ["name", "must", "must_not"]
    assert "mbrella" not in str(flaws)


def test_a_rule_by_which_something_found_gets_lost_is_refused(project):
    """Cards and phones would become secrets: found, but no longer as what they are."""
    flaws = refused(
        project,
        span_type="cred",
        pattern=r"\b(?:\d[ -]?){12,19}\b",
        must=["number 1234 5678 9012 3456"],
        must_not=[],
    )

    assert flaws[0][0] == "pattern"
    assert "would no longer be found as what they are" in flaws[0][1]


def test_a_rule_that_changes_bundled_clean_texts_is_refused(project):
    flaws = refused(
        project,
        pattern=r"\bvlan \d+",
        must=["vlan 100"],
        must_not=[],
    )

    assert "that must stay" in flaws[0][1]


def test_the_ratchet_lets_a_harmless_rule_pass_and_counts_the_same_recall():
    ratchet = judging.turn_ratchet(
        Keyring(KEY), Knowledge(), OwnRule("contract", "circuit", PATTERN)
    )

    assert ratchet.caught == ratchet.caught_before
    assert ratchet.caught > 0.95 * ratchet.examples
    assert (ratchet.lost, ratchet.changed) == ((), ())
    assert list(judging.flaws_of_ratchet(ratchet)) == []


def test_a_rule_for_words_is_refused_on_the_projects_own_texts(project):
    RecordFactory.create_batch(60, project=project, body="the quux is down. " * 120)

    flaws = refused(project, pattern="quux", must=["the quux is here"], must_not=[])

    assert flaws[0][0] == "pattern"
    assert "times in a MB" in flaws[0][1]


def test_a_few_records_do_not_say_how_often_a_rule_matches(project):
    RecordFactory(project=project, title="", body="CTR-123456 CTR-123457")

    rule = save(project)

    assert rule.measured["matches"] == 2
    assert rule.measured["matches_per_mb"] > rule_pace.MOST_MATCHES_PER_MB


def test_what_is_replaced_already_does_not_count_as_a_match(project):
    read(project, "mail jane.doe@example.org about the contract")

    rule = save(
        project,
        pattern=r"\b(?:ZMAIL|CTR)[_-]\w{6,20}\b",
        must=["CTR-123456"],
        must_not=[],
    )

    assert rule.measured["bytes"] > 0
    assert rule.measured["matches"] == 0


def test_a_slow_rule_is_refused(project):
    ticks = count()

    flaws = refused(project, clock=lambda: next(ticks) * 0.3)

    assert {part for part, _ in flaws} == {"pattern"}
    assert any("ms for a MB" in words for _, words in flaws)


def test_a_rule_whose_time_grows_with_the_square_is_refused_on_a_crowded_line(project):
    flaws = refused(
        project, pattern=r"CTR-.*ZZZ|CTR-\d{6}", must=["see CTR-123456"], must_not=[]
    )

    assert len(flaws) == 1
    assert "on one line full of matches" in flaws[0][1]


def test_what_was_measured_is_kept(project):
    RecordFactory.create_batch(3, project=project, body="one CTR-123456 in it")

    measured = save(project).measured

    assert measured["matches"] == 3
    assert measured["clean_changed"] == 0
    assert 0.9 < measured["recall_before"] <= measured["recall"] <= 1
    assert 0 < measured["ms_per_mb"] < rule_pace.MOST_MS_PER_MB
    assert 0 < measured["crowded_ms_per_mb"] < rule_pace.MOST_CROWDED_MS_PER_MB


def test_texts_of_other_projects_and_held_ones_are_not_measured(project):
    RecordFactory(project=ProjectFactory(), body="CTR-123456")
    RecordFactory(project=project, state="HELD", title="", body="")

    assert save(project).measured["bytes"] == 0


def test_a_project_has_so_many_rules_and_no_more(project, monkeypatch):
    monkeypatch.setattr(own_rules, "MOST_RULES", 1)
    save(project)

    flaws = refused(project, name="another")
    newer = save(project)

    assert "at most 1 rules" in flaws[0][1]
    assert newer.pk


def test_a_preview_shows_where_and_changes_nothing(project):
    for number in range(3):
        RecordFactory(
            project=project,
            external_id=f"INC{number}",
            title="link",
            body=f"{'word ' * 30}CTR-12345{number} {'more ' * 30}",
        )
    RecordFactory(project=project, body="nothing of the kind")
    RecordFactory(project=ProjectFactory(), body="CTR-999999")

    shown = own_rules.preview(project=project, span_type="circuit", pattern=PATTERN)

    assert (shown.records, shown.changed, shown.matches) == (4, 3, 3)
    assert [hit.match for hit in shown.hits] == [
        "CTR-123452",
        "CTR-123451",
        "CTR-123450",
    ]
    assert shown.hits[0].before.startswith("…")
    assert shown.hits[0].after.endswith("…")
    assert shown.is_complete
    assert not SanitizingRule.objects.exists()


def test_a_preview_counts_more_than_it_shows(project):
    RecordFactory(project=project, body="CTR-123456 " * 100)

    shown = own_rules.preview(project=project, span_type="circuit", pattern=PATTERN)

    assert (shown.matches, len(shown.hits)) == (100, own_rules.SHOWN)


def test_a_slow_preview_stops_and_says_so(project):
    RecordFactory.create_batch(3, project=project)
    ticks = count()

    shown = own_rules.preview(
        project=project,
        span_type="circuit",
        pattern=PATTERN,
        clock=lambda: next(ticks) * 5.0,
    )

    assert (shown.records, shown.is_complete) == (1, False)


def test_every_type_a_rule_can_have_is_one_that_the_engine_ranks():
    assert set(judging.TYPES) <= set(_RANK)
