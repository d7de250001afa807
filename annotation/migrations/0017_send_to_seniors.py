"""An act that sends settled records to the seniors."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0016_reference_state"),
    ]

    operations = [
        migrations.AlterField(
            model_name="bulkact",
            name="kind",
            field=models.CharField(
                choices=[
                    ("EXCLUDE", "Excluded"),
                    ("REQUEUE", "Requeued"),
                    ("OVERLAP", "Raised the overlap"),
                    ("REREVIEW", "Opened for re-review"),
                    ("SENIORS", "Sent to the seniors"),
                ],
                max_length=8,
            ),
        ),
    ]
