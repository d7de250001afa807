import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0020_seen_verdicts")]

    operations = [
        migrations.RemoveConstraint(model_name="draft", name="draft_unique_reviewer"),
        migrations.AddField(
            model_name="draft",
            name="claim",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="draft",
                to="annotation.claim",
            ),
        ),
    ]
