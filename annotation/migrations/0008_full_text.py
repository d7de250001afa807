"""Index the text of records for full-text search.

SQLite drops a table's triggers when Django remakes the table. A later migration that
alters a column or a constraint of Record runs `make_index` again afterwards;
tests/annotation/test_text_index.py fails if it does not.
"""

from django.db import migrations

from annotation.querysets.text_index import DROP, MAKE


def make_index(apps, schema_editor):
    drop_index(apps, schema_editor)
    _run(schema_editor, MAKE)


def drop_index(apps, schema_editor):
    _run(schema_editor, DROP)


def _run(schema_editor, statements):
    with schema_editor.connection.cursor() as cursor:
        for statement in statements[schema_editor.connection.vendor]:
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("annotation", "0007_roles")]

    operations = [migrations.RunPython(make_index, drop_index)]
