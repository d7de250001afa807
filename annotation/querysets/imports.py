"""Filters over import batches, sanitizations, and records as an import sees them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models.functions import Cast

from annotation.domain.queue import FLAGGED
from annotation.domain.sanitize import CERTAIN, RULESET
from annotation.querysets.filtering import FilteredQuerySet
from annotation.querysets.visible import VisibleThroughProject

if TYPE_CHECKING:
    from annotation.models import Project


class ImportedRecordQuerySet(FilteredQuerySet):
    """Records by what an import knows them by."""

    def with_external_ids(self, external_ids: Iterable[str]) -> Self:
        """The records with these ids, in no order.

        Asked for an order, SQLite walks the whole project in it.
        """
        return self.filter(external_id__in=set(external_ids)).order_by()

    def with_text(self) -> Self:
        """Records whose text is there: all but the held ones."""
        return self.exclude(state="HELD")

    def ids_by_external_id(self, external_ids: Iterable[str]) -> dict[str, int]:
        """Map external ids to record ids, for those stored."""
        rows = self.with_external_ids(external_ids)
        return dict(rows.values_list("external_id", "pk"))

    def ids_by_fingerprint(self, fingerprints: Iterable[str]) -> dict[str, int]:
        """Map fingerprints of sanitized text to record ids, for those stored."""
        wanted = set(fingerprints) - {""}
        rows = self.filter(fingerprint__in=wanted).order_by()
        return dict(rows.values_list("fingerprint", "pk"))

    def held_ids_by_hmac(self, hmacs: Iterable[str]) -> dict[str, int]:
        """Map keyed hashes of raw text to the held records that carry them."""
        wanted = set(hmacs)
        if not wanted:
            return {}
        rows = self.filter(state="HELD", sanitization__raw_hmac__in=wanted).order_by()
        return dict(rows.values_list("sanitization__raw_hmac", "pk"))


class ImportBatchQuerySet(VisibleThroughProject):
    """Import batches by where they stand."""

    def running(self) -> Self:
        return self.filter(status="RUNNING")

    def stalled(self, since: datetime) -> Self:
        """Running imports that nobody has moved since then."""
        return self.running().filter(heartbeat_at__lt=since)

    def abandoned(self, since: datetime) -> Self:
        """Uploads that nobody started."""
        return self.filter(status="UPLOADED", created_at__lt=since)

    def same_work_as(self, batch: models.Model) -> Self:
        """Unfinished imports of the same bytes in the same way."""
        fields = ("project", "sha256", "mapping", "record_kind", "origin", "source")
        wanted = {name: getattr(batch, name) for name in fields}
        return self.running().filter(**wanted).exclude(pk=batch.pk)


class SanitizationQuerySet(models.QuerySet):
    """Sanitizations by the life of their raw text and by what waits for a person."""

    def of(self, project: Project) -> Self:
        """Those of one project."""
        return self.filter(record__project=project)

    def outdated(self, project: Project) -> Self:
        """Those of a project made under other rules or less knowledge than now.

        Text under another key than the project's is left out: it cannot be read as
        ours.
        """
        version = type(project)._default_manager.knowledge_version_of(project)
        older = ~models.Q(ruleset=RULESET) | models.Q(knowledge__lt=version)
        return self.of(project).filter(older, key_id=project.key_id)

    def held(self) -> Self:
        """Those without text: somebody releases them, or they stay."""
        return self.filter(state="HELD")

    def flagged(self) -> Self:
        """Those in whose text a reviewer saw something at the desk, oldest first."""
        return self.filter(
            record__state="EXCLUDED", record__queued_because=FLAGGED
        ).order_by("pk")

    def unreviewed(self) -> Self:
        """Those with text that nobody has confirmed."""
        return self.filter(state="CLEAN")

    def with_tripwires(self) -> Self:
        """Unreviewed ones where a credential may have been missed, certain ones first.

        Annotates ``is_certain``.
        """
        written = Cast("tripwires", models.TextField())
        return (
            self.unreviewed()
            .exclude(tripwires={})
            .alias(written=written)
            .annotate(
                is_certain=models.Case(
                    models.When(written__contains=CERTAIN, then=True),
                    default=False,
                    output_field=models.BooleanField(),
                )
            )
            .order_by("-is_certain", "pk")
        )

    def with_expired_raw(self, now: datetime) -> Self:
        """Raw text whose time is over. Held text never expires."""
        return self.filter(expires_at__lte=now, raw_ciphertext__isnull=False).exclude(
            state="HELD"
        )
