"""Walls between projects: a role in one project opens nothing of another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from annotation.models import (
    ApiToken,
    ColumnMapping,
    Guidelines,
    ImportBatch,
    Membership,
    Preference,
    Project,
)
from tests.factories import (
    START,
    BulkActFactory,
    DatasetFactory,
    EvaluationFactory,
    GoldFactory,
    MembershipFactory,
    MissedValueFactory,
    ModelVersionFactory,
    ProjectFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    SanitizingRuleFactory,
    TermFactory,
    TrainingRunFactory,
    UserFactory,
    VerdictFactory,
)
from tests.training.priced import price
from training.models import BaseModel

pytestmark = pytest.mark.django_db

Maker = Callable[[Project], Model]


def _run(project: Project) -> Model:
    return TrainingRunFactory(dataset=DatasetFactory(project=project, frozen=True))


def _model(project: Project) -> Model:
    return ModelVersionFactory(run=_run(project), name=f"model-of-{project.slug}")


# A row of every table that shows a project's data, apart from what labelers see too.
MAKERS: dict[str, Maker] = {
    "annotation_review": lambda p: ReviewFactory(
        record__project=p, record__decided_at=START
    ),
    "annotation_verdict": lambda p: VerdictFactory(record__project=p),
    "annotation_importbatch": lambda p: ImportBatch.objects.create(
        project=p, source="UPLOAD", file_name=f"{p.slug}.csv"
    ),
    "annotation_columnmapping": lambda p: ColumnMapping.objects.create(
        project=p, name="itsm"
    ),
    "annotation_reviewer": lambda p: ReviewerFactory(
        user=MembershipFactory(project=p).user
    ),
    "annotation_bulkact": lambda p: BulkActFactory(project=p),
    "annotation_gold": lambda p: GoldFactory(record__project=p),
    "annotation_preference": lambda p: Preference.objects.create(
        record=RecordFactory(project=p),
        chosen="a",
        rejected="b",
        source="x",
        created_at=START,
    ),
    "annotation_missedvalue": lambda p: MissedValueFactory(project=p),
    "annotation_term": lambda p: TermFactory(project=p),
    "annotation_sanitizingrule": lambda p: SanitizingRuleFactory(project=p),
    "training_dataset": lambda p: DatasetFactory(project=p),
    "training_trainingrun": _run,
    "training_modelversion": _model,
    "training_price": price,
    "evaluation_evaluation": lambda p: EvaluationFactory(model_version=_model(p)),
}
# Tables that only leads see.
LEADS_ONLY = {
    "annotation_missedvalue",
    "annotation_columnmapping",
    "annotation_term",
    "annotation_sanitizingrule",
}
LABELERS_TOO: dict[str, Maker] = {
    "annotation_record": lambda p: RecordFactory(project=p),
    "annotation_guidelines": lambda p: Guidelines.objects.create(
        project=p, version=1, markdown="rules"
    ),
    "annotation_project": lambda p: p,
}
# Tables that lead to no project.
OF_NOBODY = {ApiToken, BaseModel}
BY_PROJECT = [
    ("annotation_review", "record__project"),
    ("annotation_verdict", "record__project"),
    ("annotation_record", "project"),
    ("annotation_importbatch", "project"),
    ("annotation_guidelines", "project"),
    ("training_dataset", "project"),
    ("training_trainingrun", "project"),
    ("training_modelversion", "project"),
]


@pytest.fixture
def labeled(db) -> Project:
    return ProjectFactory(slug="labeled", name="Labeled here")


@pytest.fixture
def foreign(db) -> Project:
    return ProjectFactory(slug="foreign", name="Foreign team")


@pytest.fixture
def heidi(project: Project, labeled: Project) -> User:
    """Reads one project and labels another; a lead of neither."""
    user = UserFactory(username="heidi")
    MembershipFactory(user=user, project=project, role=Membership.Role.READER)
    MembershipFactory(user=user, project=labeled, role=Membership.Role.REVIEWER)
    ReviewerFactory(user=user, name="heidi")
    return user


@pytest.fixture
def judy(project: Project, labeled: Project) -> User:
    """Leads one project and labels another."""
    user = UserFactory(username="judy")
    MembershipFactory(user=user, project=project, role=Membership.Role.LEAD)
    MembershipFactory(user=user, project=labeled, role=Membership.Role.REVIEWER)
    return user


def listed(browser: Client, table: str, **asked: object) -> set[int]:
    """The keys of the rows in a list."""
    answer = browser.get(reverse(f"admin:{table}_changelist"), asked)
    assert answer.status_code == 200
    return {row.pk for row in answer.context["cl"].queryset}


def opened(browser: Client, table: str, row: Model) -> bool:
    """Whether the page of a row shows, wherever its address leads."""
    url = reverse(f"admin:{table}_change", args=[row.pk])
    answer = browser.get(url, follow=True)
    at_the_index = answer.request["PATH_INFO"] == reverse("admin:index")
    return answer.status_code == 200 and not at_the_index


def test_every_table_of_the_admin_is_held_against_the_walls():
    ours = {"annotation", "training", "evaluation"}
    tables = {m for m in admin.site._registry if m._meta.app_label in ours}

    found = {f"{m._meta.app_label}_{m._meta.model_name}" for m in tables - OF_NOBODY}

    assert found == MAKERS.keys() | LABELERS_TOO.keys()


@pytest.mark.parametrize("table", MAKERS)
def test_a_labeler_there_reads_nothing_there_by_reading_here(
    project, labeled, foreign, heidi, judy, browser_of, table
):
    browser = browser_of(judy if table in LEADS_ONLY else heidi)
    mine, theirs, others = (MAKERS[table](p) for p in (project, labeled, foreign))

    found = listed(browser, table)

    assert mine.pk in found
    assert not found & {theirs.pk, others.pk}
    assert not opened(browser, table, theirs)
    assert not opened(browser, table, others)


@pytest.mark.parametrize("table", LABELERS_TOO)
def test_what_labelers_may_read_ends_at_projects_without_a_role(
    project, labeled, foreign, heidi, browser_of, table
):
    browser = browser_of(heidi)
    mine, theirs, others = (LABELERS_TOO[table](p) for p in (project, labeled, foreign))

    found = listed(browser, table)

    assert {mine.pk, theirs.pk} <= found
    assert others.pk not in found
    assert opened(browser, table, mine)
    assert opened(browser, table, theirs)
    assert not opened(browser, table, others)


@pytest.mark.parametrize("table", ["annotation_review", "annotation_verdict"])
def test_a_reader_opens_what_they_read(project, heidi, browser_of, table):
    assert opened(browser_of(heidi), table, MAKERS[table](project))


@pytest.mark.parametrize("table", MAKERS | LABELERS_TOO)
def test_a_superuser_sees_every_project(
    project, foreign, django_user_model, browser_of, table
):
    root = django_user_model.objects.create_superuser("root")
    make = (MAKERS | LABELERS_TOO)[table]
    rows = {make(project).pk, make(foreign).pk}

    assert rows <= listed(browser_of(root), table)


@pytest.mark.parametrize(("table", "field"), BY_PROJECT)
def test_the_sidebar_names_no_foreign_project(
    project, labeled, foreign, heidi, browser_of, table, field
):
    also = ProjectFactory(name="Read as well")
    MembershipFactory(user=heidi, project=also, role=Membership.Role.READER)
    make = (MAKERS | LABELERS_TOO)[table]
    for one in (project, also, labeled, foreign):
        make(one)
    browser = browser_of(heidi)

    page = browser.get(reverse(f"admin:{table}_changelist"))
    by_hand = f"{field}__id__exact"

    text = page.content.decode()
    assert f"?{by_hand}={also.pk}" in text
    assert foreign.name not in text
    assert f"?{by_hand}={foreign.pk}" not in text
    if table in MAKERS:
        assert labeled.name not in text
    assert not listed(browser, table, **{by_hand: foreign.pk})


def _source(*projects: Project):
    source = ReviewerFactory(source=True)
    for one in projects:
        ReviewFactory(record__project=one, reviewer=source)
    return source


def _deactivated(browser: Client, reviewer) -> bool:
    """Whether a post that deactivates a reviewer was taken."""
    url = reverse("admin:annotation_reviewer_change", args=[reviewer.pk])
    browser.post(url, {"name": reviewer.name, "grade": "JUNIOR"})
    reviewer.refresh_from_db()
    return not reviewer.is_active


def test_a_lead_changes_a_source_only_if_it_labels_for_them_alone(
    project, foreign, judy, browser_of
):
    browser = browser_of(judy)

    assert _deactivated(browser, _source(project))
    assert not _deactivated(browser, _source(project, foreign))
    assert not _deactivated(browser, _source(foreign))
    assert not _deactivated(browser, _source())


def test_a_superuser_changes_any_source(foreign, django_user_model, browser_of):
    root = django_user_model.objects.create_superuser("root")

    assert _deactivated(browser_of(root), _source(foreign))


def test_a_lead_changes_no_people_of_projects_they_only_label_in(
    project, labeled, judy, browser_of
):
    browser = browser_of(judy)
    own, other = (MAKERS["annotation_reviewer"](p) for p in (project, labeled))

    assert _deactivated(browser, own)
    assert not _deactivated(browser, other)


@pytest.mark.parametrize("number", ["abc", "²", "1" * 30, "1" * 5000])
@pytest.mark.parametrize(
    "table", ["training_trainingrun", "training_dataset", "annotation_importbatch"]
)
def test_a_page_of_no_number_is_not_found(project, alice, browser_of, table, number):
    url = reverse(f"admin:{table}_change", args=[number])

    assert browser_of(alice).get(url).status_code == 404


@pytest.mark.parametrize("number", ["²", "abc", "-1", "1" * 30, "1" * 5000])
def test_the_builder_ignores_a_model_dataset_of_no_number(
    project, alice, browser_of, number
):
    url = reverse("admin:training_dataset_builder", args=[project.slug])

    assert browser_of(alice).get(url, {"like": number}).status_code in {200, 422}


def test_the_builder_takes_no_recipe_of_another_project(
    project, foreign, alice, browser_of
):
    theirs = DatasetFactory(project=foreign, name="secret-name")
    url = reverse("admin:training_dataset_builder", args=[project.slug])

    page = browser_of(alice).get(url, {"like": theirs.pk})

    assert b"secret-name" not in page.content


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize("table", ["annotation_review", "annotation_verdict"])
def test_the_lists_cost_the_same_for_few_and_many_rows(
    project, heidi, browser_of, django_assert_max_num_queries, table, count
):
    for _ in range(count):
        MAKERS[table](project)
    browser = browser_of(heidi)

    with django_assert_max_num_queries(13):
        found = listed(browser, table)

    assert len(found) == count
