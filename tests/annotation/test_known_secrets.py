"""A secret that was found once stands in nothing that people write afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Claim, KnownSecret, Project, SanitizingRule
from annotation.services import adjudicating, leaks, own_rules, reviewing, settling
from annotation.services.answers import Answer
from annotation.services.known_secrets import known_secrets_in, without_known_secrets
from annotation.services.vault import keyring_of
from tests.factories import LeakFactory, ProjectFactory, RecordFactory, ReviewFactory

pytestmark = pytest.mark.django_db

VALUE = "brontal2041kvan"


@pytest.fixture
def token(project) -> str:
    """The pseudonym of VALUE, which the project knows."""
    token = keyring_of(project.key_id).token("snmp", VALUE)
    KnownSecret.objects.create(project=project, token=token)
    return token


@pytest.mark.parametrize(
    "around", ["{}", "we saw {} there", '"{}"', "user:{}@host", "({}), {}", "x={};"]
)
def test_a_known_secret_gives_way_to_its_pseudonym(project, token, around):
    text = around.format(VALUE, VALUE)

    assert without_known_secrets(project, text) == around.format(token, token)
    assert known_secrets_in(project, text)[0] == (
        text.index(VALUE), text.index(VALUE) + len(VALUE), token,
    )  # fmt: skip


def test_other_text_stays_as_it_is(project, token):
    text = "Winter2041x is another word, and so is winter"

    assert without_known_secrets(project, text) == text
    assert known_secrets_in(project, text) == []
    assert known_secrets_in(ProjectFactory(), VALUE) == []


def test_many_words_cost_few_queries(project, token, django_assert_max_num_queries):
    text = " ".join(f"word{number}x" for number in range(300)) + f" {VALUE}"

    with django_assert_max_num_queries(2):
        assert VALUE not in without_known_secrets(project, text)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": f"like {VALUE}"},
        {"pattern": VALUE},
        {"pattern": rf"\b{VALUE}\b|CTR-\d{{6}}"},
        {"pattern": rf"(?:key\s+)?{VALUE}$"},
        {"must": [f"CTR-123456 with {VALUE}"]},
        {"must_not": [f"we saw {VALUE} there"]},
    ],
)
def test_a_rule_of_the_project_holds_no_known_secret(project, token, changed):
    given = {
        "name": "contract",
        "pattern": r"\bCTR-\d{6}\b",
        "must": ["see CTR-123456"],
        "must_not": [],
        **changed,
    }

    with pytest.raises(own_rules.RuleRefused) as refusal:
        own_rules.save_rule(
            project=project, span_type="circuit", by=None, now=timezone.now(), **given
        )

    (part,) = changed
    assert part in {flaw.part for flaw in refusal.value.flaws}
    assert "the project knows" in refusal.value.message
    assert VALUE not in refusal.value.message
    assert not SanitizingRule.objects.exists()


def test_an_escaped_secret_in_a_pattern_is_seen(project):
    value = "bron+2041.kvan"
    token = keyring_of(project.key_id).token("cred", value)
    KnownSecret.objects.create(project=project, token=token)

    with pytest.raises(own_rules.RuleRefused, match="the project knows"):
        own_rules.save_rule(
            project=project, name="contract", span_type="circuit",
            pattern=r"x|bron\+2041\.kvan", must=["x"], by=None, now=timezone.now(),
        )  # fmt: skip


def test_an_answer_is_stored_with_the_pseudonym(project, bob, token):
    now = timezone.now()
    claim = _seat(project, bob, now)

    review = reviewing.submit(
        claim_id=claim.pk,
        reviewer=bob.reviewer,
        answer=Answer("high", response=f"Log in with {VALUE}.", reason=f"saw {VALUE}"),
        now=now,
    )

    assert review.response == f"Log in with {token}."
    assert review.reason == f"saw {token}"


def test_a_seniors_reason_is_stored_with_the_pseudonym(project, dana, token):
    record = RecordFactory(project=project)
    ReviewFactory.create_batch(2, record=record, severity="high")
    settling.settle_records(project=project)

    verdict = adjudicating.decide(
        record=record, reviewer=dana.reviewer, severity="high", reason=f"saw {VALUE}"
    )

    assert verdict.reason == f"saw {token}"


def test_what_was_done_about_a_leak_is_stored_with_the_pseudonym(project, alice, token):
    leak = LeakFactory(record__project=project)

    leaks.settle(
        record=leak.record, because=f"rotated {VALUE}", by=alice, now=timezone.now()
    )

    leak.refresh_from_db()
    assert leak.settled_because == f"rotated {token}"


def _seat(project: Project, user, now) -> Claim:
    return Claim.objects.create(
        project=project,
        record=RecordFactory(project=project),
        reviewer=user.reviewer,
        slot=1,
        opened_at=now,
        expires_at=now + timedelta(hours=1),
    )
