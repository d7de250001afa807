"""What each role may do with datasets, runs and models."""

from importlib import import_module

from django.db import migrations

VIEW = (
    "view_dataset view_example view_export view_basemodel view_trainingrun "
    "view_modelversion view_job"
)
TRAIN = (
    "add_dataset change_dataset add_export add_trainingrun change_trainingrun "
    "change_job"
)
GROUPS = {
    "Lead": f"{VIEW} {TRAIN}",
    "ML engineer": f"{VIEW} {TRAIN}",
    "Integration": "view_dataset view_export",
    "Reader": VIEW,
}


def grant(apps, schema_editor):
    import_module("annotation.migrations.0007_roles").grant(apps, "training", GROUPS)


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0007_roles"),
        ("training", "0003_keep_export_position"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
