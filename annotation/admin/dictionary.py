"""The dictionary of names: a table, a page that adds names, and looking for one.

Names are opened from the vault for those who may see them, row by row. They never
stand in an address: whoever looks for one sends it in a form and is shown its hash.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from annotation.admin.owned import projects_allowing
from annotation.admin.pages import page_context
from annotation.admin.withdrawing import InForceFilter, Withdrawable
from annotation.models import Project, Term
from annotation.services import dictionary
from annotation.services.knowledge import open_term
from annotation.services.vault import VaultRefused, vault_of
from annotation.uploads import EncryptedUpload
from netft_site.base.refusals import Refused

_MOST_BYTES = 8 << 20
_LATER = (
    "Imports from now on replace them. Tickets stored before keep the names until "
    "they are sanitized again."
)
# Where a refusal of the service is shown, unless it is about the lines.
_FIELD_OF = {"unknown_kind": "kind"}


class NamesForm(forms.Form):
    """Names of one kind, or a file of several."""

    project = forms.ModelChoiceField(Project.objects.none(), empty_label=None)
    kind = forms.ChoiceField(
        label="What they are",
        choices=Term.Kind.choices,
        help_text="A short name is the beginning of a customer's name.",
    )
    names = forms.CharField(
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 10, "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="One a line. Case, separators and the order of a person's names do "
        "not matter. A name that is also an ordinary word goes wherever it stands.",
    )
    file = forms.FileField(
        label="Or a CSV file",
        required=False,
        help_text="Columns kind and name; the kinds are "
        f"{', '.join(Term.Kind.values)}.",
    )

    def __init__(self, projects: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]

    def clean_file(self) -> EncryptedUpload | None:
        upload: EncryptedUpload | None = self.cleaned_data["file"]
        if upload and (upload.too_large or (upload.size or 0) > _MOST_BYTES):
            limit = _MOST_BYTES >> 20
            raise forms.ValidationError(f"The file is larger than {limit} MiB.")
        return upload

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        has_file = bool(cleaned.get("file")) or "file" in self.errors
        if not (cleaned.get("names") or has_file):
            self.add_error("names", "Write names here or choose a file.")
        elif cleaned.get("names") and has_file:
            self.add_error("file", "Names and a file at once: choose one of them.")
        return cleaned


@admin.register(Term)
class TermAdmin(Withdrawable):
    change_list_template = "annotation/terms.html"
    list_title = "Dictionary of names"
    list_display = ["name", "state", "kind", "project", "who", "created_at"]
    list_filter = [
        InForceFilter,
        "kind",
        ("project", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["project", "added_by"]
    fields = ["name", "kind", "project", "who", "created_at", "withdrawn_at"]
    readonly_fields = ["name", "who"]
    what_follows = (
        "Imports from now on leave the name as it stands. Tickets stored before keep "
        "their pseudonyms until they are sanitized again."
    )

    def get_urls(self) -> list[URLPattern]:
        find = self.admin_site.admin_view(self.find_view)
        return [path("find/", find, name="annotation_term_find"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("annotation.add_term")

    @method_decorator(sensitive_post_parameters("names"))
    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Add names, written or in a file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        projects = projects_allowing(request, "annotation.add_term").active()
        if request.method != "POST":
            wanted = projects.filter(slug=request.GET.get("project", "")).first()
            return _show(request, NamesForm(projects, initial={"project": wanted}))
        form = NamesForm(projects, request.POST, request.FILES)
        if form.is_valid():
            try:
                return self._add(request, form.cleaned_data)
            except Refused as refusal:
                lines = "file" if form.cleaned_data["file"] else "names"
                form.add_error(_FIELD_OF.get(refusal.code, lines), refusal.message)
        return _show(request, form, status=422)

    def _add(self, request: HttpRequest, cleaned: dict[str, Any]) -> HttpResponse:
        project, by = cleaned["project"], cast(User, request.user)
        if cleaned["file"]:
            stream = cleaned["file"].stream()
            outcome = dictionary.import_terms(project=project, stream=stream, by=by)
        else:
            outcome = dictionary.add_terms(
                project=project,
                kind=cleaned["kind"],
                names=cleaned["names"].splitlines(),
                by=by,
            )
        known = f", {outcome.known} known already" if outcome.known else ""
        words = f"Added to {project.name}: {outcome.added}{known}."
        messages.success(request, f"{words} {_LATER}" if outcome.added else words)
        return redirect("admin:annotation_term_changelist")

    @method_decorator(require_POST)
    @method_decorator(sensitive_post_parameters("name"))
    def find_view(self, request: HttpRequest) -> HttpResponse:
        """Look for one name and show its rows by its hash."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        projects = projects_allowing(request, "annotation.view_term")
        page = redirect("admin:annotation_term_changelist")
        try:
            hashes = dictionary.find_terms(
                projects=projects, name=request.POST.get("name", "")
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
            return page
        if self.get_queryset(request).filter(value_hmac__in=hashes).exists():
            page["Location"] += "?" + urlencode({"value_hmac__in": ",".join(hashes)})
        else:
            messages.warning(
                request, "The dictionary does not hold that name, in any spelling."
            )
        return page

    def withdraw_row(self, row: Term, by: User, now: datetime) -> None:
        dictionary.withdraw_term(term=row, by=by, now=now)

    def called(self, row: Term) -> str:
        return f"{row.get_kind_display()}: {_opened(row)}"

    @admin.display(description="Added by", ordering="added_by__username")
    def who(self, term: Term) -> str:
        return str(term.added_by or "-")

    @admin.display(description="Name")
    def name(self, term: Term) -> SafeString | str:
        try:
            return open_term(vault_of(term.project.key_id), term)
        except VaultRefused as refusal:
            return format_html('<span class="quiet">{}</span>', refusal.message)


def _opened(term: Term) -> str:
    try:
        return open_term(vault_of(term.project.key_id), term)
    except VaultRefused:
        return f"number {term.pk}"


def _show(request: HttpRequest, form: NamesForm, status: int = 200) -> HttpResponse:
    context = page_context(
        request,
        "Add names",
        form=form,
        list_url=reverse("admin:annotation_term_changelist"),
    )
    return TemplateResponse(request, "annotation/term_add.html", context, status=status)
