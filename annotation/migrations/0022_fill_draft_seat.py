"""Give each draft the seat at which it was typed: the last taken before its change."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    Draft = apps.get_model("annotation", "Draft")
    Claim = apps.get_model("annotation", "Claim")
    seats = Claim.objects.filter(
        record=OuterRef("record"),
        reviewer=OuterRef("reviewer"),
        opened_at__lte=OuterRef("updated_at"),
    ).order_by("-opened_at", "-id")
    Draft.objects.update(claim=Subquery(seats.values("pk")[:1]))
    Draft.objects.filter(claim=None).delete()


def leave_the_newest(apps, schema_editor):
    """One of a person and a record is left: more had no place before."""
    Draft = apps.get_model("annotation", "Draft")
    newest = Draft.objects.filter(
        record=OuterRef("record"), reviewer=OuterRef("reviewer")
    ).order_by("-updated_at", "-id")
    kept = Draft.objects.filter(pk=Subquery(newest.values("pk")[:1]))
    Draft.objects.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()


class Migration(migrations.Migration):
    dependencies = [("annotation", "0021_draft_seat")]

    operations = [migrations.RunPython(fill, leave_the_newest)]
