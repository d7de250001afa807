"""The cast: people with roles in one project, and their browsers.

Alice leads the project, Bob is a senior labeling engineer, Carol a junior, Dana a
principal, Erin an ML engineer, Frank an integration account, Grace may only read,
Mallory is staff elsewhere and has no access here.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client
from hypothesis import settings as hypothesis_settings

from annotation.models import Membership, Project, Reviewer
from annotation.services import access, sanitizing
from tests.factories import (
    MembershipFactory,
    ProjectFactory,
    ReviewerFactory,
    UserFactory,
)

# Times say more about the machine than about the code. Where every part is required the
# same examples are drawn each time, so that a run can be repeated.
hypothesis_settings.register_profile(
    "netft",
    deadline=None,
    derandomize=os.environ.get("NETFT_REQUIRE_ALL") == "True",
)
hypothesis_settings.load_profile("netft")

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


_ROLE_MIGRATIONS = (
    ("annotation", "0007_roles"),
    ("annotation", "0015_preference_roles"),
    ("training", "0004_roles"),
    ("training", "0006_economics_roles"),
    ("evaluation", "0003_roles"),
)
USES_DATABASE = {"db", "transactional_db", "project", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only",
        action="store_true",
        help="run only tests that use the database (for a second database engine)",
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    if not config.getoption("--database-only"):
        return
    # What a browser shows does not depend on the engine; the pages' own tests run.
    kept = [
        item
        for item in items
        if _uses_database(item) and not item.get_closest_marker("browser")
    ]
    config.hook.pytest_deselected(items=[i for i in items if i not in set(kept)])
    items[:] = kept


def _uses_database(item: pytest.Item) -> bool:
    names = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or names & USES_DATABASE)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The measurement data beside the repository; absent on a user's machine."""
    if not SHARED.is_dir():
        pytest.skip("the measurement data is not beside this checkout")
    return SHARED


def missing(part: str, reason: str) -> None:
    """Skip for want of an optional part, or fail where all parts are required."""
    if os.environ.get("NETFT_REQUIRE_ALL") == "True":
        pytest.fail(f"{part} is required here but missing: {reason}")
    pytest.skip(f"{part} is missing: {reason}")


@pytest.fixture(autouse=True)
def _own_data_dir(settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "var"
    settings.DATA_DIR.mkdir()


@pytest.fixture(autouse=True)
def _own_sanitizers() -> None:
    # Kept by project and knowledge version, which every test counts from one again.
    sanitizing._sanitizers.clear()


@pytest.fixture(autouse=True)
def _roles(request: pytest.FixtureRequest) -> None:
    """Restore the groups that the flush after a transactional test takes away."""
    if not _uses_database(request.node):
        return
    transactional = "transactional_db" in request.fixturenames
    request.getfixturevalue("transactional_db" if transactional else "db")
    cache.clear()
    if not Group.objects.exists():
        for app, name in _ROLE_MIGRATIONS:
            groups = import_module(f"{app}.migrations.{name}").GROUPS
            import_module("annotation.migrations.0007_roles").grant(apps, app, groups)
    # As in a process that has served before: counted queries are the page's own.
    access.roles_granting("annotation.add_review")


@pytest.fixture
def project(db) -> Project:
    return ProjectFactory(slug="noc", name="NOC")


def _person(project: Project, name: str, role: str, grade: str) -> User:
    user = UserFactory(username=name, is_staff=True)
    MembershipFactory(user=user, project=project, role=role)
    ReviewerFactory(user=user, name=name, grade=grade)
    return user


@pytest.fixture
def alice(project: Project) -> User:
    return _person(project, "alice", Membership.Role.LEAD, "PRINCIPAL")


@pytest.fixture
def bob(project: Project) -> User:
    return _person(project, "bob", Membership.Role.SENIOR, "SENIOR")


@pytest.fixture
def carol(project: Project) -> User:
    return _person(project, "carol", Membership.Role.REVIEWER, "JUNIOR")


@pytest.fixture
def dana(project: Project) -> User:
    return _person(project, "dana", Membership.Role.SENIOR, "PRINCIPAL")


@pytest.fixture
def erin(project: Project) -> User:
    return _person(project, "erin", Membership.Role.ML, "ENGINEER")


@pytest.fixture
def frank(project: Project) -> User:
    return _person(project, "frank", Membership.Role.INTEGRATION, "ENGINEER")


@pytest.fixture
def grace(project: Project) -> User:
    return _person(project, "grace", Membership.Role.READER, "ENGINEER")


@pytest.fixture
def mallory(db) -> User:
    elsewhere = ProjectFactory(slug="elsewhere")
    return _person(elsewhere, "mallory", Membership.Role.LEAD, "PRINCIPAL")


@pytest.fixture
def browser_of():
    """Return a test client signed in as somebody."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def reviewer_of():
    """Return the reviewer row of a user."""

    def find(user: User) -> Reviewer:
        return Reviewer.objects.get(user=user)

    return find
