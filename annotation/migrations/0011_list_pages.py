"""Indexes of the list pages: current verdicts by level, and records by a beginning.

On PostgreSQL the unique index of external ids serves no LIKE, except under the C
collation; one by patterns does. SQLite has no use for it.
"""

from django.db import migrations, models

BY_BEGINNING = (
    "CREATE INDEX record_id_begins ON annotation_record "
    "(project_id, external_id varchar_pattern_ops)"
)


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(BY_BEGINNING)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX record_id_begins")


class Migration(migrations.Migration):
    dependencies = [("annotation", "0010_record_opened")]

    operations = [
        migrations.AddIndex(
            model_name="verdict",
            index=models.Index(
                condition=models.Q(("is_current", True)),
                fields=["severity", "method", "record"],
                name="verdict_current_level",
            ),
        ),
        migrations.AddIndex(
            model_name="verdict",
            index=models.Index(
                condition=models.Q(("is_current", True), ("method", "ADJUDICATED")),
                fields=["record"],
                name="verdict_adjudicated",
            ),
        ),
        migrations.AddIndex(
            model_name="sanitization",
            index=models.Index(
                condition=models.Q(("state", "CLEAN"), _negated=True),
                fields=["state", "record"],
                name="sanitization_not_clean",
            ),
        ),
        migrations.RunPython(make, drop),
    ]
