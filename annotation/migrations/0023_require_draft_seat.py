import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0022_fill_draft_seat")]

    operations = [
        migrations.AlterField(
            model_name="draft",
            name="claim",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="draft",
                to="annotation.claim",
            ),
        ),
    ]
