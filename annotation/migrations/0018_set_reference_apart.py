"""Take texts to learn from, imported before they had a state of their own, out of the
queue; those that somebody answered stay where their answers put them."""

from django.db import migrations
from django.db.models import Q

TEXTS = Q(kind__in=["QA", "DOCUMENT"]) | Q(origin="GENERAL")


def set_apart(apps, schema_editor):
    records = apps.get_model("annotation", "Record").objects.filter(TEXTS)
    unanswered = records.filter(state="OPEN", decided_at=None, reviews=None)
    unanswered.update(state="REFERENCE")


def open_again(apps, schema_editor):
    apps.get_model("annotation", "Record").objects.filter(state="REFERENCE").update(
        state="OPEN"
    )


class Migration(migrations.Migration):
    dependencies = [("annotation", "0017_send_to_seniors")]

    operations = [migrations.RunPython(set_apart, open_again)]
