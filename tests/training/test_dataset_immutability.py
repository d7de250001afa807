"""A frozen dataset stays as it is, whoever tries to change it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from netft_site.base.files import sha256_of
from tests.training.built import build
from tests.training.worlds import settle_many
from training.models import Dataset, SplitAssignment
from training.querysets.datasets import FrozenDataset
from training.services.datasets import building, folders

pytestmark = pytest.mark.django_db


class TestImmutability:
    """A frozen dataset cannot be changed through any door of the ORM."""

    @pytest.fixture
    def frozen(self, project) -> Dataset:
        settle_many(project, 30)
        return build(project)

    @pytest.mark.parametrize(
        "attempt",
        [
            lambda d: d.save(),
            lambda d: d.delete(),
            lambda d: Dataset.objects.filter(pk=d.pk).update(status="FAILED"),
            lambda d: Dataset.objects.all().delete(),
            lambda d: d.examples.update(label="low"),
            lambda d: d.examples.all().delete(),
            lambda d: d.examples.first().save(),
            lambda d: d.examples.first().delete(),
        ],
    )
    def test_it_refuses_to_change(self, frozen, attempt):
        before = Dataset.objects.values().get()

        with pytest.raises(FrozenDataset):
            attempt(frozen)

        assert Dataset.objects.values().get() == before
        assert frozen.examples.count() == 30

    def test_building_it_again_does_nothing(self, frozen):
        folder = folders.frozen_folder(frozen)
        before = {p.name: sha256_of(p) for p in folder.iterdir()}

        building.build_chunk(dataset_id=frozen.pk, now=timezone.now())

        assert {p.name: sha256_of(p) for p in folder.iterdir()} == before

    def test_a_record_has_one_split_in_the_database_too(self, frozen):
        record = frozen.examples.first().record

        with pytest.raises(IntegrityError), transaction.atomic():
            SplitAssignment.objects.create(record=record, group_key="x", split="TEST")
