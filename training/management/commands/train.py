"""`manage.py train`: queue a training run, and with --wait see it through.

A thin door. With --wait it launches and supervises the process itself, so no worker is
needed; interrupting it leaves the run going.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from netft_site.base.commands import JsonCommand
from netft_site.base.refusals import Refused
from training.models import TrainingRun
from training.services import base_models, completing, runs
from training.services.datasets.resolving import resolve_dataset
from training.services.describing import describe_run


class Command(JsonCommand):
    """Train a model or a baseline on a frozen dataset."""

    help = "Train a base model, or a baseline, on a frozen dataset."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_what(parser)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--wait", action="store_true", help="run it to its end; needs no worker"
        )
        parser.add_argument(
            "--force", action="store_true", help="train even if the same run exists"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        asked_at = timezone.now()
        run = runs.queue(
            dataset=resolve_dataset(options["dataset"]),
            base_model=base_models.resolve_base_model(options["base_model"]),
            objective=options["objective"],
            tuning=options["tuning"],
            hyperparameters=settings_of(options["set"]),
            seed=options["seed"],
            force=options["force"],
            patience=None,
        )
        if options["wait"]:
            self._see_through(run)
        shown = TrainingRun.objects.with_facts().get(pk=run.pk)
        return {**describe_run(shown), "reused": run.created_at < asked_at}

    def render(self, result: dict[str, Any]) -> None:
        base, dataset = result["base_model"], result["dataset"]
        reused = " (the same run as before)" if result["reused"] else ""
        self.line(f"Run {result['run']}: {base} on {dataset}{reused}")
        if result["model"] is None:
            self.line(f"State: {result['state']}. A worker takes it from here.")
            return
        self._render_model(result)

    def _render_model(self, result: dict[str, Any]) -> None:
        metrics = result["metrics"]
        if metrics["best_dev_macro_f1"] is None:
            figures = {"best step": "best_step", "DEV loss": "best_dev_loss"}
        else:
            figures = {
                "best epoch": "best_epoch",
                "epochs": "epochs",
                "DEV macro-F1": "best_dev_macro_f1",
                "DEV accuracy": "best_dev_accuracy",
            }
        self.line(f"Model: {result['model']}  sha256 {result['artifact_sha256']}")
        self.table(
            (*figures, "seconds"),
            [(*(metrics[key] for key in figures.values()), result["seconds"])],
        )
        if result["overfitting"]:
            self.line(result["overfitting"])

    def _see_through(self, run: TrainingRun) -> None:
        try:
            over = completing.wait_for_run(run=run, progress=self.progress)
        except KeyboardInterrupt:
            raise Refused(
                "interrupted", f"No longer waiting; run {run.pk} goes on by itself."
            ) from None
        if over.job.state != "SUCCEEDED":
            raise Refused(
                f"run_{over.job.state.lower()}",
                f"Run {run.pk} {over.job.get_state_display().lower()} "
                f"({over.job.exit_class}). {over.job.message}",
            )


def add_what(parser: CommandParser) -> None:
    """Add the arguments that say what to train on what, and how."""
    parser.add_argument("--dataset", required=True, help="[project/]name[@version]")
    parser.add_argument(
        "--base-model",
        required=True,
        help="all-minilm-l6-v2, majority, tfidf-lr, embedding-lr or your own",
    )
    parser.add_argument(
        "--objective",
        default="",
        help="classify, sft, dpo or baseline; follows the base",
    )
    parser.add_argument("--tuning", default="", help="lora, qlora, full or none")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a hyperparameter, such as epochs=3; may be repeated",
    )


def settings_of(pairs: list[str]) -> dict[str, str]:
    """The hyperparameters of KEY=VALUE pairs. Raises CommandError."""
    settings: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise CommandError(f"--set expects KEY=VALUE, not {pair!r}.")
        settings[key] = value
    return settings
