"""Guidelines: the text in force, its history, what changed, and a new version.

The table behind it only leads to these pages: a version is never changed.
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.views import View

from annotation.admin import rereviews
from annotation.admin.guidelines_form import GuidelinesForm
from annotation.admin.owned import NeverChanged, ProjectOwned
from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
    row_number,
)
from annotation.domain.text_diff import diff_lines
from annotation.models import Guidelines, Project
from annotation.services import guidelines, rereviewing

READ = "annotation.view_guidelines"
WRITE = "annotation.add_guidelines"
ACTS = "annotation.view_bulkact"
HISTORY_LISTED = 50


@admin.register(Guidelines)
class GuidelinesAdmin(NeverChanged, ProjectOwned):
    """Versions of the labeling rules, as a list that leads to their pages."""

    list_display = ["version", "project", "summary", "author", "created_at"]
    list_display_links = ["version"]
    list_filter = [("project", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["project", "author"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        new = WriteView.as_view()
        return [
            path("of/", view(choose_project), name="annotation_guidelines_choose"),
            path("of/<slug:slug>/", view(show), name="annotation_guidelines_of"),
            path("of/<slug:slug>/new/", view(new), name="annotation_guidelines_new"),
            path(
                "of/<slug:slug>/compare/",
                view(compare),
                name="annotation_guidelines_compare",
            ),
            path(
                "of/<slug:slug>/<int:version>/",
                view(show),
                name="annotation_guidelines_version",
            ),
            *rereviews.pages(view),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """There is one way to write guidelines."""
        return redirect("admin:annotation_guidelines_choose")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """There is one way to read them."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            return super().change_view(request, object_id, form_url, extra_context)
        return redirect(
            "admin:annotation_guidelines_version", row.project.slug, row.version
        )


choose_project = project_chooser("Guidelines", READ, "admin:annotation_guidelines_of")


def show(request: HttpRequest, slug: str, version: int | None = None) -> HttpResponse:
    """Show one version, the one in force unless another is named, and the history."""
    project = project_for(request, slug, READ)
    newest = guidelines.current(project)
    shown = newest if version is None else _version(project, version)
    context = page_context(
        request,
        "Guidelines",
        project=project,
        guidelines=shown,
        guidelines_html=guidelines.rendered(shown) if shown else "",
        newest=newest,
        history=guidelines.history(project=project)[:HISTORY_LISTED],
        rereviews=rereviewing.rereviews_of(project=project),
        writes=request.user.has_perm(WRITE, project),
        opens=request.user.has_perm(rereviews.OPEN, project),
        reads_acts=request.user.has_perm(ACTS, project),
    )
    return TemplateResponse(request, "annotation/guidelines.html", context)


def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what changed between two versions."""
    project = project_for(request, slug, READ)
    numbers = [row_number(request.GET.get(name, "")) for name in ("from", "to")]
    before, after = (_version(project, number or 0) for number in numbers)
    context = page_context(
        request,
        f"Guidelines: version {before.version} to {after.version}",
        project=project,
        before=before,
        after=after,
        history=guidelines.history(project=project)[:HISTORY_LISTED],
        lines=diff_lines(before.markdown, after.markdown),
    )
    return TemplateResponse(request, "annotation/guidelines_compare.html", context)


class WriteView(View):
    """Write a new version: preview it as often as wanted, then save."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        project = project_for(request, slug, WRITE)
        newest = guidelines.current(project)
        start = {
            "markdown": newest.markdown if newest else "",
            "expected": newest.version if newest else 0,
        }
        return self._show(request, project, GuidelinesForm(initial=start))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        project = project_for(request, slug, WRITE)
        form = GuidelinesForm(request.POST)
        if request.POST.get("action") == "preview":
            return self._preview(request, project, form)
        if not form.is_valid():
            return self._show(request, project, form, status=422)
        try:
            saved = guidelines.write(
                project=project, by=cast(User, request.user), **form.cleaned_data
            )
        except guidelines.GuidelinesRefused as refusal:
            return self._refuse(request, project, form, refusal)
        messages.success(request, f"Version {saved.version} is in force.")
        return redirect(
            reverse("admin:annotation_rereview", args=[slug, saved.version])
            if request.user.has_perm(rereviews.OPEN, project)
            else reverse("admin:annotation_guidelines_of", args=[slug])
        )

    def _preview(
        self, request: HttpRequest, project: Project, form: GuidelinesForm
    ) -> HttpResponse:
        form.fields["summary"].required = False
        if not form.is_valid():
            return self._show(request, project, form, status=422)
        try:
            text = guidelines.safe_text(
                project=project, text=form.cleaned_data["markdown"]
            )
        except guidelines.GuidelinesRefused as refusal:
            return self._refuse(request, project, form, refusal)
        return self._show(request, project, form, preview=guidelines.render(text))

    def _refuse(
        self,
        request: HttpRequest,
        project: Project,
        form: GuidelinesForm,
        refusal: guidelines.GuidelinesRefused,
    ) -> HttpResponse:
        is_stale = refusal.code == "changed"
        if is_stale:
            # Saved again, the text is one on top of the newest version.
            newest = guidelines.current(project)
            number = newest.version if newest else 0
            form = GuidelinesForm({**form.cleaned_data, "expected": number})
            form.full_clean()
        form.add_error(None, refusal.message)
        return self._show(request, project, form, status=409 if is_stale else 422)

    def _show(
        self,
        request: HttpRequest,
        project: Project,
        form: GuidelinesForm,
        preview: SafeString | str = "",
        status: int = 200,
    ) -> HttpResponse:
        newest = guidelines.current(project)
        typed = form["markdown"].value() or ""
        context = page_context(
            request,
            "New guidelines",
            project=project,
            form=form,
            newest=newest,
            next_version=newest.version + 1 if newest else 1,
            preview=preview,
            show_changes=bool(preview) or status == 409,
            lines=diff_lines(newest.markdown if newest else "", str(typed)),
        )
        return TemplateResponse(
            request, "annotation/guidelines_write.html", context, status=status
        )


def _version(project: Project, version: int) -> Guidelines:
    rows = guidelines.history(project=project)
    return get_object_or_404(rows, version=version)
