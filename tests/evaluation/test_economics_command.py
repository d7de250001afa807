"""`manage.py economics`: the answer on a terminal and as JSON."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.utils import timezone

from evaluation.services.advising import advise, as_shape
from netft_site.base.refusals import Refused
from tests.training.priced import TODAY, save, worked_example

pytestmark = pytest.mark.django_db


def said(*args: str) -> str:
    out = io.StringIO()
    call_command("economics", *args, stdout=out)
    return out.getvalue()


def test_json_is_the_decision_as_the_service_gives_it(project):
    worked_example(project)

    found = json.loads(said("--project", "noc", "--json"))

    assert found == as_shape(advise(project=project, now=timezone.now()))


def test_a_terminal_shows_rules_costs_and_what_lacks_prices(project):
    worked_example(project)
    lost = {"kind": "RETRIEVAL", "answers_by": ["acme", "lost"]}
    save(project, "lost", TODAY | lost)

    shown = said("--project", "noc")

    assert shown.startswith("Not now.")
    assert "tuned" in shown
    assert "9.6" in shown
    assert "lost lacks prices: acme lost: 1M tokens of prompt" in shown


def test_an_empty_project_has_an_answer_and_no_costs(project):
    shown = said("--project", "noc")

    assert shown.startswith("Not known yet.")
    assert "Likely costs" not in shown


def test_an_unknown_project_is_refused(db):
    with pytest.raises(Refused) as refused:
        said("--project", "nowhere")

    assert refused.value.code == "no_such_project"
