"""Who may send judged pairs of answers, and who may read them."""

from importlib import import_module

from django.db import migrations

GROUPS = {
    "Lead": "view_preference add_preference",
    "ML engineer": "view_preference add_preference",
    "Integration": "add_preference",
    "Reader": "view_preference",
}


def grant(apps, schema_editor):
    import_module("annotation.migrations.0007_roles").grant(apps, "annotation", GROUPS)


class Migration(migrations.Migration):
    dependencies = [("annotation", "0014_preferences")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
