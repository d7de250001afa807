"""What each role may do with prices, scenarios and the thresholds of a decision."""

from importlib import import_module

from django.db import migrations

VIEW = "view_price view_scenario view_projecteconomics"
WORK_OUT = (
    "add_price change_price add_scenario change_scenario delete_scenario "
    "change_projecteconomics"
)
GROUPS = {
    "Lead": f"{VIEW} {WORK_OUT} set_thresholds",
    "ML engineer": f"{VIEW} {WORK_OUT}",
    "Reader": VIEW,
}


def grant(apps, schema_editor):
    import_module("annotation.migrations.0007_roles").grant(apps, "training", GROUPS)


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0007_roles"),
        ("training", "0005_economics"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
