"""One Django group for each role, with what the role may do in annotation.

Administrators may change a group's permissions afterwards; nothing here resets them.
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations

VIEW = (
    "view_project view_record view_importbatch view_review view_verdict "
    "view_reviewer view_guidelines view_gold view_bulkact"
)
LABEL = "view_project view_record add_review view_guidelines"
LEAD = (
    "change_project add_record change_record export_record "
    "add_importbatch change_importbatch "
    "add_columnmapping view_columnmapping change_columnmapping delete_columnmapping "
    "add_review add_verdict add_bulkact change_bulkact add_gold change_gold "
    "add_suggestion view_term add_term change_term "
    "view_sanitizingrule add_sanitizingrule change_sanitizingrule "
    "add_guidelines change_reviewer add_reviewer "
    "add_membership change_membership view_membership delete_membership "
    "view_sanitization change_sanitization reveal_sanitization"
)
INTEGRATE = (
    "view_project view_record add_record add_importbatch view_importbatch add_review "
    "add_suggestion"
)
GROUPS = {
    "Lead": f"{VIEW} {LEAD}",
    "Senior": f"{LABEL} add_verdict",
    "Reviewer": LABEL,
    "ML engineer": f"{VIEW} export_record add_suggestion",
    "Integration": INTEGRATE,
    "Reader": VIEW,
}


def make_groups(apps, schema_editor):
    grant(apps, "annotation", GROUPS)


def grant(apps, app_label, wanted):
    """Give each group, made if need be, permissions of one app."""
    config = apps.get_app_config(app_label)
    # Permissions are otherwise made after all migrations have run.
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    rows = Permission.objects.filter(content_type__app_label=app_label)
    ids = dict(rows.values_list("codename", "pk"))
    for name, codenames in wanted.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*(ids[one] for one in codenames.split()))


def remove_groups(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=GROUPS).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0006_one_open_seat"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, remove_groups)]
