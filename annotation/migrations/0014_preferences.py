import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0013_resolution_marks")]

    operations = [
        migrations.CreateModel(
            name="Preference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "prompt",
                    models.TextField(
                        blank=True,
                        help_text="What was asked about the record, if anything.",
                    ),
                ),
                ("chosen", models.TextField()),
                ("rejected", models.TextField()),
                (
                    "source",
                    models.CharField(
                        help_text="Who preferred it: a study, a form, a tool.",
                        max_length=120,
                    ),
                ),
                (
                    "provenance",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="How it came about: raters, agreement.",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="preferences",
                        to="annotation.record",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("chosen", ""), _negated=True),
                            models.Q(("rejected", ""), _negated=True),
                        ),
                        name="preference_has_two_answers",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("chosen", models.F("rejected")), _negated=True
                        ),
                        name="preference_answers_differ",
                    ),
                ],
            },
        ),
    ]
