"""Tell the whole story on synthetic tickets, then serve the console.

Nothing here is a model of the real thing: the tickets pass the importer, the queue,
the child process and the comparison that a team would use. The data is invented, and
the demo says so.
"""

from __future__ import annotations

import secrets
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandParser
from django.urls import reverse
from django.utils import timezone

from annotation.domain.scale import Grade
from annotation.models import Project
from annotation.services import people
from netft_site.base.commands import JsonCommand
from netft_site.demo import labeling, telling
from netft_site.demo.queue_process import queue_running
from netft_site.demo.story import Story
from netft_site.demo_world import (
    World,
    build_fresh,
    build_world,
    write_files,
    write_fresh,
)

USER = "demo"
# Pages of a project that a visitor tries first.
PAGES = (
    ("label desk", "admin:annotation_desk"),
    ("adjudication", "admin:annotation_adjudicate"),
    ("comparison", "admin:evaluation_comparison_page"),
)


class Command(JsonCommand):
    help = "Tell the whole story on synthetic tickets, then serve the console."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--no-serve", action="store_true", help="end instead of serving the console"
        )
        parser.add_argument("--bind", default="127.0.0.1:8000", help="address:port")
        parser.add_argument(
            "--seed", type=int, default=7, help="of the synthetic world"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        self._say(
            "The tickets, engineers and reviews of this demo are synthetic. Its "
            "figures show how netft works; they say nothing about a real network."
        )
        world = build_world(options["seed"])
        user, self._password = _demo_user()
        project = labeling.open_project(world=world, slug=_free_slug(), user=user)
        call_command("install_schedules", stdout=self.stderr)
        # Ended by a supervisor, the demo still stops its queue.
        signal.signal(signal.SIGTERM, _leave)
        log = Path(settings.DATA_DIR) / "demo-queue.log"
        with tempfile.TemporaryDirectory() as folder, queue_running(log):
            return telling.tell(self._story(project, world, Path(folder)))

    def _story(self, project: Project, world: World, folder: Path) -> Story:
        return Story(
            project=project,
            world=world,
            files=write_files(world, folder),
            fresh=write_fresh(build_fresh(world.seed, timezone.now()), folder),
            show=self._show,
            progress=self.progress,
        )

    def render(self, result: dict[str, Any]) -> None:
        total = sum(result["seconds"].values())
        slug = result["project"]
        self.line(f"\nThe whole story took {total:.0f} s. Project: {slug}")
        self.line(
            f"\nSign in as {USER} with the password {self._password}: this account "
            "leads the project, labels and adjudicates.\n"
            "The five engineers of the story have no login."
        )
        self.table(("look at", "page"), pages(slug, self._bind))

    def handle(self, *args: Any, **options: Any) -> None:
        self._bind = options["bind"]
        super().handle(*args, **options)
        if options["no_serve"] or options["json"]:
            return
        call_command("serve", bind=self._bind, stdout=self.stdout)

    def _show(
        self,
        name: str,
        headers: Sequence[str],
        rows: Sequence[Sequence[object]],
        seconds: float,
    ) -> None:
        if self._as_json:
            return
        self.line(f"\n{name}  ({seconds:.1f} s)")
        self.table(headers, rows)

    def _say(self, text: str) -> None:
        (self.stderr if self._as_json else self.stdout).write(text)


def pages(slug: str, bind: str) -> list[tuple[str, str]]:
    """Names and addresses of the pages to look at."""
    return [
        ("dashboard", f"http://{bind}{reverse('admin:index')}"),
        *((name, f"http://{bind}{reverse(url, args=[slug])}") for name, url in PAGES),
    ]


def _demo_user() -> tuple[User, str]:
    """The account of the demo's lead, with a new password for this run."""
    password = secrets.token_urlsafe(9)
    user, _ = User.objects.get_or_create(
        username=USER, defaults={"is_staff": True, "is_superuser": True}
    )
    user.set_password(password)
    user.save()
    people.become_reviewer(user=user, grade=Grade.PRINCIPAL)
    return user, password


def _free_slug() -> str:
    """``demo``, or the next free ``demo-N``: an earlier demo stays as it was."""
    taken = set(Project.objects.values_list("slug", flat=True))
    names = ("demo", *(f"demo-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)
