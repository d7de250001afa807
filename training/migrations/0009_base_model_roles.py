"""Who may register base models, and who approves their licences."""

from importlib import import_module

from django.db import migrations

GROUPS = {
    "Lead": "add_basemodel approve_licence",
    "ML engineer": "add_basemodel",
}


def grant(apps, schema_editor):
    import_module("annotation.migrations.0007_roles").grant(apps, "training", GROUPS)


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0007_roles"),
        ("training", "0008_base_model_licence"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
