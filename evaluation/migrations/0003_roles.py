"""What each role may do with evaluations."""

from importlib import import_module

from django.db import migrations

EVALUATE = "view_evaluation add_evaluation change_evaluation"
GROUPS = {
    "Lead": EVALUATE,
    "ML engineer": EVALUATE,
    "Reader": "view_evaluation",
}


def grant(apps, schema_editor):
    import_module("annotation.migrations.0007_roles").grant(apps, "evaluation", GROUPS)


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0007_roles"),
        ("evaluation", "0002_widen_item_key"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
