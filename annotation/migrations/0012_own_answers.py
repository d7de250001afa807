"""One index leads from a reviewer to their answers, by record."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0011_list_pages"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="review",
            name="review_by_reviewer",
        ),
        migrations.AlterField(
            model_name="review",
            name="reviewer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to="annotation.reviewer",
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                fields=["reviewer", "record"], name="review_by_reviewer"
            ),
        ),
    ]
