"""Projects are created with their lead, or refused."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings

from annotation.services import projects
from netft_site.base.refusals import Refused
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_a_project_is_created_with_its_lead(db):
    user = UserFactory()

    project = projects.create(
        slug="noc", levels=["p1", "p2", "p3"], reviews_wanted=3, user=user
    )

    assert project.scale.keys == ("p1", "p2", "p3")
    assert project.key_id == django_settings.DEFAULT_KEY_ID
    assert project.memberships.get().role == "LEAD"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"slug": "Has Space"}, "bad_slug"),
        ({"slug": "noc"}, "project_exists"),
        ({"slug": "x", "levels": ["one"]}, "bad_levels"),
        ({"slug": "x", "levels": ["a", "a"]}, "bad_levels"),
        ({"slug": "x", "levels": list("abcdefghij")}, "bad_levels"),
        ({"slug": "x", "reviews_wanted": 0}, "bad_reviews_wanted"),
    ],
)
def test_a_project_that_makes_no_sense_is_refused(project, wish, code):
    with pytest.raises(Refused) as caught:
        projects.create(**wish)

    assert caught.value.code == code
