"""The list of runs: what it costs, and whom it shows what."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories import ModelVersionFactory, TrainingRunFactory
from tests.training.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_asks_the_same_queries_for_few_and_many_runs(
    dataset, erin, browser_of, django_assert_max_num_queries, count
):
    for _ in range(count):
        ModelVersionFactory(run__dataset=dataset)
    client = browser_of(erin)
    address = reverse("admin:training_trainingrun_changelist")

    with django_assert_max_num_queries(12):
        response = client.get(address)

    assert response.status_code == 200
    assert response.content.count(b'class="pill') == count


def test_the_list_shows_only_what_one_may_see(run, erin, mallory, browser_of):
    address = reverse("admin:training_trainingrun_changelist")

    TrainingRunFactory(project=mallory.memberships.get().project)
    mine = text_of(browser_of(erin).get(address))
    theirs = text_of(browser_of(mallory).get(address))

    assert f"Run {run.pk}" in mine
    assert "Train a model" in mine
    assert "Elsewhere" not in mine
    assert f"Run {run.pk}" not in theirs
