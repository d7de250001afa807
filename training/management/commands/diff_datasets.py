"""`manage.py diff_datasets A B`: what differs between two frozen datasets."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from netft_site.base.commands import JsonCommand
from training.domain.version_diff import Kind, Page, read_kinds
from training.services.datasets.comparing import compare_versions
from training.services.datasets.resolving import resolve_dataset

LISTED = 100
_ALIKE = (
    "The examples are the same. The contents differ in what stands beside: how labels "
    "came about, groups, dates, or the words of a task."
)


class Command(JsonCommand):
    """Compare two frozen datasets of one project, example by example."""

    help = "Say what differs between two frozen datasets of one project."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("before", help="[project/]name[@version]")
        parser.add_argument("after", help="[project/]name[@version]")
        parser.add_argument(
            "--kind",
            action="append",
            default=[],
            choices=[kind.value for kind in Kind],
            help="list only these changes; may be repeated",
        )
        parser.add_argument(
            "--limit",
            type=int,
            default=LISTED,
            help=f"list at most so many changes ({LISTED}); 0 lists all",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        page = Page(
            kinds=read_kinds(options["kind"]), size=max(0, options["limit"]) or None
        )
        found = compare_versions(
            before=resolve_dataset(options["before"]),
            after=resolve_dataset(options["after"]),
            page=page,
        )
        return found.as_dict()

    def render(self, result: dict[str, Any]) -> None:
        before, after = result["before"], result["after"]
        self.line(
            f"From {before['name']}@{before['version']}, {before['examples']:,} "
            f"examples, to {after['name']}@{after['version']}, {after['examples']:,}"
        )
        if not result["changed"] and not result["recipe"]:
            self.line(_ALIKE if not result["same"] else "They are the same.")
            return
        if result["recipe"]:
            self.table(
                ("recipe", "before", "after"),
                [(x["key"], x["before"], x["after"]) for x in result["recipe"]],
            )
        self.table(("examples", "count"), _counts(result))
        for title in ("relabelled", "moved"):
            if result[title]:
                rows = [(x["from"], x["to"], x["count"]) for x in result[title]]
                self.table((f"{title} from", "to", "count"), rows)
        self._list(result)

    def _list(self, result: dict[str, Any]) -> None:
        if not result["changes"]:
            return
        self.table(
            ("record", "what", "before", "after"),
            [
                (
                    change["external_id"] or "mix-in",
                    ", ".join(change["kinds"]),
                    _said(change["before"]),
                    _said(change["after"]),
                )
                for change in result["changes"]
            ],
        )
        left = result["found"] - len(result["changes"])
        if left:
            self.line(f"{left:,} more; --limit 0 lists all.")


def _counts(result: dict[str, Any]) -> list[tuple[str, int]]:
    return [("unchanged", result["unchanged"]), *result["counts"].items()]


def _said(facts: dict[str, Any] | None) -> str | None:
    if facts is None:
        return None
    return f"{facts['label']}, {facts['split']} x{facts['copies']}"
