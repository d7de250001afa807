"""Every hand-made page with something on it, by the part of the console it is in.

A part is a generator: it makes its rows and yields one page after the other as the
template that draws it and the way there. Between two pages it may change the rows.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from annotation.models import (
    Claim,
    Guidelines,
    ImportBatch,
    Project,
    Record,
    Review,
)
from annotation.services import adjudicating, importing, pausing, reviewing
from annotation.services.answers import Answer
from tests.annotation.adjudication import DECISION, PAGE, WHY, answered
from tests.annotation.desk_seats import DESK
from tests.annotation.quality_answers import golds, many_decided, repeats
from tests.annotation.reviewing_texts import HELD_BODY, add
from tests.evaluation import worlds
from tests.factories import (
    BaseModelFactory,
    BulkActFactory,
    DatasetFactory,
    ExampleFactory,
    MembershipFactory,
    MissedValueFactory,
    ModelVersionFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    SanitizingRuleFactory,
    SavedFilterFactory,
    TermFactory,
    TrainingRunFactory,
    VerdictFactory,
)
from tests.training.built import build
from tests.training.doubted import judged
from tests.training.frozen import frozen_dataset
from tests.training.priced import worked_example
from tests.training.worlds import settle, settle_many
from training.models import Example

Page = tuple[str, str, dict[str, object]]
"""Template, address, and what is posted from there; nothing posted: it is opened."""

Part = Callable[[Project, User], Iterator[Page]]

GUIDELINES = "/admin/annotation/guidelines/of/noc/"
FIND = "/admin/annotation/record/search/noc/"
TEXT = "# Severity\n\n| level | when |\n|---|---|\n| high | a ring is cut |\n\n- ask\n"
TOKEN = "ZHOST_A7KQ2MNBVCX3D"
LATER = {
    "thread": [{"text": "fibre cut", "at": "2026-01-05T09:00:00Z", "role": "noc"}],
    "resolution": "Spliced.",
}


def opened(template: str, address: str) -> Page:
    return template, address, {}


def label_desk(project: Project, lead: User) -> Iterator[Page]:
    Guidelines.objects.create(project=project, version=1, markdown=TEXT)
    body = f"{TOKEN} is down\nsince 09:00"
    record = RecordFactory(project=project, body=body, category="core", **LATER)
    start = {"action": "start"}
    yield "annotation/desk.html", DESK, start
    claim = Claim.objects.get()
    reveal = {"action": "reveal", "claim": claim.pk, "severity": "high"}
    yield "annotation/desk.html", DESK, reveal
    reviewing.submit(
        claim_id=claim.pk,
        reviewer=lead.reviewer,
        answer=Answer(severity="high"),
        now=timezone.now(),
    )
    again = {**reveal, "action": "submit", "response": "Reseat the optic."}
    yield "annotation/desk_conflict.html", DESK, again
    yield opened("annotation/desk_empty.html", DESK)
    RecordFactory(project=project)
    pausing.pause(project=project, because="a wrong import", now=timezone.now())
    yield opened("annotation/desk_empty.html", DESK)
    yield opened("annotation/progress.html", "/admin/annotation/review/progress/noc/")
    record_page = f"/admin/annotation/record/{record.pk}/change/"
    yield opened("annotation/record.html", record_page)
    yield opened("annotation/records.html", "/admin/annotation/record/")


def adjudication(project: Project, lead: User) -> Iterator[Page]:
    record = answered(project, "critical", "high", "low", **LATER)
    Review.objects.filter(record=record).update(response="Reseat the optic.")
    done = answered(project, "high", "low")
    gap = {**DECISION, "disagreement": "GUIDELINE_GAP"}
    senior = ReviewerFactory(grade="SENIOR")
    adjudicating.decide(record=done, reviewer=senior, **gap)
    still_open = RecordFactory(project=project)
    yield opened("annotation/adjudicate.html", PAGE)
    yield opened("annotation/decided.html", f"{PAGE}{done.pk}/decided/")
    yield opened("annotation/not_waiting.html", f"{PAGE}{still_open.pk}/")
    yield opened("annotation/disagreements.html", WHY)
    yield opened("annotation/verdicts.html", "/admin/annotation/verdict/")
    _versions(project)
    yield opened("annotation/guidelines.html", GUIDELINES)
    compare = f"{GUIDELINES}compare/?from=1&to=2"
    yield opened("annotation/guidelines_compare.html", compare)
    yield opened("annotation/guidelines_write.html", f"{GUIDELINES}new/")
    asked = "categories=switching&with_adjudicated=on"
    rereview = f"{GUIDELINES}2/re-review/?{asked}"
    yield opened("annotation/rereview.html", rereview)


def _versions(project: Project) -> None:
    for number in (1, 2):
        Guidelines.objects.create(
            project=project, version=number, markdown=TEXT * number, summary="More."
        )


def finding(project: Project, lead: User) -> Iterator[Page]:
    for state in ("OPEN", "CONTESTED", "SETTLED", "EXCLUDED"):
        record = RecordFactory(project=project, state=state, title=f"{TOKEN} {state}")
    VerdictFactory(record=record)
    saved = SavedFilterFactory(project=project, owner=lead, query={"state": "OPEN"})
    act = BulkActFactory(project=project)
    yield opened("annotation/find_records.html", f"{FIND}?saved={saved.pk}")
    yield opened("annotation/find_records.html", f"{FIND}?category=nothing")
    confirm = f"{FIND}act/?act=REQUEUE&category=switching"
    yield opened("annotation/bulk_confirm.html", confirm)
    yield opened("annotation/bulk_acts.html", "/admin/annotation/bulkact/")
    change = f"/admin/annotation/bulkact/{act.pk}/change/"
    yield opened("annotation/bulk_act.html", change)


def quality(project: Project, lead: User) -> Iterator[Page]:
    peer = MembershipFactory(project=project).user
    peer = ReviewerFactory(user=peer, grade="ENGINEER")
    many_decided(project, lead.reviewer, peer, 25)
    before = timezone.now() - timedelta(days=1)
    golds(project, lead.reviewer, 5, 6, before)
    repeats(project, lead.reviewer, 6, before)
    own = f"/admin/annotation/reviewer/{lead.reviewer.pk}/quality/noc/"
    yield opened("annotation/quality_reviewer.html", own)
    team = "/admin/annotation/reviewer/quality/noc/"
    yield opened("annotation/quality_team.html", team)
    yield opened("annotation/progress.html", "/admin/annotation/review/progress/noc/")
    yield opened("annotation/gold.html", "/admin/annotation/gold/")
    by_a_senior = {"method": "ADJUDICATED", "adjudicated_by": lead.reviewer}
    for record in RecordFactory.create_batch(2, project=project, state="SETTLED"):
        VerdictFactory(record=record, **by_a_senior)
    yield opened("annotation/gold_choose.html", "/admin/annotation/gold/add/noc/")


def sanitizing(project: Project, lead: User) -> Iterator[Page]:
    body = f"enable secret hunter22X on {TOKEN} at 9.9.12.4, ask jane.doe@example.org"
    record = add(project, body=body)
    add(project, body=HELD_BODY)
    queue = "/admin/annotation/record/sanitizing/noc/"
    yield opened("annotation/sanitizing_queue.html", queue)
    yield opened("annotation/sanitizing_record.html", f"{queue}{record.pk}/")
    reveal = {"action": "reveal", "reason": "a caller asks for it"}
    yield "annotation/sanitizing_revealed.html", f"{queue}{record.pk}/", reveal
    term = TermFactory(project=project)
    terms = reverse("admin:annotation_term_changelist")
    yield opened("annotation/terms.html", terms)
    yield opened("annotation/term_add.html", reverse("admin:annotation_term_add"))
    withdraw = {"action": "withdraw", "_selected_action": term.pk}
    yield "annotation/withdraw.html", terms, withdraw
    change = reverse("admin:annotation_term_change", args=[term.pk])
    yield opened("annotation/in_force.html", change)
    SanitizingRuleFactory(project=project)
    rules = reverse("admin:annotation_sanitizingrule_changelist")
    yield opened("annotation/own_rules.html", rules)
    rule = reverse("admin:annotation_sanitizingrule_add")
    yield opened("annotation/own_rule_add.html", rule)
    MissedValueFactory(project=project, reported_by=lead)
    missed = reverse("admin:annotation_missedvalue_changelist")
    yield opened("annotation/missed_values.html", missed)
    yield opened("training/data_recall.html", "/admin/training/dataset/recall/noc/")


def beginning(project: Project, lead: User) -> Iterator[Page]:
    """The dashboard, a new project, an import, a token; and what is not there."""
    RecordFactory.create_batch(2, project=project)
    yield opened("netft/dashboard.html", "/admin/")
    yield opened("annotation/projects.html", "/admin/annotation/project/")
    change = f"/admin/annotation/project/{project.pk}/change/"
    yield opened("annotation/project.html", change)
    yield opened("annotation/wizard.html", "/admin/annotation/project/wizard/")
    ready = "/admin/annotation/project/wizard/noc/ready/"
    yield opened("annotation/ready.html", ready)
    content = b"Ticket,Headline,Words\nINC1,Link down,ask a colleague\nINC3,,\n"
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(content),
        file_name="tickets.csv",
        source="UPLOAD",
    )
    for name in ("upload", "map", "progress"):
        args = [] if name == "upload" else [batch.pk]
        url = reverse(f"admin:annotation_importbatch_{name}", args=args)
        if name == "progress":
            done = {"status": "DONE", "finished_at": timezone.now()}
            ImportBatch.objects.update(imported=1, rejected=1, **done)
        yield opened(f"annotation/import_{name}.html", url)
    token = reverse("admin:annotation_apitoken_add")
    yield opened("annotation/token.html", token)
    yield "annotation/token.html", token, {"user": lead.pk, "name": "x", "days": 30}
    MembershipFactory(user=lead, project__slug="second")
    yield opened("annotation/choose_project.html", "/admin/annotation/record/search/")
    yield opened("404.html", "/admin/nowhere/")
    project.is_active = False
    project.save()
    yield opened("annotation/desk_closed.html", DESK)
    yield opened("annotation/project_closed.html", PAGE)


def training(project: Project, lead: User) -> Iterator[Page]:
    settle_many(project, 60)
    yield opened(
        "training/dataset_builder.html", "/admin/training/dataset/builder/noc/"
    )
    dataset = frozen_dataset(project)
    page = f"/admin/training/dataset/{dataset.pk}/page/"
    yield opened("training/dataset.html", page)
    page = f"/admin/training/dataset/{dataset.pk}/rendered/"
    yield opened("training/rendered.html", page)
    measured = build(project, name="measured")
    quality = f"/admin/training/dataset/{measured.pk}/quality/"
    yield opened("training/quality.html", quality)
    copies = list(measured.examples.filter(split="TRAIN").order_by("pk")[:3])
    Record.objects.filter(pk__in=[one.record_id for one in copies[1:]]).update(
        near_duplicate_of=copies[0].record_id
    )
    judged(measured, *(one.record.external_id for one in copies))
    yield opened("training/quality.html", quality)
    yield opened("training/datasets.html", "/admin/training/dataset/")
    compare = "/admin/training/dataset/compare/noc/"
    yield opened("training/compare_versions.html", compare)
    later = DatasetFactory(project=project, name="triage", version=2, frozen=True)
    for number in range(3):
        record = settle(project, 100 + number, severity="low")
        ExampleFactory(dataset=later, record=record, label=("high", "low")[number % 2])
    yield opened("training/compare_versions.html", compare)
    stale = f"/admin/training/dataset/{later.pk}/stale/"
    yield opened("training/stale_labels.html", stale)
    record = later.examples.stale().first().record
    ReviewFactory(record=record)
    lineage = f"/admin/evaluation/evaluation/lineage/noc/{record.pk}/"
    yield opened("evaluation/lineage.html", lineage)
    launch = "/admin/training/trainingrun/launch/noc/"
    yield opened("training/launch.html", launch)
    odd = [{"text": "link \U0001f525 down\n" * 200}, {"label": "urgent"}]
    for name, extra in (("looked", {"TRAIN": odd[:1]}), ("failing", {"TRAIN": odd})):
        frozen = frozen_dataset(project, name=name, extra=extra)
        asked = f"?dataset={frozen.pk}&base_model=all-minilm-l6-v2&seed=0"
        look = f"/admin/training/trainingrun/preflight/noc/{asked}"
        yield opened("training/preflight.html", look)
    table = "/admin/training/basemodel/"
    yield opened("training/base_models.html", table)
    yield opened("training/base_model_add.html", f"{table}add/")
    base = BaseModelFactory(source="LOCAL", licence="Apache-2.0")
    yield opened("training/base_model.html", f"{table}{base.pk}/change/")
    run = TrainingRunFactory(dataset=dataset)
    ModelVersionFactory(run=run)
    page = f"/admin/training/trainingrun/{run.pk}/page/"
    yield opened("training/run/page.html", page)
    yield opened("training/runs.html", "/admin/training/trainingrun/")


def economics(project: Project, lead: User) -> Iterator[Page]:
    page = "/admin/evaluation/evaluation/worth-it/noc/"
    yield opened("evaluation/worth_it.html", page)
    yield opened("training/prices.html", "/admin/training/price/")
    worked_example(project)
    yield opened("evaluation/worth_it.html", page)
    yield opened("evaluation/scenario.html", f"{page}scenarios/add/")
    yield opened("training/prices.html", "/admin/training/price/")
    yield opened("training/price_add.html", "/admin/training/price/add/")


def comparison(project: Project, lead: User) -> Iterator[Page]:
    worlds.review_tickets(project, 100, reviewers=worlds.panel())
    shares = {"TRAIN": 0.4, "DEV": 0.1, "CALIBRATION": 0.1, "TEST": 0.4}
    worlds.compared(project, worlds.build(project, shares=shares))
    page = "/admin/evaluation/evaluation/comparison/noc/"
    yield opened("evaluation/comparison.html", page)
    runs = "/admin/evaluation/evaluation/runs/noc/"
    yield opened("evaluation/run_comparison.html", runs)
    for split in ("TEST", "TRAIN"):
        example = Example.objects.in_split(split).first()
        lineage = f"/admin/evaluation/evaluation/lineage/noc/{example.record_id}/"
        yield opened("evaluation/lineage.html", lineage)


PARTS: tuple[Part, ...] = (
    beginning,
    label_desk,
    adjudication,
    finding,
    quality,
    sanitizing,
    training,
    comparison,
    economics,
)


def covered() -> set[str]:
    """The templates that the parts name, read from this file."""
    lines = Path(__file__).read_text(encoding="utf-8")
    return {word for word in lines.split('"') if word.endswith(".html")} | {
        f"annotation/import_{name}.html" for name in ("upload", "map", "progress")
    }
