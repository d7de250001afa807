"""`manage.py register_base_model`: pin the model in a local folder. A thin door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from netft_site.base.commands import JsonCommand
from training.services import registering
from training.services.describing import describe_base


class Command(JsonCommand):
    """Register the base model in a folder on this machine."""

    help = "Register a base model: a local folder, or a model of a hub by its commit."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="what runs will call it")
        parser.add_argument(
            "folder", type=Path, nargs="?", help="where config.json lies"
        )
        parser.add_argument(
            "--hub", default="", metavar="OWNER/NAME", help="instead: a model of a hub"
        )
        parser.add_argument(
            "--licence", required=True, help="of the weights, such as Apache-2.0"
        )
        parser.add_argument(
            "--revision",
            default="",
            help="which state of the published model it is; of a hub, the commit",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        folder, repo = options["folder"], options["hub"]
        if bool(folder) == bool(repo):
            raise CommandError("Name a folder, or a model of a hub by --hub.")
        given = {name: options[name] for name in ("name", "licence", "revision")}
        if repo:
            base = registering.register_from_hub(repo=repo, told=self.progress, **given)
        else:
            base = registering.register_local(
                folder=folder, told=self.progress, **given
            )
        return describe_base(base)

    def render(self, result: dict[str, Any]) -> None:
        self.line(f"{result['name']}: {result['architecture'].lower()}, registered.")
        self.line(f"weights  sha256 {result['weights_sha256']}")
        self.line(
            f"{result['parameters']:,} parameters, {result['context_length']:,} tokens"
        )
        if not result["approved"]:
            self.line(
                f"Its licence ({result['licence']}) waits for approval: see the page "
                "of the base model, or the command approve_licence."
            )
