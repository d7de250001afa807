"""Doubted labels and conflicting copies on the quality page, and acts on them.

A person who may read the examples and the verdicts sees them; an ML engineer has them
searched; a lead sends what deserves it to the seniors. Nothing here changes a label.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from annotation.admin.pages import row_number
from annotation.services import sending
from netft_site.base.refusals import Refused
from training.admin.version_pages import may_see_stale
from training.domain.recipe_tasks import LabelSource
from training.domain.tasks import SEVERITY, TASKS
from training.models import Dataset, LabelCheck
from training.services import completing, doubts, jobs, label_checks
from training.services.datasets import conflicts, streaming
from training.services.datasets.conflicts import Conflicts

LEVELS = {SEVERITY}
CHECK, SEND = "training.add_dataset", "annotation.add_bulkact"
DOUBTED = "a label check doubts its label"
COPIED = "near copies of it carry another label"


@dataclass(frozen=True)
class Labels:
    """What is known about the labels of a dataset, and what this person may do.

    unsearched: why labels of this dataset cannot be searched. by_review: whether TRAIN
    has a row of each review. compared: what of the copies is not looked at.
    """

    check: LabelCheck | None
    conflicts: Conflicts
    may_check: bool
    may_send: bool
    doubts: list[doubts.ListedDoubt] = field(default_factory=list)
    refusal: str = ""
    newer: int | None = None
    older: int | None = None
    unsearched: str = ""
    by_review: bool = False
    compared: str = ""
    doubted: str = DOUBTED
    copied: str = COPIED

    @property
    def can_send_a_doubt(self) -> bool:
        return self.may_send and any(not one.hindrance for one in self.doubts)

    @property
    def can_send_a_copy(self) -> bool:
        members = (m for one in self.conflicts.listed for m in one.members)
        return self.may_send and any(not member.hindrance for member in members)


def labels_of(request: HttpRequest, dataset: Dataset) -> Labels | None:
    """What the page shows of a dataset's labels; None for who may not read them."""
    if not dataset.is_frozen or not may_see_stale(request, dataset):
        return None
    check = label_checks.latest(dataset=dataset)
    tells_gold = request.user.has_perm(sending.SEES_GOLD, dataset.project)
    found = conflicts.find(dataset=dataset, tells_gold=tells_gold)
    skip = row_number(request.GET.get("skip", "")) or 0
    listed: list[doubts.ListedDoubt] = []
    refusal = ""
    if check is not None and check.status == LabelCheck.Status.DONE:
        try:
            listed = doubts.list_doubts(check=check, tells_gold=tells_gold, skip=skip)
        except Refused as refused:
            refusal = refused.message
    doubted = check.facts.get("doubted", 0) if check else 0
    last = skip + doubts.LISTED
    return Labels(
        check=check,
        conflicts=found,
        may_check=request.user.has_perm(CHECK, dataset.project),
        may_send=request.user.has_perm(SEND, dataset.project),
        doubts=listed,
        refusal=refusal,
        unsearched=_why_unsearched(dataset),
        by_review=_is_by_review(dataset),
        compared=_what_is_compared(dataset),
        newer=max(0, skip - doubts.LISTED) if skip else None,
        older=last if last < doubted else None,
    )


def _taught(dataset: Dataset) -> set[str]:
    return set(streaming.tasks_of(dataset))


def _is_by_review(dataset: Dataset) -> bool:
    return dataset.recipe.get("label_source") == LabelSource.EVERY_REVIEW


def _why_unsearched(dataset: Dataset) -> str:
    """Why no search can be begun; empty where one can."""
    others = ", ".join(TASKS[task].title for task in sorted(_taught(dataset) - LEVELS))
    if not others:
        return ""
    return (
        "The search judges levels of severity in a dataset that teaches nothing else. "
        f"This one also teaches: {others}. Build one of severity alone to search it."
    )


def _what_is_compared(dataset: Dataset) -> str:
    """What of the labels of near copies is not compared; empty where all is."""
    if SEVERITY not in _taught(dataset):
        return (
            "Only levels of severity are compared, and this dataset does not teach "
            "them: nothing was looked at."
        )
    if _is_by_review(dataset):
        return (
            "Only verdicts are compared. In TRAIN each review is a row of its own, and "
            "that reviewers differ is known."
        )
    if _taught(dataset) - LEVELS:
        return "Only levels of severity are compared, not root causes or answers."
    return ""


@require_POST
def start_check(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Have the labels of a dataset judged."""
    dataset = _find(request, dataset_id, CHECK)
    try:
        label_checks.start(dataset=dataset, user=cast(User, request.user))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return _back(dataset)


@require_POST
def watch(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Supervise once, then say how far the search is, or show the page."""
    dataset = _find(request, dataset_id, CHECK)
    completing.reconcile(now=timezone.now())
    if "application/json" not in request.headers.get("Accept", ""):
        return _back(dataset)
    check = label_checks.latest(dataset=dataset)
    if check is None or check.status != LabelCheck.Status.RUNNING:
        return JsonResponse({"over": True})
    job = check.job
    return JsonResponse(
        {
            "done": round(100 * job.progress),
            "total": 100,
            "words": job.stage or job.get_state_display(),
            "over": False,
        }
    )


@require_POST
def stop(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Ask a search to stop."""
    dataset = _find(request, dataset_id, CHECK)
    check = label_checks.latest(dataset=dataset)
    if check is not None and check.status == LabelCheck.Status.RUNNING:
        user, now = cast(User, request.user), timezone.now()
        try:
            jobs.cancel_job(job_id=check.job_id, user=user, now=now)
        except Refused as refusal:
            messages.warning(request, refusal.message)
        label_checks.sweep(now=now)
    return _back(dataset)


@require_POST
def send(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Send the ticked records to the seniors."""
    dataset = _find(request, dataset_id, SEND)
    ticked = {row_number(number) or 0 for number in request.POST.getlist("record")}
    if not doubts.belong_to(dataset=dataset, record_ids=ticked):
        messages.error(request, "Not all of them are examples of this dataset.")
        return _back(dataset)
    try:
        sent = sending.send(
            project=dataset.project,
            record_ids=ticked,
            by=cast(User, request.user),
            reason=request.POST.get("reason", ""),
            now=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
        return _back(dataset)
    _tell(request, sent)
    return _back(dataset)


def _tell(request: HttpRequest, sent: sending.Sent) -> None:
    left = [f"{count:,} {why}" for why, count in sorted(sent.left_alone.items())]
    words = f" Left alone: {', '.join(left)}." if left else ""
    undo = reverse("admin:annotation_bulkact_change", args=[sent.act.pk])
    count = sent.act.count
    messages.success(
        request,
        format_html(
            "{} ticket{} wait{} for the seniors.{} A next version takes what they "
            'decide. <a href="{}">See or undo it</a>',
            f"{count:,}",
            "" if count == 1 else "s",
            "s" if count == 1 else "",
            words,
            undo,
        ),
    )


def _find(request: HttpRequest, dataset_id: int, permission: str) -> Dataset:
    visible = Dataset.objects.visible_to(request.user).select_related("project")
    dataset = get_object_or_404(visible, pk=dataset_id)
    may = request.user.has_perm(permission, dataset.project)
    if not may or not may_see_stale(request, dataset):
        raise PermissionDenied
    return dataset


def _back(dataset: Dataset) -> HttpResponse:
    return redirect("admin:training_dataset_quality", dataset.pk)
