"""`manage.py count_tokens NAME`: how long a dataset is in tokens, and what it costs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from netft_site.base.commands import JsonCommand
from training.services import base_models
from training.services.datasets import token_counting
from training.services.datasets.resolving import resolve_dataset


class Command(JsonCommand):
    """Count the tokens of a frozen dataset as a base model does."""

    help = "Count the tokens of a frozen dataset as a base model does."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("dataset", help="[project/]name[@version]")
        parser.add_argument(
            "--base-model", help="whose tokenizer counts; without it, an estimate"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = resolve_dataset(options["dataset"])
        name = options["base_model"]
        base = base_models.resolve_base_model(name) if name else None
        while True:
            found = token_counting.count(
                dataset=dataset, base=base, seconds=token_counting.AT_ONCE
            )
            self.progress(found.counted, found.examples, "examples")
            if found.is_complete:
                return {"dataset": dataset.reference, **found.as_dict()}

    def render(self, result: dict[str, Any]) -> None:
        tokens = result["tokens"]
        model = result["base_model"] or "an estimate"
        self.line(f"{result['examples']:,} examples of {result['dataset']} by {model}")
        self.table(
            ("share of examples", "text", "prompt", "answer"),
            [
                (share, tokens["texts"][share], tokens["prompts"][share], n)
                for share, n in tokens["answers"].items()
            ],
        )
        self.line(
            f"An epoch: {tokens['paid']:,} tokens to pay for, {tokens['taught']:,} of "
            f"them teach; a classifier reads {tokens['read']:,}."
        )
        for finding in result["findings"]:
            self.line(f"{finding['severity']}: {finding['message']}")
