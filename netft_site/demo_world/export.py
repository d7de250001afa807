"""Writes a world as the files that the public import doors take.

History comes as a ServiceNow-like CSV with a few rows that no importer can use, the
later and the fresh tickets as JSON lines, the wireless batch as an Excel workbook,
reviews and adjudications as CSV. The same world gives the same bytes. True severity,
impact and urgency are not in any of them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TypeVar

from netft_site.base.files import write_atomic, write_json
from netft_site.demo_world.entities import (
    Adjudication,
    Fresh,
    Review,
    Ticket,
    World,
)
from netft_site.demo_world.spreadsheet import workbook_bytes

# Names that the ServiceNow preset and the plain synonyms both recognise.
TICKET_COLUMNS = (
    "number",
    "short_description",
    "description",
    "category",
    "vendor",
    "ci_class",
    "location",
    "opened_at",
    "impact",
    "urgency",
    "customer_tier",
    "parent_incident",
    "close_notes",
)
REVIEW_COLUMNS = (
    "external_id",
    "reviewer",
    "severity",
    "grade",
    "root_cause",
    "response",
    "confidence",
    "submitted_at",
)
ADJUDICATION_COLUMNS = (
    "external_id",
    "reviewer",
    "severity",
    "reason",
    "disagreement",
)
Said = TypeVar("Said", Review, Adjudication)
REPORTED = {1: "1 - High", 2: "2 - Medium", 3: "3 - Low"}


@dataclass(frozen=True)
class WorldFiles:
    """Where each file of a world lies, in the order in which the demo reads them."""

    history: Path
    later: Path
    reviews_history: Path
    reviews_later: Path
    adjudications: Path
    wireless: Path
    reviews_wireless: Path
    adjudications_wireless: Path
    context: Path


def write_files(world: World, folder: Path) -> WorldFiles:
    """Write all files of the world into an existing folder and say where they are.

    `history.csv` holds 500 tickets, two of them a second time word for word, and three
    rows that must be rejected. `context.json` is the sanitizer's dictionary of names.
    """
    files = WorldFiles(
        history=folder / "history.csv",
        later=folder / "later.jsonl",
        reviews_history=folder / "reviews_history.csv",
        reviews_later=folder / "reviews_later.csv",
        adjudications=folder / "adjudications.csv",
        wireless=folder / "wireless.xlsx",
        reviews_wireless=folder / "reviews_wireless.csv",
        adjudications_wireless=folder / "adjudications_wireless.csv",
        context=folder / "context.json",
    )
    _write_tickets(world, files)
    _write_answers(world, files)
    write_json(files.context, world.context)
    return files


@dataclass(frozen=True)
class FreshFiles:
    """Where the fresh tickets and what was said about them lie."""

    tickets: Path
    reviews: Path


def write_fresh(fresh: Fresh, folder: Path) -> FreshFiles:
    """Write the fresh tickets and their reviews into an existing folder."""
    files = FreshFiles(folder / "fresh.jsonl", folder / "reviews_fresh.csv")
    write_atomic(files.tickets, "".join(map(_json_line, fresh.tickets)))
    given = map(_review_row, fresh.reviews)
    write_atomic(files.reviews, _csv(REVIEW_COLUMNS, given))
    return files


def _write_tickets(world: World, files: WorldFiles) -> None:
    write_atomic(files.history, _csv(TICKET_COLUMNS, _history_rows(world)))
    write_atomic(files.later, "".join(map(_json_line, world.later)))
    wireless = [TICKET_COLUMNS, *map(_ticket_row, world.wireless)]
    write_atomic(files.wireless, workbook_bytes("Wireless archive", wireless))


def _write_answers(world: World, files: WorldFiles) -> None:
    places = (
        (files.reviews_history, world.history),
        (files.reviews_later, world.later),
        (files.reviews_wireless, world.wireless),
    )
    for path, tickets in places:
        given = _about(world.reviews, tickets)
        write_atomic(path, _csv(REVIEW_COLUMNS, map(_review_row, given)))
    settlements = (
        (files.adjudications, world.history + world.later),
        (files.adjudications_wireless, world.wireless),
    )
    for path, tickets in settlements:
        settled = _about(world.adjudications, tickets)
        write_atomic(path, _csv(ADJUDICATION_COLUMNS, map(_settled_row, settled)))


def _about(said: Iterable[Said], tickets: Iterable[Ticket]) -> list[Said]:
    """What was said about these tickets, in the order in which it was said."""
    wanted = {ticket.external_id for ticket in tickets}
    return [one for one in said if one.external_id in wanted]


def _history_rows(world: World) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [*map(_ticket_row, world.history)]
    for duplicate in world.duplicates:
        rows.insert(len(rows) * 2 // 3, _ticket_row(duplicate))
    for place, spoil in enumerate((_without_text, _with_odd_date, _with_a_cell_more)):
        rows.insert(120 * (place + 1), spoil(rows[40 * (place + 1)]))
    return rows


def _without_text(row: Sequence[str]) -> Sequence[str]:
    return ("INC0000001", "", "", *row[3:])


def _with_odd_date(row: Sequence[str]) -> Sequence[str]:
    texts = ("Test, please ignore", "Typed by hand while the tool was down.")
    return ("INC0000002", *texts, *row[3:7], "yesterday evening", *row[8:])


def _with_a_cell_more(row: Sequence[str]) -> Sequence[str]:
    return ("INC0000003", *row[1:], "exported twice")


def _ticket_row(ticket: Ticket) -> Sequence[str]:
    return (
        ticket.external_id,
        ticket.title,
        ticket.body,
        ticket.category,
        ticket.vendor,
        ticket.device_type,
        ticket.site,
        f"{ticket.opened_at:%Y-%m-%d %H:%M:%S}",
        REPORTED[ticket.reported_impact],
        REPORTED[ticket.reported_urgency],
        ticket.customer_tier,
        ticket.incident_key,
        ticket.resolution,
    )


def _json_line(ticket: Ticket) -> str:
    row = {
        "external_id": ticket.external_id,
        "title": ticket.title,
        "body": ticket.body,
        "category": ticket.category,
        "vendor": ticket.vendor,
        "device_type": ticket.device_type,
        "site": ticket.site,
        "opened_at": ticket.opened_at.isoformat(),
        "impact": REPORTED[ticket.reported_impact],
        "urgency": REPORTED[ticket.reported_urgency],
        "customer_tier": ticket.customer_tier,
        "incident_key": ticket.incident_key,
        "resolution": ticket.resolution,
    }
    return json.dumps(row, ensure_ascii=False) + "\n"


def _review_row(review: Review) -> Sequence[str]:
    return (
        review.external_id,
        review.reviewer,
        review.severity,
        review.grade,
        review.root_cause,
        review.response,
        review.confidence,
        review.submitted_at.isoformat(),
    )


def _settled_row(settled: Adjudication) -> Sequence[str]:
    return (
        settled.external_id,
        settled.reviewer,
        settled.severity,
        settled.reason,
        settled.disagreement,
    )


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
