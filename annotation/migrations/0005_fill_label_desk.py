"""Give existing rows what the label desk's new columns say of them."""

from django.db import migrations
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Now

DRAW = {
    "postgresql": "UPDATE annotation_record SET lot = floor(random() * 2147483647)",
    "sqlite": "UPDATE annotation_record SET lot = abs(random() % 2147483647)",
}


def fill(apps, schema_editor):
    Record = apps.get_model("annotation", "Record")
    Claim = apps.get_model("annotation", "Claim")
    schema_editor.execute(DRAW[schema_editor.connection.vendor])
    project = Record.objects.filter(pk=OuterRef("record_id")).values("project_id")
    Claim.objects.filter(project=None).update(project_id=Subquery(project[:1]))
    # One seat a project: the newest stays.
    newer = Claim.objects.filter(
        state="OPEN", reviewer=OuterRef("reviewer"), project=OuterRef("project")
    ).order_by("-id")
    (
        Claim.objects.filter(state="OPEN")
        .annotate(newest=Subquery(newer.values("pk")[:1]))
        .exclude(pk=F("newest"))
        .update(state="RELEASED")
    )
    answered_once = Q(verdicts__isnull=False) | Q(reviews__status="WITHDRAWN")
    decided = Record.objects.filter(answered_once | ~Q(state__in=["OPEN", "HELD"]))
    Record.objects.filter(pk__in=decided.values("pk")).update(decided_at=Now())


def name_roles(apps, schema_editor):
    Membership = apps.get_model("annotation", "Membership")
    labelers = Membership.objects.filter(role="LABELER")
    seniors = labelers.filter(user__reviewer__grade__in=["SENIOR", "PRINCIPAL"])
    Membership.objects.filter(pk__in=list(seniors.values_list("pk", flat=True))).update(
        role="SENIOR"
    )
    labelers.update(role="REVIEWER")


def unname_roles(apps, schema_editor):
    Membership = apps.get_model("annotation", "Membership")
    Membership.objects.filter(role__in=["SENIOR", "REVIEWER"]).update(role="LABELER")


class Migration(migrations.Migration):
    dependencies = [("annotation", "0004_label_desk")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(name_roles, unname_roles),
    ]
