"""`manage.py create_project`: a new, empty project."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotation.management.label_input import split_levels
from annotation.services import projects
from netft_site.base.commands import JsonCommand


class Command(JsonCommand):
    """Create a project; one that exists is refused."""

    help = "Create a project with its severity levels."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slug", metavar="P", help="short name: letters, digits, -")
        parser.add_argument("--name", default="", help="name shown on pages")
        parser.add_argument("--levels", help="a,b,c: severities, most severe first")
        parser.add_argument("--reviews-wanted", type=int, default=2, metavar="N")

    def run(self, **options: Any) -> dict[str, Any]:
        project = projects.create(
            slug=options["slug"],
            name=options["name"],
            levels=split_levels(options["levels"]) or (),
            reviews_wanted=options["reviews_wanted"],
        )
        return {
            "project": project.slug,
            "levels": list(project.scale.keys),
            "reviews_wanted": project.reviews_wanted,
            "key_id": project.key_id,
        }

    def render(self, result: dict[str, Any]) -> None:
        self.line(f"Created {result['project']}: {', '.join(result['levels'])}")
