"""Names and versions: which names are taken, and what a reference means."""

from __future__ import annotations

import pytest

from netft_site.base.refusals import Refused
from tests.factories import ProjectFactory
from tests.training.built import EASY, build
from tests.training.worlds import settle_many
from training.models import Dataset
from training.services.datasets import building
from training.services.datasets.resolving import resolve_dataset

pytestmark = pytest.mark.django_db


class TestResolving:
    """References: the newest frozen version, never a guess."""

    def test_the_newest_frozen_version_answers(self, project):
        settle_many(project, 30)
        build(project)
        newest = build(project, seed=2)
        building.start(project=project, name="triage", recipe={}, in_background=False)

        assert resolve_dataset("triage") == newest
        assert resolve_dataset("noc/triage@1").version == 1
        assert resolve_dataset("triage", frozen_only=False).version == 3

    def test_a_name_in_two_projects_is_refused(self, project):
        for slug in ("one", "two"):
            other = ProjectFactory(slug=slug)
            building.start(project=other, name="x", recipe={}, in_background=False)

        with pytest.raises(Refused) as caught:
            resolve_dataset("x")

        assert caught.value.code == "ambiguous_dataset"
        assert resolve_dataset("two/x", frozen_only=False).project.slug == "two"

    @pytest.mark.parametrize(
        "reference", ["", "nope", "triage@7", "triage@x", "a/b/c@"]
    )
    def test_an_unknown_reference_is_refused(self, project, reference):
        with pytest.raises(Refused) as caught:
            resolve_dataset(reference)

        assert caught.value.code == "no_such_dataset"


def test_a_build_under_way_is_continued_not_doubled(project):
    settle_many(project, 30)

    first = building.start(project=project, name="x", recipe=EASY, in_background=False)
    second = building.start(project=project, name="x", recipe=EASY, in_background=False)
    third = building.start(project=project, name="x", recipe={}, in_background=False)

    assert first == second
    assert (first.version, third.version) == (1, 2)


@pytest.mark.parametrize("name", ["", "a b", "../up", "x" * 81, "naïve"])
def test_a_name_that_is_no_slug_is_refused(project, name):
    with pytest.raises(Refused) as caught:
        building.start(project=project, name=name, recipe={}, in_background=False)

    assert caught.value.code == "bad_name"
    assert not Dataset.objects.exists()
