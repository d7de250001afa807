"""What a person says of a record's resolution.

SQLite remakes the table for a new column and loses its triggers: the text index is made
again.
"""

from importlib import import_module

from django.db import migrations, models


def index_again(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        full_text = import_module("annotation.migrations.0008_full_text")
        full_text.make_index(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("annotation", "0012_own_answers")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, index_again),
        migrations.AddField(
            model_name="record",
            name="resolution_mark",
            field=models.CharField(
                blank=True,
                choices=[
                    ("CONFIRMED", "Right, as somebody confirmed"),
                    ("WRONG", "Wrong"),
                    ("MISSING", "Says nothing"),
                ],
                help_text="What a person said of the resolution; no wrong one is taught.",
                max_length=9,
            ),
        ),
        migrations.RunPython(index_again, migrations.RunPython.noop),
    ]
