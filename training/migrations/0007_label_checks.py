"""Searches for wrong labels, and the kind of job that does them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("training", "0006_economics_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="kind",
            field=models.CharField(
                choices=[
                    ("TRAIN", "Train"),
                    ("PREDICT", "Predict"),
                    ("QUALITY", "Judge labels"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="LabelCheck",
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
                    "status",
                    models.CharField(
                        choices=[
                            ("RUNNING", "Running"),
                            ("DONE", "Done"),
                            ("FAILED", "Failed"),
                        ],
                        default="RUNNING",
                        max_length=7,
                    ),
                ),
                ("failure", models.CharField(blank=True, max_length=500)),
                (
                    "facts",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="How it was judged, and what it came to.",
                    ),
                ),
                ("path", models.CharField(blank=True, max_length=500)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="label_checks",
                        to="training.dataset",
                    ),
                ),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="label_check",
                        to="training.job",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["RUNNING", "DONE"])),
                        fields=("dataset",),
                        name="label_check_one_stands",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "DONE"), _negated=True),
                            models.Q(
                                models.Q(("path", ""), _negated=True),
                                ("finished_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="label_check_done_has_file",
                    ),
                ],
            },
        ),
    ]
