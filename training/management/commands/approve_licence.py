"""`manage.py approve_licence`: a person has read the licence of a base. A thin door."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandParser
from django.utils import timezone

from netft_site.base.commands import JsonCommand
from netft_site.base.refusals import Refused
from training.services import base_models, registering
from training.services.describing import describe_base


class Command(JsonCommand):
    """Approve the licence of a base model in a person's name."""

    help = "Approve the licence of a base model, before its first use."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="the base model")
        parser.add_argument("--by", required=True, help="user name of who has read it")
        parser.add_argument(
            "--note", required=True, help="what the licence permits, in a sentence"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        user = User.objects.filter(username=options["by"], is_active=True).first()
        if user is None:
            raise Refused("user_unknown", f"There is no active user {options['by']}.")
        base = registering.approve_licence(
            base=base_models.resolve_base_model(options["name"]),
            by=user,
            note=options["note"],
            now=timezone.now(),
        )
        return describe_base(base)

    def render(self, result: dict[str, Any]) -> None:
        self.line(
            f"{result['licence']} of {result['name']} is approved by "
            f"{result['licence_approved_by']}: {result['licence_note']}"
        )
