"""The page of one record: where it came from, where it went, what overturning touches.

For those who may read the examples of the project and its verdicts. Names of reviewers
are not shown; answers only as the list of reviews would show them.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from annotation.admin.pages import page_context, project_for
from annotation.models import Record, Sanitization
from annotation.services.independence import readable_reviews
from evaluation.services import lineage
from training.models import Dataset

SEE_EXAMPLES, SEE_REVIEWS = lineage.NEEDED[0], "annotation.view_review"
SEE_RUNS, SEE_EVALUATIONS = "training.view_trainingrun", "evaluation.view_evaluation"


@require_GET
def lineage_page(request: HttpRequest, slug: str, record_id: int) -> HttpResponse:
    """Show what stands before and behind a record."""
    project = project_for(request, slug, SEE_EXAMPLES)
    if not lineage.may_trace(request.user, project):
        raise PermissionDenied
    records = Record.objects.of(project).select_related("project", "split_assignment")
    record = get_object_or_404(records, pk=record_id)
    may = {
        name: request.user.has_perm(permission, project)
        for name, permission in (
            ("reviews", SEE_REVIEWS),
            ("runs", SEE_RUNS),
            ("evaluations", SEE_EVALUATIONS),
        )
    }
    answers = lineage.first_labels(record)
    context = page_context(
        request,
        f"Lineage of {record}",
        project=project,
        record=record,
        lineage=lineage.trace(record=record),
        split=getattr(record, "split_assignment", None),
        sanitization=Sanitization.objects.filter(record=record)
        .only("ruleset", "knowledge", "key_id")
        .first(),
        answers=readable_reviews(request.user, answers) if may["reviews"] else None,
        hidden=may["reviews"] and record.decided_at is None,
        may=may,
        has_frozen=Dataset.objects.frozen().filter(project=project).exists(),
    )
    return TemplateResponse(request, "evaluation/lineage.html", context)
