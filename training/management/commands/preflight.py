"""`manage.py preflight`: look at a run before it is asked for."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from netft_site.base.commands import JsonCommand
from training.domain.preflight import gib
from training.management.commands.train import add_what, settings_of
from training.services import base_models, looking_ahead, preflight
from training.services.datasets.resolving import resolve_dataset

_SIGNS = {"fails": "FAILS", "open": "OPEN", "warns": "warns", "holds": "holds"}


class Command(JsonCommand):
    """Look at a run before it starts: rows as tokens, place, memory and time."""

    help = "Look at a training run before it starts; nothing is queued."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_what(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        asked = {
            "dataset": resolve_dataset(options["dataset"]),
            "base_model": base_models.resolve_base_model(options["base_model"]),
            "objective": options["objective"],
            "tuning": options["tuning"],
            "hyperparameters": settings_of(options["set"]),
        }
        while True:
            report, _ = looking_ahead.look_ahead(**asked, seconds=preflight.AT_ONCE)
            if report.is_complete:
                return report.as_dict()
            self.progress(report.done, report.total, "looks at rows")

    def render(self, result: dict[str, Any]) -> None:
        answer = "may start" if result["may_start"] else "may not start"
        self.line(f"{result['base_model']} on {result['dataset']} {answer}.")
        self.table(
            ("", "check", "what was found"),
            [
                (_SIGNS[check["state"]], check["title"], _words(check))
                for check in result["checks"]
            ],
        )
        tokens, memory, time = (result[k] for k in ("tokens", "memory", "time"))
        if tokens:
            points = tokens["points"]
            self.line(
                f"{tokens['rows']:,} rows to learn from: half have at most "
                f"{points['0.5']:,} tokens, 95 % {points['0.95']:,}, 99 % "
                f"{points['0.99']:,}, the longest {points['1']:,}; "
                f"{tokens['trained']:,} of {tokens['total']:,} tokens are learned."
            )
        if memory:
            self._render_memory(memory)
        if time:
            self.line(
                f"Time: at least {time['seconds_at_least']:,} s, likely "
                f"{time['seconds_likely']:,} s ({time['rate'] / 1e9:,.0f} GFLOP/s, "
                f"{time['rate_is']})."
            )

    def _render_memory(self, memory: dict[str, Any]) -> None:
        parts = ", ".join(f"{k} {gib(v)}" for k, v in memory["bytes"].items() if v)
        self.line(
            f"Memory: about {gib(memory['total'])}, give or take "
            f"{memory['uncertainty']:.0%} ({parts})."
        )
        for rung in memory["suggestions"]:
            fits = "fits" if rung["fits"] else "does not fit yet"
            self.line(f"  {rung['change']}: {gib(rung['total'])}, {fits}")


def _words(check: dict[str, str]) -> str:
    return " ".join(filter(None, (check["message"], check["fix"])))
