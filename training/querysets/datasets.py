"""Filters over datasets and examples."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from training.domain.tasks import SEVERITY, TASKS

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class FrozenDataset(RuntimeError):
    """Somebody tried to change a frozen dataset: a mistake in the program."""

    def __init__(self) -> None:
        super().__init__("a frozen dataset never changes")


class DatasetQuerySet(models.QuerySet):
    """Datasets by project, name and status; frozen ones cannot be changed."""

    def refuse_frozen(self) -> None:
        """Raise FrozenDataset when any of these datasets is frozen."""
        if self.order_by().filter(status="FROZEN").exists():
            raise FrozenDataset

    def update(self, **values: Any) -> int:
        self.refuse_frozen()
        return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        self.refuse_frozen()
        return super().delete()

    def unfinished(self) -> Self:
        return self.filter(status__in=["DRAFT", "BUILDING"])

    def without_progress_since(self, moment: datetime) -> Self:
        """Unfinished datasets whose last sign of life is older."""
        return self.unfinished().filter(
            models.Q(heartbeat_at__lte=moment)
            | models.Q(heartbeat_at__isnull=True, created_at__lte=moment)
        )

    def frozen(self) -> Self:
        return self.filter(status="FROZEN")

    def building(self) -> Self:
        return self.filter(status="BUILDING")

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        if getattr(user, "is_superuser", False):
            return self
        return self.filter(project__memberships__user_id=user.pk).distinct()

    def referred_to_by(self, reference: str) -> Self:
        """Candidates for ``[project/]name[@version]``, newest version first."""
        path, _, version = reference.partition("@")
        slug, _, name = path.rpartition("/")
        found = self.filter(name=name).order_by("project", "-version")
        if slug:
            found = found.filter(project__slug=slug)
        if version:
            number = version.removeprefix("v")
            found = found.filter(version=int(number) if number.isdecimal() else -1)
        return found


class ExampleQuerySet(models.QuerySet):
    """Examples of a dataset; those of a frozen one cannot be changed."""

    def refuse_frozen(self) -> None:
        """Raise FrozenDataset when any of these examples is in a frozen dataset."""
        if self.order_by().filter(dataset__status="FROZEN").exists():
            raise FrozenDataset

    def update(self, **values: Any) -> int:
        self.refuse_frozen()
        return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        self.refuse_frozen()
        return super().delete()

    def own_records(self) -> models.QuerySet:
        """The numbers of the team's own records, each once, without general texts."""
        own = self.exclude(record=None).exclude(record__origin="GENERAL").order_by()
        return own.values("record").distinct()

    def rulesets(self) -> list[str]:
        """The versions of the sanitizer under which their records' texts stand."""
        found = self.values_list("record__sanitization__ruleset", flat=True)
        return sorted({ruleset for ruleset in found.distinct() if ruleset})

    def tasks(self) -> list[str]:
        """What they teach, by name."""
        rows = self.order_by("task_type").values_list("task_type", flat=True)
        return list(rows.distinct())

    def named(self, external_ids: Sequence[str]) -> Self:
        """Those of the records with these ids."""
        return self.filter(record__external_id__in=external_ids)

    def by_cluster(self) -> Self:
        """Annotate `cluster`: the record that the near copies of a record are of."""
        ours = self.filter(task_type=SEVERITY, review=None, record__isnull=False)
        copied = models.F("record__near_duplicate_of_id")
        return ours.annotate(cluster=Coalesce(copied, models.F("record_id")))

    def in_clusters(self, clusters: Sequence[int]) -> Self:
        """Those of `by_cluster` in some clusters, found by their records."""
        near = models.Q(record__near_duplicate_of__in=clusters)
        return self.by_cluster().filter(near | models.Q(record__in=clusters))

    def with_copies(self) -> models.QuerySet:
        """Of `by_cluster`: `cluster` and `size` of those with two examples or more."""
        counted = self.order_by().values("cluster").annotate(size=models.Count("pk"))
        return counted.filter(size__gt=1)

    def with_different_labels(self) -> models.QuerySet:
        """Of `by_cluster`: `cluster` and `size` of those with two labels or more."""
        counted = self.order_by().values("cluster")
        return counted.annotate(
            size=models.Count("pk"), labels=models.Count("label", distinct=True)
        ).filter(labels__gt=1)

    def by_customer(self) -> models.QuerySet:
        """`customer` as tickets name it, None without, and `size`; largest first."""
        named = self.annotate(customer=models.F("record__attributes__customer"))
        counted = named.order_by().values("customer").annotate(size=models.Count("pk"))
        return counted.order_by("-size", "customer")

    def in_split(self, split: str) -> Self:
        return self.filter(split=split)

    def with_current_verdict(self) -> Self:
        """Annotate `label_now`, `cause_now`, `method_now`, `since_now`, null without a
        verdict, and `cause_then`, the root cause at the freeze.
        """
        current = models.FilteredRelation(
            "record__verdicts", condition=models.Q(record__verdicts__is_current=True)
        )
        return self.annotate(current=current).annotate(
            label_now=models.F("current__severity"),
            cause_now=models.F("current__root_cause"),
            cause_then=KT("snapshot__root_cause"),
            method_now=models.F("current__method"),
            since_now=models.F("current__created_at"),
        )

    def stale(self) -> Self:
        """Examples of a verdict that is gone, or names another level or cause now."""
        level = [key for key, task in TASKS.items() if task.says_level]
        cause = [key for key, task in TASKS.items() if task.says_cause]
        overturned = (
            models.Q(label_now__isnull=True)
            | models.Q(task_type__in=level) & ~models.Q(label_now=models.F("label"))
            | models.Q(task_type__in=cause)
            & ~models.Q(cause_now=models.F("cause_then"))
        )
        telling = self.filter(
            task_type__in={*level, *cause}, review=None, record__isnull=False
        )
        return telling.with_current_verdict().filter(overturned)


class ExportQuerySet(models.QuerySet):
    """Written files of datasets."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        if getattr(user, "is_superuser", False):
            return self
        return self.filter(dataset__project__memberships__user_id=user.pk).distinct()

    def unfinished(self) -> Self:
        return self.filter(status__in=["QUEUED", "RUNNING"])

    def without_progress_since(self, moment: datetime) -> Self:
        """Unfinished exports whose last sign of life is older."""
        return self.unfinished().filter(
            models.Q(heartbeat_at__lte=moment)
            | models.Q(heartbeat_at__isnull=True, created_at__lte=moment)
        )
