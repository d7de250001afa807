"""Note the roles that people hold now; those before are not known."""

from django.db import migrations


def fill(apps, schema_editor):
    held = apps.get_model("annotation", "HeldRole")
    membership = apps.get_model("annotation", "Membership")
    rows = membership.objects.values_list("user_id", "project_id", "role")
    held.objects.bulk_create(
        (
            held(user_id=user, project_id=project, role=role)
            for user, project, role in rows.iterator()
        ),
        batch_size=500,
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0024_held_roles"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
